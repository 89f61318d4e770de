\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(17);
-- 64 clusters in 24 dimensions: queries differ in how hard they are.
SELECT setseed(0.5);
CREATE TABLE items (id int PRIMARY KEY, v vector(24));
INSERT INTO items SELECT i, (SELECT array_agg((sin(c * 7.3 + d * 1.7) + spread * (random() - 0.5))::real ORDER BY d) FROM generate_series(1, 24) d)::vector
  FROM (SELECT i, i % 64 AS c, CASE WHEN i % 64 < 40 THEN 0.4 ELSE 2.5 END AS spread FROM generate_series(1, 6000) i) s;
CREATE INDEX items_v ON items USING ivfflat (v vector_l2_ops) WITH (lists = 60);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
SELECT ruvector_enable_feature('learning', 'items');
CREATE TEMP TABLE tuned AS SELECT * FROM ruvector_auto_tune('items_v', 0.97, sample_queries := 600, apply := true);
SELECT is((SELECT count(*)::int FROM tuned WHERE recommended), 1);
SELECT ok((SELECT bool_and(effort <= 60) AND count(DISTINCT effort) = count(*) FROM tuned), 'efforts are probes, no more than lists');
SELECT cmp_ok((SELECT recall FROM tuned WHERE recommended), '>=', 0.97::float8);
SELECT cmp_ok((SELECT max(recall) FROM tuned), '>', 1 - 1e-9::float8, 'all lists find everything');
SELECT is((SELECT (effort, parameter)::text FROM ruvector_recommend_params('items')), '(' || (SELECT effort FROM tuned WHERE recommended) || ',ivfflat.probes)');
SELECT ok((SELECT metrics ? 'saving' FROM ruvector_learning_status('items')), 'queries are told apart as for hnsw');

-- a model steers the scans
CREATE FUNCTION probes(n int) RETURNS int LANGUAGE sql AS $$SELECT (ruvector_get_search_params('items_v', v)->>'effort')::int FROM items WHERE id = n$$;
UPDATE ruvector_search_model SET params = '{2,0,7,1,60,1,0.97,0,0}';
SELECT is(probes(1), 7, 'one effort for all queries');
SET LOCAL ivfflat.iterative_scan = off;
SET LOCAL ivfflat.probes = 2;
SELECT is(probes(1), 7, 'also beyond the configured probes');
SET LOCAL ruvector.ef_search_max = 5;
SELECT is(probes(1), 5, 'within the session''s bounds');
SET LOCAL ruvector.ef_search_max = 0;
SET LOCAL ruvector.ef_search_min = 9;
SELECT is(probes(1), 9);
SET LOCAL ruvector.ef_search_min = 0;
UPDATE ruvector_search_model SET params = '{2,0,500,1,500,1,0.97,0,0}';
SELECT is(probes(1), 60, 'and of the lists there are');
SELECT is((SELECT count(*)::int FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = 1)) s), 6000, 'all rows, each once');
SET LOCAL ruvector.learning = observe;
SELECT is(probes(1), 2, 'not where the session only observes');
RESET ruvector.learning;
RESET ivfflat.iterative_scan;
RESET ivfflat.probes;
-- Results do not depend on how the first lists and the rest are read.
UPDATE ruvector_search_model SET params = '{2,0,12,1,60,1,0.97,0,0}';
CREATE TEMP TABLE steered AS SELECT q.id AS q, array(SELECT i.id FROM items i ORDER BY i.v <-> q.v LIMIT 20) AS found FROM items q WHERE q.id % 200 = 1;
SET LOCAL ruvector.learning = off;
SET LOCAL ivfflat.probes = 12;
SELECT is((SELECT count(*)::int FROM steered s WHERE s.found <> array(SELECT i.id FROM items i ORDER BY i.v <-> (SELECT v FROM items WHERE id = s.q) LIMIT 20)), 0,
  'the same rows as with that many probes configured');
RESET ruvector.learning;
SELECT ruvector_learning_promote('items_v', 1);
SELECT cmp_ok((SELECT recall FROM ruvector_audit_recall('items_v', 300, query_source := 'SELECT v FROM items WHERE id % 20 = 7')), '>=', 0.95::float8);

-- drift
UPDATE ruvector_search_model SET params = '{2,0,1,1,60,1,0.97,0,0}';
UPDATE ruvector_learning_config SET recall_target = 0.999, monitor = NULL;
SELECT ok((SELECT alarm FROM ruvector_audit_recall('items_v', 300)), 'alarm within 300 audited queries');
SELECT is((SELECT (version, safe_effort, alarms)::text FROM ruvector_learning_status('items')), '(2,2,1)', 'and a safer version is in use');
SELECT * FROM finish();
ROLLBACK;
