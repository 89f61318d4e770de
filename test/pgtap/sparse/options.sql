-- Storage parameters of ruvector_sparse, approximate modes, figures of the last scan.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(35);
CREATE FUNCTION pg_temp.random_vector(seed int, n int) RETURNS sparsevec LANGUAGE sql AS $$
  SELECT ruvector_to_sparse(array_agg(i), array_agg(w::real), 500) FROM (SELECT 1 + (h % 500 * (h / 500 % 500) / 500)::int AS i,
    max(exp(1 + h / 250000 % 1000 / 250.0)::real * CASE WHEN h / 7 % 5 = 0 THEN -1 ELSE 1 END) AS w
    FROM (SELECT abs(hashint8(seed * 1000::bigint + n)) AS h FROM generate_series(1, n) n) x GROUP BY 1) y $$;
CREATE TABLE items AS SELECT i AS id, CASE WHEN i % 100 > 0 THEN pg_temp.random_vector(i, 5 + i % 60) END AS v FROM generate_series(1, 3000) i;
CREATE TABLE queries AS SELECT i AS q, pg_temp.random_vector(-i, 20) AS v FROM generate_series(1, 40) i;
-- The distances of the best k by the index and by the table, query by query.
CREATE FUNCTION pg_temp.best(q sparsevec, k int) RETURNS float8[] LANGUAGE sql AS $$
  SELECT array_agg(d) FROM (SELECT v <#> q AS d FROM items ORDER BY v <#> q LIMIT k) s $$;
SET LOCAL enable_indexscan = off;
CREATE TABLE truth AS SELECT q, v, pg_temp.best(v, 10) AS best, pg_temp.best(v, 4000) AS everything FROM queries;
RESET enable_indexscan;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
-- Share of the true ten that are found.
CREATE FUNCTION pg_temp.recall() RETURNS float8 LANGUAGE sql AS $$
  SELECT avg((SELECT count(*) FROM unnest(b.found) f WHERE f <= best[10]) / 10.0) FROM truth, LATERAL (SELECT pg_temp.best(v, 10) AS found) b $$;

SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (v) WITH (pruning = 0.95)', '22023');
SELECT throws_ok('CREATE INDEX ON items USING ruvector_sparse (v) WITH (pruning = -0.1)', '22023');
SELECT throws_ok($$CREATE INDEX ON items USING ruvector_sparse (v) WITH (quantization = 'u4')$$, '22023');
SELECT throws_ok($$CREATE INDEX ON queries USING ruvector_bm25 (v) WITH (pruning = 0.1)$$, '22023', 'unrecognized parameter "pruning"');

-- quantization: exact either way
CREATE INDEX items_u8 ON items USING ruvector_sparse (v);
SELECT is((SELECT count(*)::int FROM truth WHERE pg_temp.best(v, 10) IS DISTINCT FROM best), 0, 'u8: the true ten');
SELECT is(pg_temp.recall(), 1::float8, 'u8: recall');
SELECT is(ruvector_last_scan() ->> 'method', 'ruvector_sparse', 'the last scan is known');
SELECT is(ruvector_last_scan() ->> 'index', 'items_u8', 'and its index');
SELECT ok((ruvector_last_scan() ->> 'postings')::int > 100 AND (ruvector_last_scan() ->> 'pages')::int > 3
  AND (ruvector_last_scan() ->> 'reranked')::int BETWEEN 10 AND 200, 'and what it did: ' || ruvector_last_scan()::text);
CREATE TABLE u8_size AS SELECT pg_relation_size('items_u8') AS bytes, (ruvector_last_scan() ->> 'reranked')::int AS reranked;
DROP INDEX items_u8;
CREATE INDEX items_float ON items USING ruvector_sparse (v) WITH (quantization = 'float32');
SELECT is((SELECT count(*)::int FROM truth WHERE pg_temp.best(v, 10) IS DISTINCT FROM best), 0, 'float32: the true ten');
SELECT is((SELECT count(*)::int FROM truth WHERE q < 10 AND pg_temp.best(v, 4000) IS DISTINCT FROM everything), 0, 'float32: all rows');
SELECT ok((ruvector_last_scan() ->> 'returned')::int = 3000, 'all rows were handed out');
SELECT is(pg_temp.best((SELECT v FROM truth WHERE q = 40), 10), (SELECT best FROM truth WHERE q = 40), 'one more');
SELECT cmp_ok((ruvector_last_scan() ->> 'reranked')::int, '<=', (SELECT reranked FROM u8_size), 'float32 compares no more rows than u8');
SELECT ok(pg_relation_size('items_float') > (SELECT bytes FROM u8_size), 'and is larger');
INSERT INTO items SELECT 10000 + i, pg_temp.random_vector(i + 50000, 40) FROM generate_series(1, 900) i;
DELETE FROM items WHERE id > 10000;
SELECT is((SELECT count(*)::int FROM truth WHERE pg_temp.best(v, 10) IS DISTINCT FROM best), 0, 'float32: after insertions and deletions');
ALTER INDEX items_float SET (quantization = 'u8', pending_pages = 1);
INSERT INTO items SELECT 10000 + i, pg_temp.random_vector(i + 50000, 40) FROM generate_series(1, 900) i;
DELETE FROM items WHERE id > 10000;
SELECT is((SELECT count(*)::int FROM truth WHERE pg_temp.best(v, 10) IS DISTINCT FROM best), 0, 'changed by ALTER INDEX');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('items_float', true) WHERE severity = 'error'), 0, 'sound and complete');
SELECT is(ruvector_index_stats('items_float') -> 'pruned', 'false', 'not pruned');
DROP INDEX items_float;

-- pruning
CREATE INDEX items_pruned ON items USING ruvector_sparse (v) WITH (pruning = 0.2);
SELECT is(ruvector_index_stats('items_pruned') -> 'pruned', 'true', 'pruned');
SELECT ok(pg_relation_size('items_pruned') < (SELECT bytes FROM u8_size), 'a pruned index is smaller');
SELECT cmp_ok(pg_temp.recall(), '>=', 0.95::float8, 'and finds most');
SELECT is((SELECT count(*)::int FROM truth, unnest(pg_temp.best(v, 10)) WITH ORDINALITY b(d, n), LATERAL (SELECT pg_temp.best(v, 10) AS all_found) x
  WHERE n > 1 AND d < all_found[n - 1]), 0, 'true distances, in order');
SELECT is((SELECT count(*)::int FROM items, (SELECT v AS q FROM truth WHERE q = 3) s WHERE id IN (SELECT id FROM items ORDER BY v <#> s.q LIMIT 10)), 10, 'ten rows');
SELECT is((SELECT count(*)::int FROM (SELECT 1 FROM items ORDER BY v <#> (SELECT v FROM truth WHERE q = 4)) s), 3000, 'no row is lost');
SELECT ok((ruvector_last_scan() ->> 'ef')::int = 100 AND (ruvector_last_scan() ->> 'reranked')::int >= 2900, 'candidates are compared in batches: ' || ruvector_last_scan()::text);
SET LOCAL ruvector.sparse_candidates = 3000;
SELECT is((SELECT count(*)::int FROM truth WHERE pg_temp.best(v, 10) IS DISTINCT FROM best), 0, 'with every row as candidate it is exact');
RESET ruvector.sparse_candidates;
ALTER INDEX items_pruned RESET (pruning);
SELECT is(ruvector_index_stats('items_pruned') -> 'pruned', 'true', 'it stays pruned');
SELECT cmp_ok(pg_temp.recall(), '>=', 0.95::float8, 'and its scans approximate');
REINDEX INDEX items_pruned;
SELECT is(ruvector_index_stats('items_pruned') -> 'pruned', 'false', 'until REINDEX');
SELECT is(pg_temp.recall(), 1::float8, 'which makes it exact');
ALTER INDEX items_pruned SET (pruning = 0.3);
INSERT INTO items VALUES (20000, '{1:1000,2:1,3:1}/500');
SELECT is(ruvector_index_stats('items_pruned') -> 'pruned', 'true', 'an inserted vector is pruned too');
SELECT is((SELECT id FROM items ORDER BY v <#> '{1:1}/500' LIMIT 1), 20000, 'and found');
DELETE FROM items WHERE id = 20000;

-- query share
DROP INDEX items_pruned;
CREATE INDEX items_idx ON items USING ruvector_sparse (v);
SET LOCAL ruvector.sparse_query_share = 0.8;
SELECT cmp_ok(pg_temp.recall(), '>=', 0.95::float8, 'a share of the query finds most');
CREATE TABLE part_of AS SELECT (ruvector_last_scan() ->> 'postings')::int AS postings;
SET LOCAL ruvector.sparse_query_share = 1;
SELECT ok(pg_temp.recall() = 1 AND (ruvector_last_scan() ->> 'postings')::int > (SELECT postings FROM part_of), 'and adds up less');
SELECT * FROM finish();
ROLLBACK;
