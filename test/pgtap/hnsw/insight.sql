-- Checks, statistics, estimates, measured recall, advice, and what a scan did.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(40);
CREATE TABLE items (id int PRIMARY KEY, v vector(16));
SELECT setseed(0.5);
INSERT INTO items SELECT i, (SELECT array_agg(random() + c) FROM (SELECT c FROM generate_series(1, 16)) y)::real[]::vector FROM (SELECT i, i % 5 AS c FROM generate_series(1, 3000) i) x;
SELECT is(ruvector_last_scan(), NULL, 'no scan yet');
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 8);
ANALYZE items;

SELECT is((SELECT count(*) FROM ruvector_index_check('items_v', true) WHERE severity <> 'info'), 0::bigint, 'a new index has no problems');
SELECT is((ruvector_index_stats('items_v') ->> 'rows')::int, 3000, 'stats count the rows');
SELECT is((ruvector_index_stats('items_v') ->> 'm')::int, 8, 'stats tell m');
SELECT is(ruvector_index_stats('items_v') ->> 'quantization', 'rabitq', 'stats tell the quantization');
SELECT cmp_ok((ruvector_index_stats('items_v') ->> 'trained_rows')::int, '>', 1000, 'the codec was trained');
SELECT is(ruvector_prewarm('items_v'), pg_relation_size('items_v') / 8192, 'prewarm reads every page');

SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> '[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]' LIMIT 10) x), 10::bigint, 'a search');
SELECT is(ruvector_last_scan() ->> 'index', 'items_v', 'last scan: which index');
SELECT is((ruvector_last_scan() ->> 'ef')::int, 40, 'last scan: ef_search');
SELECT is((ruvector_last_scan() ->> 'returned')::int, 10, 'last scan: rows');
SELECT ok((ruvector_last_scan() ->> 'distances')::int BETWEEN 40 AND 1500, 'last scan: distances, far fewer than rows');
SELECT ok((ruvector_last_scan() ->> 'reranked')::int BETWEEN 10 AND 40, 'last scan: only the nearest rows were looked up');
RESET enable_seqscan;

SELECT cmp_ok((SELECT recall FROM ruvector_recall('items_v', 10, 20, 100)), '>=', 0.9::float8, 'measured recall');
SELECT is((SELECT queries FROM ruvector_recall('items_v', 5, 7)) BETWEEN 1 AND 7, true, 'as many queries as asked, at most');
SELECT is(current_setting('enable_seqscan') || current_setting('enable_indexscan') || current_setting('hnsw.ef_search'), 'onon40', 'settings are as they were');
SELECT is((SELECT count(*) FROM ruvector_advise('items_v', 0.9) WHERE recommended), 1::bigint, 'one setting is recommended');
SELECT matches((SELECT advice FROM ruvector_advise('items_v', 0.9) WHERE recommended), 'ALTER INDEX items_v SET|does not pay', 'advice says what to do');
SELECT throws_ok($$SELECT ruvector_recall('items_pkey')$$, '42809', '"items_pkey" is not an index over vectors', 'other indexes are refused');
SELECT throws_ok($$SELECT ruvector_recall('items_v', 0)$$, '22023', 'k must be between 1 and 1000, not 0', 'k is checked');
SELECT throws_ok($$SELECT * FROM ruvector_advise('items_v', 2)$$, '22023', 'target_recall must be above 0 and at most 1, not 2', 'the target is checked');

SELECT cmp_ok((ruvector_index_memory_estimate('items', 'v') ->> 'build_bytes')::float8, '>', 3000 * 100::float8, 'memory of a build');
SELECT ok((ruvector_index_memory_estimate('items', 'v', 'hnsw', '{"m": 8}') ->> 'index_bytes')::float8 BETWEEN 0.7 * pg_relation_size('items_v') AND 1.5 * pg_relation_size('items_v'), 'size of an index');
SELECT is((ruvector_index_memory_estimate('items', 'v', 'hnsw', '{"rows": 10000000, "dimensions": 768}') ->> 'fits')::boolean, false, 'ten million rows do not fit into the default memory');
SET maintenance_work_mem = '64MB';
SELECT cmp_ok((ruvector_index_memory_estimate('items', 'v', 'hnsw', '{"rows": 1000000, "dimensions": 768}') ->> 'parts')::int, '>', 20, 'a million rows in 64 MB are built in parts');
SELECT cmp_ok((ruvector_index_memory_estimate('items', 'v', 'hnsw', '{"rows": 1000000, "dimensions": 768}') ->> 'part_bytes')::float8, '<=', 64 * 1024 * 1024::float8, 'one of which fits');
SELECT is(ruvector_index_memory_estimate('items', 'v') -> 'parts', NULL, 'what fits has no parts');
RESET maintenance_work_mem;
SELECT throws_ok($$SELECT ruvector_index_memory_estimate('items', 'v', 'hnsw', '{"lists": 3}')$$, '22023', NULL, 'unknown options are refused');
SELECT throws_ok($$SELECT ruvector_index_memory_estimate('items', 'w')$$, '42703', 'column "w" does not exist', 'columns are checked');

SELECT is((SELECT count(*) FROM ruvector_search('items', 'v', '[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]', 5, 'id > 1000', 'l2') WHERE ("row" ->> 'id')::int > 1000 AND NOT "row" ? 'v'), 5::bigint, 'ruvector_search filters');
SELECT throws_ok($$SELECT ruvector_search('items', 'v', '[1]', 5, NULL, 'angle')$$, '22023', 'unknown metric "angle"', 'metrics are checked');
SELECT is((SELECT method FROM ruvector_index_activity WHERE index_name = 'items_v')::text, 'hnsw', 'the view of activity');

CREATE TABLE late (v vector(16));
CREATE INDEX late_v ON late USING hnsw (v vector_l2_ops);
INSERT INTO late SELECT v FROM items;
SELECT is((SELECT count(*) FROM ruvector_advise('late_v', 0.5) WHERE advice LIKE 'REINDEX%'), 1::bigint, 'an index made on an empty table should be rebuilt');
-- Estimates without error bounds: the rows of a batch leave before another one is asked for.
ALTER TABLE items ADD s sparsevec(1000), ADD b bit(64);
UPDATE items SET s = (SELECT '{' || string_agg(k || ':' || 1 + (id * k) % 7, ',') || '}/1000' FROM (SELECT DISTINCT 1 + (id * j * 37) % 1000 AS k FROM generate_series(1, 12) j) x)::sparsevec,
                 b = (SELECT string_agg(((id * j * 7919 / 64) % 2)::text, '') FROM generate_series(1, 64) j)::bit(64);
CREATE INDEX items_s ON items USING hnsw (s sparsevec_l2_ops);
CREATE INDEX items_b ON items USING hnsw (b bit_jaccard_ops);
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY s <-> '{1:1,38:2,75:3}/1000' LIMIT 10) x), 10::bigint, 'a search of sparse vectors');
SELECT is(ruvector_last_scan() ->> 'index' || ' ' || (ruvector_last_scan() ->> 'batches'), 'items_s 1', 'takes one batch');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY b <%> (SELECT b FROM items WHERE id = 7) LIMIT 10) x), 10::bigint, 'a search of bits by Jaccard');
SELECT is(ruvector_last_scan() ->> 'index' || ' ' || (ruvector_last_scan() ->> 'batches'), 'items_b 1', 'takes one batch');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> (SELECT NULL::vector) LIMIT 10) x), 10::bigint, 'a search for nothing');
SELECT is(ruvector_last_scan() ->> 'index' || ' ' || (ruvector_last_scan() ->> 'batches'), 'items_v 1', 'takes one batch');
RESET enable_seqscan;

CREATE ROLE nobody_in_particular;
SET LOCAL ROLE nobody_in_particular;
SELECT throws_ok($$SELECT ruvector_index_stats('items_v')$$, '42501', 'permission denied for table items', 'reading the table is needed');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
