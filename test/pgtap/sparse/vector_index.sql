-- ruvector_sparse: an index scan gives what a sequential scan gives, always.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(46);
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP plan := plan || line || E'\n'; END LOOP; RETURN plan; END $$;
-- The distances of a query through the index and through the table.
CREATE FUNCTION pg_temp.both_ways(q text, OUT by_index text, OUT by_table text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
  IF pg_temp.plan_of(q) !~ 'Index Scan using \w+_idx' THEN RAISE EXCEPTION 'no index scan: %', pg_temp.plan_of(q); END IF;
  EXECUTE 'SELECT string_agg(coalesce(d::text, ''NULL''), '','') FROM (' || q || ') s' INTO by_index;
  PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
  EXECUTE 'SELECT string_agg(coalesce(d::text, ''NULL''), '','') FROM (' || q || ') s' INTO by_table;
  PERFORM set_config('enable_indexscan', 'on', true);
END $$;
CREATE FUNCTION pg_temp.random_vector(seed int, nnz int, negative bool) RETURNS sparsevec LANGUAGE sql AS $$
  SELECT ruvector_to_sparse(coalesce(array_agg(i), '{}'), coalesce(array_agg(CASE WHEN negative AND h % 3 = 0 THEN -1 ELSE 1 END * (1 + h % 1000) / 400.0), '{}')::real[], 500)
  FROM (SELECT DISTINCT ON (i) i, h FROM (SELECT 1 + (abs(hashint8(seed::bigint * 1000 + n)) % 500 * (abs(hashint8(n + seed * 77::bigint)) % 500)) / 500 AS i,
    abs(hashint8(seed + n * 7919::bigint)) AS h FROM generate_series(1, nnz) n) x ORDER BY i, h) y $$;
-- Compares many queries; NULL when all agree.
CREATE FUNCTION pg_temp.disagreement(op text, tail text, queries int, negative bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; q text;
BEGIN
  FOR i IN 1..queries LOOP
    q := format('SELECT v %s %L AS d FROM items %s', op, pg_temp.random_vector(-i, i % 12, negative), tail);
    q := replace(q, 'ORDER', format('ORDER BY v %s %L', op, pg_temp.random_vector(-i, i % 12, negative)));
    SELECT * INTO r FROM pg_temp.both_ways(q);
    IF r.by_index IS DISTINCT FROM r.by_table THEN RETURN format(E'%s\nindex: %s\ntable: %s', q, left(r.by_index, 300), left(r.by_table, 300)); END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TABLE items (id int, v sparsevec(500), tag int);
INSERT INTO items SELECT i, CASE WHEN i % 97 = 0 THEN NULL ELSE pg_temp.random_vector(i, i % 40, i % 2 = 0) END, i % 10 FROM generate_series(1, 1500) i;
INSERT INTO items VALUES (2000, '{1:3e38,2:1}/500', 1), (2001, '{1:1e-38}/500', 2), (2002, '{}/500', 3), (2003, '{3:-1}/500', 4);
CREATE INDEX items_ip_idx ON items USING ruvector_sparse (v) WITH (pending_pages = 2);
ANALYZE items;
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 10', 40, true), NULL, 'top 10 by inner product');
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 10', 40, false), NULL, 'queries without negative weights');
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 300', 12, true), NULL, 'more than the first batch');
SELECT is(pg_temp.disagreement('<#>', 'ORDER', 12, true), NULL, 'all rows: no overlap, NULLs, huge and tiny weights included');
SELECT is(pg_temp.disagreement('<#>', 'WHERE tag = 3 ORDER LIMIT 20', 12, true), NULL, 'with a filter');
SELECT is(pg_temp.disagreement('<#>', 'WHERE id < 0 ORDER', 2, true), NULL, 'with a filter that nothing passes');
SELECT is(pg_temp.disagreement('<#>', 'ORDER OFFSET 5 LIMIT 5', 5, true), NULL, 'with an offset');
SELECT results_eq($$SELECT count(*)::int FROM (SELECT 1 FROM items ORDER BY v <#> NULL::sparsevec) s$$, ARRAY[1504], 'a NULL query orders nothing and loses nothing');
SELECT ok(pg_temp.plan_of($$SELECT id FROM items ORDER BY v <#> '{1:1}/500' LIMIT 5$$) ~ 'Index Scan using items_ip_idx', 'the planner likes it');
SELECT ok(pg_temp.plan_of($$SELECT id FROM items ORDER BY v <#> '{1:1}/500' DESC LIMIT 5$$) !~ 'items_ip_idx', 'but not for the other direction');
SELECT ok(pg_temp.plan_of($$SELECT id FROM items ORDER BY v <=> '{1:1}/500' LIMIT 5$$) !~ 'items_ip_idx', 'nor for another operator');
SELECT ok(pg_temp.plan_of($$SELECT count(v) FROM items$$) !~ 'items_ip_idx', 'nor without an order');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*)::int FROM items), 1504, 'nor when scans of the table are disabled');
RESET enable_seqscan;
SELECT throws_ok($$SELECT id FROM items ORDER BY v <#> '{1:1}/400' LIMIT 5$$, '22000', 'different sparsevec dimensions 500 and 400');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('items_ip_idx') WHERE severity = 'error'), 0, 'check after the build');

-- insertion into the pending list, segments, merges
INSERT INTO items SELECT i, pg_temp.random_vector(i, i % 40, i % 2 = 0), i % 10 FROM generate_series(3000, 4500) i;
INSERT INTO items VALUES (5000, (SELECT ruvector_to_sparse(array_agg(i), array_agg(1), 500) FROM generate_series(1, 500) i), 0);
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 10', 20, true), NULL, 'after insertions');
SELECT is(pg_temp.disagreement('<#>', 'ORDER', 5, true), NULL, 'after insertions, all rows');
UPDATE items SET v = pg_temp.random_vector(id + 10000, 30, false) WHERE id % 5 = 0;
DELETE FROM items WHERE id % 7 = 0;
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 25', 20, true), NULL, 'after updates and deletions');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('items_ip_idx') WHERE severity = 'error'), 0, 'check after changes');
SAVEPOINT a;
INSERT INTO items SELECT i, pg_temp.random_vector(i, 20, false), 1 FROM generate_series(6000, 6100) i;
ROLLBACK TO a;
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 25', 10, true), NULL, 'after a rollback');
REINDEX INDEX items_ip_idx;
SELECT is(pg_temp.disagreement('<#>', 'ORDER LIMIT 25', 10, true), NULL, 'after REINDEX');

-- a cursor keeps its place; a join scans again and again
DECLARE c CURSOR FOR SELECT id FROM items ORDER BY v <#> '{1:1,2:2,3:1}/500';
CREATE TEMP TABLE fetched AS SELECT 1 AS x;
SELECT lives_ok('FETCH 5 FROM c', 'cursor');
INSERT INTO items SELECT i, pg_temp.random_vector(i, 20, false), 1 FROM generate_series(7000, 7300) i;
SELECT lives_ok('FETCH 500 FROM c', 'cursor after insertions');
SELECT lives_ok('MOVE ALL FROM c', 'cursor to the end');
CLOSE c;
SET LOCAL enable_seqscan = off;
CREATE TEMP TABLE by_index AS SELECT a.id, array_agg(b.d ORDER BY b.d) AS ds FROM items a, LATERAL (SELECT b.v <#> a.v AS d FROM items b ORDER BY b.v <#> a.v LIMIT 5) b WHERE a.id < 60 GROUP BY a.id;
RESET enable_seqscan;
SET LOCAL enable_indexscan = off;
SELECT is((SELECT count(*)::int FROM by_index), (SELECT count(DISTINCT a.id)::int FROM items a, LATERAL (SELECT b.v <#> a.v AS d FROM items b ORDER BY b.v <#> a.v LIMIT 5) b JOIN by_index i ON true
  WHERE a.id < 60 AND i.id = a.id AND i.ds = (SELECT array_agg(d ORDER BY d) FROM (SELECT b.v <#> a.v AS d FROM items b ORDER BY b.v <#> a.v LIMIT 5) x)), 'lateral join');
RESET enable_indexscan;

-- cosine
DROP INDEX items_ip_idx;
CREATE INDEX items_cosine_idx ON items USING ruvector_sparse (v sparsevec_cosine_ops) WITH (pending_pages = 1);
SELECT is(pg_temp.disagreement('<=>', 'ORDER LIMIT 10', 40, true), NULL, 'top 10 by cosine');
SELECT is(pg_temp.disagreement('<=>', 'ORDER', 12, true), NULL, 'all rows by cosine: NaN behind numbers, NULL last');
INSERT INTO items SELECT i, pg_temp.random_vector(i, i % 40, true), i % 10 FROM generate_series(8000, 8500) i;
SELECT is(pg_temp.disagreement('<=>', 'ORDER LIMIT 100', 20, true), NULL, 'by cosine after insertions');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('items_cosine_idx') WHERE severity = 'error'), 0, 'check of the cosine index');

-- approximate mode
SET LOCAL enable_seqscan = off;
SET LOCAL ruvector.sparse_query_share = 0.7;
SET LOCAL ruvector.sparse_candidates = 50;
SELECT ok(count(*) = 10 AND bool_and(d >= lag), 'approximate mode: right distances in order') FROM (
  SELECT d, lag(d, 1, d) OVER () AS lag FROM (SELECT v <=> pg_temp.random_vector(-5, 30, false) AS d FROM items ORDER BY v <=> pg_temp.random_vector(-5, 30, false) LIMIT 10) s) t;
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <=> '{1:1}/500') s), (SELECT count(*) FROM items), 'approximate mode loses no row');
SET LOCAL ruvector.sparse_query_share = 1;
RESET enable_seqscan;
SELECT throws_ok('SET ruvector.sparse_query_share = 0', '22023');
SELECT throws_ok('SET ruvector.sparse_query_share = 1.5', '22023');
SELECT throws_ok('SET ruvector.sparse_candidates = 0', '22023');

-- options, kinds of tables and indexes
SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (v) WITH (pending_pages = 0)', '22023');
SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (v) WITH (lists = 5)', '22023');
SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (id)', '42704');
SELECT throws_ok('CREATE UNIQUE INDEX ON items USING ruvector_sparse (v)', '0A000');
SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (v, v)', '0A000');
CREATE INDEX part_idx ON items USING ruvector_sparse (v) WHERE tag = 3;
SELECT ok(pg_temp.plan_of($$SELECT id FROM items WHERE tag = 3 ORDER BY v <#> '{1:1}/500' LIMIT 5$$) ~ 'part_idx', 'a partial index');
SELECT is(pg_temp.disagreement('<#>', 'WHERE tag = 3 ORDER LIMIT 10', 10, true), NULL, 'answers through a partial index');
CREATE INDEX expr_idx ON items USING ruvector_sparse (ruvector_sparse_top_k(v, 5));
SELECT ok(pg_temp.plan_of($$SELECT id FROM items ORDER BY ruvector_sparse_top_k(v, 5) <#> '{1:1}/500' LIMIT 5$$) ~ 'expr_idx', 'an expression index');
CREATE UNLOGGED TABLE u (v sparsevec);
CREATE INDEX u_idx ON u USING ruvector_sparse (v);
INSERT INTO u VALUES ('{1:1}/3'), ('{2:2}/3');
SELECT results_eq($$SELECT v::text FROM u ORDER BY v <#> '{2:1}/3' LIMIT 1$$, ARRAY['{2:2}/3'], 'unlogged table');
CREATE TEMP TABLE tt (v sparsevec);
CREATE INDEX tt_idx ON tt USING ruvector_sparse (v);
INSERT INTO tt VALUES ('{1:1}/3'), ('{2:2}/3');
SELECT results_eq($$SELECT v::text FROM tt ORDER BY v <#> '{2:1}/3' LIMIT 1$$, ARRAY['{2:2}/3'], 'temporary table');
-- more non-zeros than one page holds
CREATE TABLE wide (id int, v sparsevec);
CREATE INDEX wide_idx ON wide USING ruvector_sparse (v);
INSERT INTO wide SELECT n, ruvector_to_sparse(array_agg(i), array_agg(1 + i % n), 20000) FROM generate_series(1, 3) n, generate_series(1, 16000) i GROUP BY n;
INSERT INTO wide VALUES (9, '{16001:5}/20000');
SET LOCAL enable_seqscan = off;
SELECT results_eq($$SELECT id FROM wide ORDER BY v <#> '{3:1,16001:0.1}/20000' LIMIT 1$$, ARRAY[2], 'vectors of 16,000 entries');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('wide_idx')), 0, 'and their index is sound');
SELECT * FROM finish();
ROLLBACK;
