-- What a backend remembers of an index's file, when the file changes under the same name.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE EXTENSION IF NOT EXISTS ruvector_test;
SELECT plan(4);
SET LOCAL enable_seqscan = off;

-- TRUNCATE of a table that this transaction created keeps the files, and builds the index into them.
CREATE TABLE items (id int, v vector(8));
INSERT INTO items SELECT i, ARRAY[i, i % 7, i % 5, 1, 2, 3, 4, 5]::real[]::vector FROM generate_series(1, 300) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (bits = 4);
SELECT is((SELECT id FROM items ORDER BY v <-> '[17,3,2,1,2,3,4,5]' LIMIT 1), 17, 'the index answers');
ALTER INDEX items_v SET (bits = 8);
TRUNCATE items;
SELECT lives_ok($$INSERT INTO items SELECT i, ARRAY[i, i % 7, i % 5, 1, 2, 3, 4, 5]::real[]::vector FROM generate_series(1, 300) i$$,
  'rows go into the rebuilt index, with its own codec');
SELECT is((SELECT id FROM items ORDER BY v <-> '[17,3,2,1,2,3,4,5]' LIMIT 1), 17, 'and are found');

-- A page that was recycled is recognised by its kind, also by who has seen it before.
SELECT throws_ok($$SELECT rv_pin_recycled_page('items_v')$$, 'XX002', NULL, 'a recycled page is noticed');
SELECT * FROM finish();
ROLLBACK;
