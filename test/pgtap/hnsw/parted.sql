-- A build that does not fit into maintenance_work_mem goes on in parts.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
BEGIN;
SELECT plan(6);
CREATE TABLE points (id int PRIMARY KEY, v vector(16));
SELECT setseed(0.5);
INSERT INTO points SELECT i, (SELECT array_agg(sin(i % 30 * j) + 1.5 * random()) FROM generate_series(1, 16) j)::vector
  FROM generate_series(1, 12000) i;
-- Equal vectors, rows without one.
INSERT INTO points SELECT 20000 + id, v FROM points WHERE id <= 500;
INSERT INTO points SELECT 30000 + i, NULL FROM generate_series(1, 10) i;
ANALYZE points;
SET LOCAL maintenance_work_mem = '1MB';
CREATE INDEX points_v ON points USING hnsw (v vector_l2_ops);
SELECT ok((ruvector_index_memory_estimate('points', 'v') ->> 'build_bytes')::bigint > 4 * 1024 * 1024, 'the graph is larger than the memory');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('points_v', true) WHERE severity = 'error'), 0, 'and is sound, with every row');
SELECT cmp_ok((SELECT recall FROM ruvector_recall('points_v', 10, 50)), '>=', 0.95::float8, 'and finds what is near');
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
SELECT is((SELECT count(*)::int FROM (SELECT id FROM points ORDER BY v <-> (SELECT v FROM points WHERE id = 7) OFFSET 0) s), 12500,
  'a scan to the end returns every row');
INSERT INTO points SELECT 40000 + id, v FROM points WHERE id <= 200;
DELETE FROM points WHERE id <= 200;
SELECT is((SELECT min(id) FROM (SELECT id FROM points ORDER BY v <-> (SELECT v FROM points WHERE id = 20007) LIMIT 2) s), 20007, 'inserts and deletes go on');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('points_v', true) WHERE severity = 'error'), 0, 'still sound');
SELECT * FROM finish();
ROLLBACK;
