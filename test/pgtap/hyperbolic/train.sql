\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(27);
-- a binary tree of 63 nodes, its transitive closure
CREATE TABLE closure AS WITH RECURSIVE up AS (
  SELECT i AS child, i / 2 AS parent FROM generate_series(2, 63) i
  UNION SELECT child, parent / 2 FROM up WHERE parent >= 2) SELECT child, parent FROM up;
CREATE TABLE tree AS SELECT node::int AS id, embedding FROM ruvector_train_poincare('SELECT child, parent FROM closure', 5,
  '{"epochs": 200, "learning_rate": 0.2, "negatives": 10, "seed": 3}');
SELECT is((SELECT count(*) FROM tree), 63::bigint, 'every node has a point');
SELECT ok((SELECT max(vector_norm(embedding)) < 1 FROM tree), 'inside the ball');
SELECT ok((SELECT map > 0.9 AND mean_rank < 2 FROM ruvector_poincare_evaluate('SELECT child, parent FROM closure', 'SELECT id, embedding FROM tree')), 'the tree is recovered');
SELECT is((SELECT id FROM tree ORDER BY vector_norm(embedding) LIMIT 1), 1, 'the root is innermost');
SELECT ok((SELECT avg(vector_norm(embedding)) FILTER (WHERE id >= 32) > avg(vector_norm(embedding)) FILTER (WHERE id < 8) FROM tree), 'leaves lie further out');
SELECT ok((SELECT count(*) >= 4 FROM (SELECT c.id FROM tree c, tree x WHERE x.id = 45 AND c.id <> 45
  ORDER BY ruvector_is_a_score(x.embedding, c.embedding) DESC LIMIT 5) s WHERE id IN (22, 11, 5, 2, 1)), 'ancestors by score');
-- deterministic for a seed and any number of threads
CREATE TABLE again AS SELECT node::int AS id, embedding FROM ruvector_train_poincare('SELECT child, parent FROM closure', 5,
  '{"epochs": 200, "learning_rate": 0.2, "negatives": 10, "seed": 3}');
SELECT is((SELECT count(*) FROM tree JOIN again USING (id, embedding)), 63::bigint, 'the same seed gives the same');
CREATE TABLE one AS SELECT * FROM ruvector_train_poincare('SELECT child, parent FROM closure', 20, '{"epochs": 3, "negatives": 200, "batch": 128}');
SET LOCAL ruvector.threads = 1;
SELECT is((SELECT count(*) FROM one JOIN ruvector_train_poincare('SELECT child, parent FROM closure', 20, '{"epochs": 3, "negatives": 200, "batch": 128}') t USING (node, embedding)), 63::bigint, 'so does another number of threads');
RESET ruvector.threads;
SELECT is((SELECT count(*) FROM ruvector_poincare_embed('closure', 3, epochs => 2)), 63::bigint, 'from a table');
SELECT is((SELECT count(*) FROM ruvector_train_poincare($$VALUES ('a b', 'c'), ('c', 'c'), ('a b', 'c')$$, 2, '{"epochs": 5}')), 2::bigint, 'names are any text');
-- errors
SELECT throws_ok($$select ruvector_train_poincare('select 1', 3)$$, '22023', 'edge query must return 2 columns, not 1');
SELECT throws_ok($$select ruvector_train_poincare('select 1, 2 where false', 3)$$, '22023', 'edge query returns no rows');
SELECT throws_ok($$select ruvector_train_poincare('select 1, 1', 3)$$, '22023', 'there are no edges between different nodes');
SELECT throws_ok($$select ruvector_train_poincare('select 1, null::int', 3)$$, '22004', 'column "int4" must not be null');
SELECT throws_ok($$select ruvector_train_poincare('select 1, 2', 0)$$, '22023', 'number of dimensions must be between 1 and 16000, not 0');
SELECT throws_ok($$select ruvector_train_poincare('select 1, 2', 3, '{"epoch": 3}')$$, '22023');
SELECT throws_ok($$select ruvector_train_poincare('insert into tree values (1) returning 1, 2', 3)$$, NULL, 'nothing is written');
SELECT throws_ok($$select ruvector_poincare_evaluate('select child, parent from closure', 'select id, embedding from tree where id > 1')$$, '22023', 'node "1" has no embedding');
SELECT throws_ok($$select ruvector_poincare_evaluate('select 1, 2', 'select 1, ''[0]''::vector union all select 1, ''[0.5]''')$$, '23505', 'embedding query returns node "1" twice');
-- memory
SET LOCAL maintenance_work_mem = '1MB';
SELECT throws_ok($$select ruvector_train_poincare('select i, i / 2 from generate_series(1, 100000) i', 10)$$, '53200');
RESET maintenance_work_mem;
-- another model, and evaluation from tables
SELECT is((SELECT max(abs(ruvector_poincare_distance(p.embedding, q.embedding) - ruvector_lorentz_distance(lp.embedding, lq.embedding)))::numeric(6, 4) FROM
  ruvector_poincare_embed('closure', 3, epochs => 5) p JOIN ruvector_poincare_embed('closure', 3, epochs => 5, model => 'lorentz') lp USING (node),
  ruvector_poincare_embed('closure', 3, epochs => 5) q JOIN ruvector_poincare_embed('closure', 3, epochs => 5, model => 'lorentz') lq USING (node)), 0.0000, 'the same points on the hyperboloid');
SELECT throws_ok($$select ruvector_poincare_embed('closure', 3, model => 'klein')$$, '22023', 'unknown model "klein"');
SELECT results_eq($$SELECT * FROM ruvector_poincare_evaluate(edges => 'closure', nodes => 'tree', node_column => 'id')$$,
  $$SELECT * FROM ruvector_poincare_evaluate('SELECT child, parent FROM closure', 'SELECT id, embedding FROM tree')$$, 'evaluation from tables');
SELECT throws_ok($$SELECT ruvector_poincare_evaluate('closure'::regclass, 'tree'::regclass, 'nope', 'id')$$, '42703');
-- a cancel ends it soon
CREATE TEMP TABLE run AS SELECT 'training' AS what, $q$SELECT ruvector_train_poincare('SELECT child, parent FROM closure', 10, '{"epochs": 1000000}')$q$ AS q
  UNION ALL SELECT 'evaluation', $q$SELECT ruvector_poincare_evaluate('SELECT i, i / 2 FROM generate_series(1, 40000) i', 'SELECT i, array[sin(i) / 2, cos(i) / 2]::vector FROM generate_series(0, 40000) i')$q$;
\ir ../cancel_times.psql
SELECT * FROM finish();
ROLLBACK;
