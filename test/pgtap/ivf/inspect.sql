-- ivfflat through ruvector_index_check() and its kin.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT setseed(0.4);
CREATE TABLE items AS SELECT i AS id, (SELECT array_agg(random()) FROM generate_series(1, 24) WHERE i = i)::vector(24) AS v FROM generate_series(1, 2000) i;
CREATE INDEX idx ON items USING ivfflat (v vector_cosine_ops) WITH (lists = 25);
DELETE FROM items WHERE id % 4 = 0;
INSERT INTO items SELECT id + 10000, v FROM items WHERE id <= 300;
ANALYZE items;
SELECT plan(11);
SELECT is((SELECT count(*) FROM ruvector_index_check('idx', true)), 0::bigint, 'a sound index: nothing to report');
SELECT is(ruvector_index_stats('idx') ->> 'method', 'ivfflat', 'stats: method');
SELECT is((ruvector_index_stats('idx') ->> 'lists')::int, 25, 'stats: lists');
SELECT is((ruvector_index_stats('idx') ->> 'built_rows')::int, 2000, 'stats: rows of the build');
SELECT is((ruvector_index_stats('idx') ->> 'rows')::int, 2000 + 225, 'stats: entries, those of dead rows too');
SELECT is(ruvector_index_stats('idx') ->> 'quantization', 'rabitq', 'stats: quantization');
SELECT cmp_ok((ruvector_index_memory_estimate('items', 'v', 'ivfflat') ->> 'index_bytes')::float8, '>', 100000::float8, 'the size is estimated');
SELECT cmp_ok((ruvector_index_memory_estimate('items', 'v', 'ivfflat', '{"quantization": "sq8"}') ->> 'index_bytes')::float8, '<', (ruvector_index_memory_estimate('items', 'v', 'ivfflat', '{"quantization": "none"}') ->> 'index_bytes')::float8, 'it depends on the quantization');
SELECT is((SELECT recall FROM ruvector_recall('idx', 5, 10, 25)), 1.0::float8, 'all lists: all neighbours');
SELECT cmp_ok((SELECT recall FROM ruvector_recall('idx', 5, 10)), '>', 0.8::float8, 'recall with the lists chosen');
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <=> (SELECT v FROM items LIMIT 1) LIMIT 5) s \g /dev/null
SELECT is(ruvector_last_scan() ->> 'method', 'ivfflat', 'the last scan');
SELECT * FROM finish();
ROLLBACK;
