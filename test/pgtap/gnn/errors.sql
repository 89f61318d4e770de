-- Every wrong input is told by SQLSTATE and names what is wrong.
\set QUIET 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT plan(41);
CREATE TABLE n (id int, embedding vector, r real[], t text, label text, split text);
INSERT INTO n SELECT i, ARRAY[i, 1]::vector, ARRAY[i, 1], 'x', 'a', 'train' FROM generate_series(1, 5) i;
CREATE TABLE e (src_id int, dst_id int, w real, other text);
INSERT INTO e SELECT i, i % 5 + 1, 1, 'x' FROM generate_series(1, 5) i;
SELECT ruvector_gnn_create('m', '[{"type": "gcn", "out": 2}]', 2);

CREATE FUNCTION pg_temp.broken(change text, state text, message text, how text DEFAULT $$SELECT ruvector_message_pass('n', 'e')$$) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; got text; said text;
BEGIN
  BEGIN
    EXECUTE change;
    EXECUTE how;
    RAISE EXCEPTION 'nothing was raised' USING ERRCODE = 'P0099';
  EXCEPTION WHEN OTHERS THEN
    got := SQLSTATE; said := SQLERRM;
  END;
  RETURN ok(got = state AND said ~ message, message || CASE WHEN got = state AND said ~ message THEN '' ELSE ' got ' || got || ' ' || said END);
END $$;

-- tables
SELECT pg_temp.broken('INSERT INTO e VALUES (9, 1)', '22000', 'column "src_id" of public.e refers to node 9, which is not in public.n');
SELECT pg_temp.broken('INSERT INTO e VALUES (1, 8)', '22000', 'refers to node 8');
SELECT pg_temp.broken('INSERT INTO e VALUES (1, 9)', '22000', 'refers to node 9|which is not', $$SELECT ruvector_message_pass('n', 'e', ARRAY[1])$$);
SELECT pg_temp.broken('INSERT INTO e VALUES (NULL, 1)', '22004', '"src_id" of public.e must not be NULL');
SELECT pg_temp.broken('INSERT INTO n VALUES (3, ''[1,1]'')', '23505', 'node 3 appears more than once');
SELECT pg_temp.broken('INSERT INTO n VALUES (NULL, ''[1,1]'')', '22004', '"id" of public.n must not be NULL');
SELECT pg_temp.broken('INSERT INTO n VALUES (7, ''[1,1,1]'')', '22000', 'node 7 has 3 dimensions, that of others has 2');
SELECT pg_temp.broken('INSERT INTO n VALUES (7, NULL)', '22004', 'feature "embedding" of node 7 is NULL');
SELECT pg_temp.broken('INSERT INTO n VALUES (7, NULL, ''{1,NaN}'')', '22000', 'node 7 contains NaN or infinity', $$SELECT ruvector_message_pass('n', 'e', 'r')$$);
SELECT pg_temp.broken('INSERT INTO n VALUES (7, NULL, ''{1,-Infinity}'')', '22000', 'node 7 contains NaN or infinity', $$SELECT ruvector_message_pass('n', 'e', 'r')$$);
SELECT pg_temp.broken('INSERT INTO n VALUES (7, NULL, ''{1,NULL}'')', '22004', 'must not contain nulls', $$SELECT ruvector_message_pass('n', 'e', 'r')$$);
SELECT pg_temp.broken('UPDATE e SET w = ''NaN'' WHERE src_id = 2', '22000', 'weights of public.e must be finite', $$SELECT ruvector_message_pass('n', 'e', weight_column => 'w')$$);
SELECT pg_temp.broken('UPDATE e SET w = -1 WHERE src_id = 2', '22000', 'must be finite and not negative', $$SELECT ruvector_message_pass('n', 'e', weight_column => 'w')$$);
SELECT pg_temp.broken('SELECT 1', '42703', 'column "nope" of public.n does not exist', $$SELECT ruvector_message_pass('n', 'e', 'nope')$$);
SELECT pg_temp.broken('SELECT 1', '42703', 'column "a" of public.e does not exist', $$SELECT ruvector_message_pass('n', 'e', source_column => 'a')$$);
SELECT pg_temp.broken('SELECT 1', '42804', 'features must be vector', $$SELECT ruvector_message_pass('n', 'e', 't')$$);
SELECT pg_temp.broken('SELECT 1', '42804', '"other" of public.e is of type text, node ids are integer', $$SELECT ruvector_message_pass('n', 'e', source_column => 'other')$$);
SELECT pg_temp.broken('SELECT 1', '42804', 'node ids are of type integer, the call expects uuid', $$SELECT ruvector_message_pass('n', 'e', NULL::uuid[])$$);
SELECT pg_temp.broken('SELECT 1', '42704', 'node 77 is not in public.n', $$SELECT ruvector_message_pass('n', 'e', ARRAY[77])$$);
SELECT pg_temp.broken('SELECT 1', '22004', 'node_ids must not contain NULL', $$SELECT ruvector_message_pass('n', 'e', ARRAY[1, NULL])$$);
SELECT pg_temp.broken('SELECT 1', '22004', 'nodes must not be NULL', $$SELECT ruvector_message_pass(NULL, 'e')$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'num_hops must be between 1 and 100, not 0', $$SELECT ruvector_message_pass('n', 'e', num_hops => 0)$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'unknown aggregator "median"', $$SELECT ruvector_message_pass('n', 'e', aggregator => 'median')$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'has weights: it needs a layer', $$SELECT ruvector_message_pass('n', 'e', aggregator => 'set2set')$$);
-- names that need quoting are quoted
SELECT pg_temp.broken($$CREATE TABLE "odd; name" AS SELECT id AS "Id""x", embedding AS "f f" FROM n$$, 'P0099', 'nothing was raised', $$SELECT ruvector_message_pass('"odd; name"', 'e', 'f f', id_column => 'Id"x')$$);

-- models
SELECT pg_temp.broken('SELECT 1', '42704', 'model "nope" does not exist', $$SELECT ruvector_gnn_embed('nope', 'n', 'e')$$);
SELECT pg_temp.broken('SELECT 1', '42704', 'has no version 9', $$SELECT ruvector_gnn_embed('m', 'n', 'e', version => 9)$$);
SELECT pg_temp.broken('SELECT 1', '42710', 'model "m" already exists', $$SELECT ruvector_gnn_create('m', '[{"type": "gcn", "out": 2}]', 2)$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'layer 1: unknown attribute "outt"', $$SELECT ruvector_gnn_create('k', '[{"type": "gcn", "outt": 2}]', 2)$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'unknown layer type "foo"', $$SELECT ruvector_gnn_create('k', '[{"type": "foo", "out": 2}]', 2)$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'layer 2: "dropout" must be a number between 0 and 0.99, not 1', $$SELECT ruvector_gnn_create('k', '[{"type": "gcn", "out": 2}, {"type": "gcn", "out": 2, "dropout": 1}]', 2)$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'layers must be a JSON array', $$SELECT ruvector_gnn_create('k', '{}', 2)$$);
SELECT pg_temp.broken('SELECT ruvector_gnn_create(''k'', ''[{"type": "gcn", "out": 2}]'', 3)', '22000', 'has 2 dimensions, model "k" needs 3', $$SELECT ruvector_gnn_embed('k', 'n', 'e')$$);
SELECT pg_temp.broken('SELECT 1', '55000', 'model "m" version 0 has no classes', $$SELECT ruvector_gnn_classify('m', 'n', 'e')$$);
SELECT pg_temp.broken('SELECT 1', '22004', 'label must not be NULL', $$SELECT ruvector_gnn_train('m', 'n', 'e')$$);
SELECT pg_temp.broken('UPDATE n SET split = ''maybe''', '22000', 'column "split" says "maybe"', $$SELECT ruvector_gnn_train('m', 'n', 'e', label => 'label', split => 'split')$$);
SELECT pg_temp.broken('UPDATE n SET label = id', '22000', 'has 5 classes, model "m" has 2 outputs', $$SELECT ruvector_gnn_train('m', 'n', 'e', label => 'label')$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'fanout has 2 elements, model "m" looks 1 hops far', $$SELECT ruvector_gnn_train('m', 'n', 'e', label => 'label', batch_size => 2, fanout => ARRAY[1, 1])$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'edge 1 refers to node 3, x has nodes 1 to 2', $$SELECT ruvector_gnn_layer('gcn', ARRAY['[1]', '[2]']::vector[], ARRAY[3], ARRAY[1], '{"weight": [[1]]}')$$);
SELECT pg_temp.broken('SELECT 1', '22023', 'weights lack "weight"', $$SELECT ruvector_gnn_layer('gcn', ARRAY['[1]', '[2]']::vector[], ARRAY[1], ARRAY[1], '{}', '{"out": 2}')$$);
-- memory: told before it is taken
SELECT pg_temp.broken($$SET LOCAL maintenance_work_mem = '1MB'; CREATE TABLE big AS SELECT i AS id, array_fill(1.0::real, ARRAY[400])::vector AS embedding FROM generate_series(1, 2000) i$$,
  '53200', 'maintenance_work_mem is 2 MB', $$SELECT ruvector_message_pass('big', 'e')$$);
SELECT * FROM finish();
ROLLBACK;
