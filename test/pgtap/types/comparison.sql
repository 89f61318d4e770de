-- Order, equality and hash of vector and halfvec, and what the executor does with them.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE FUNCTION pg_temp.uses(off text, q text, node text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  PERFORM set_config(off, 'off', true), set_config('enable_nestloop', 'off', true);
  FOR line IN EXECUTE 'EXPLAIN ' || q LOOP plan := plan || line || E'\n'; END LOOP;
  PERFORM set_config(off, 'on', true), set_config('enable_nestloop', 'on', true);
  RETURN plan ~ node;
END $$;
CREATE FUNCTION pg_temp.rows_without(off text, q text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  PERFORM set_config(off, 'off', true), set_config('enable_nestloop', 'off', true);
  EXECUTE 'SELECT count(*) FROM (' || q || ' OFFSET 0) s' INTO n;
  PERFORM set_config(off, 'on', true), set_config('enable_nestloop', 'on', true);
  RETURN n;
END $$;
CREATE TABLE items_vector AS SELECT i AS id, format('[%s,0.5]', i % 20)::vector AS v FROM generate_series(0, 99) i;
CREATE INDEX ON items_vector (v);
CREATE TABLE parted_vector (v vector) PARTITION BY HASH (v);
SELECT format('CREATE TABLE parted_vector_%s PARTITION OF parted_vector FOR VALUES WITH (MODULUS 4, REMAINDER %s)', i, i) FROM generate_series(0, 3) i \gexec
INSERT INTO parted_vector SELECT v FROM items_vector;
ANALYZE items_vector;
CREATE TABLE items_halfvec AS SELECT i AS id, format('[%s,0.5]', i % 20)::halfvec AS v FROM generate_series(0, 99) i;
CREATE INDEX ON items_halfvec (v);
CREATE TABLE parted_halfvec (v halfvec) PARTITION BY HASH (v);
SELECT format('CREATE TABLE parted_halfvec_%s PARTITION OF parted_halfvec FOR VALUES WITH (MODULUS 4, REMAINDER %s)', i, i) FROM generate_series(0, 3) i \gexec
INSERT INTO parted_halfvec SELECT v FROM items_halfvec;
ANALYZE items_halfvec;
SELECT plan(38);

SELECT is(ARRAY['[1,2]'::vector < '[1,3]', '[1,2]'::vector <= '[1,2]', '[1,2]'::vector = '[1,2]', '[1,2]'::vector <> '[1,2]', '[1,2]'::vector >= '[1,3]', '[1,2]'::vector > '[1,1]'], '{t,t,t,f,f,t}'::bool[], 'vector: six comparisons');
SELECT is('[1,2]'::vector < '[1,2,3]', true, 'vector: a prefix is less');
SELECT is(ARRAY[vector_cmp('[1]','[2]'), vector_cmp('[1]','[1]'), vector_cmp('[2]','[1]')], '{-1,0,1}'::int[], 'vector_cmp');
SELECT is('[0]'::vector = '[-0]', true, 'vector: zeros are equal');
SELECT is(vector_hash('[0,1]') = vector_hash('[-0,1]') AND vector_hash_extended('[0,1]', 7) = vector_hash_extended('[-0,1]', 7), true, 'vector: equal values hash equal');
SELECT is(vector_hash_extended('[1]', 0) <> vector_hash_extended('[1]', 1), true, 'vector: the seed counts');
SELECT results_eq($$SELECT vector_hash(v) FROM items_vector ORDER BY id$$, $$SELECT (vector_hash_extended(v, 0)::bit(64)::bit(64)<<32)::bit(32)::int FROM items_vector ORDER BY id$$, 'vector: seed 0 extends the plain hash');
SELECT ok(pg_temp.uses('enable_sort', $$SELECT v, count(*) FROM items_vector GROUP BY v$$, 'HashAggregate'), 'vector: GROUP BY by hash');
SELECT ok(pg_temp.uses('enable_hashagg', $$SELECT v, count(*) FROM items_vector GROUP BY v$$, 'GroupAggregate'), 'vector: GROUP BY by sort');
SELECT is(pg_temp.rows_without('enable_sort', $$SELECT DISTINCT v FROM items_vector$$), 20::bigint, 'vector: DISTINCT by hash');
SELECT is(pg_temp.rows_without('enable_hashagg', $$SELECT DISTINCT v FROM items_vector$$), 20::bigint, 'vector: DISTINCT by sort');
SELECT ok(pg_temp.uses('enable_mergejoin', $$SELECT 1 FROM items_vector a JOIN items_vector b USING (v)$$, 'Hash Join'), 'vector: hash join');
SELECT ok(pg_temp.uses('enable_hashjoin', $$SELECT 1 FROM items_vector a JOIN items_vector b USING (v)$$, 'Merge Join'), 'vector: merge join');
SELECT is(pg_temp.rows_without('enable_mergejoin', $$SELECT 1 FROM items_vector a JOIN items_vector b USING (v)$$), 500::bigint, 'vector: rows of the hash join');
SELECT is(pg_temp.rows_without('enable_hashjoin', $$SELECT 1 FROM items_vector a JOIN items_vector b USING (v)$$), 500::bigint, 'vector: rows of the merge join');
SELECT is((SELECT count(DISTINCT tableoid) FROM parted_vector), 4::bigint, 'vector: hash partitions fill');
SELECT is((SELECT count(*) FROM parted_vector WHERE v = '[3,0.5]'), 5::bigint, 'vector: partitions are pruned to the right one');
SELECT ok(pg_temp.uses('enable_seqscan', $$SELECT 1 FROM items_vector WHERE v = '[3,0.5]'$$, 'Index|Bitmap'), 'vector: btree index');
SELECT is(pg_temp.rows_without('enable_seqscan', $$SELECT 1 FROM items_vector WHERE v > '[3,0.5]'$$), 80::bigint, 'vector: rows of a btree range');
SELECT is(ARRAY['[1,2]'::halfvec < '[1,3]', '[1,2]'::halfvec <= '[1,2]', '[1,2]'::halfvec = '[1,2]', '[1,2]'::halfvec <> '[1,2]', '[1,2]'::halfvec >= '[1,3]', '[1,2]'::halfvec > '[1,1]'], '{t,t,t,f,f,t}'::bool[], 'halfvec: six comparisons');
SELECT is('[1,2]'::halfvec < '[1,2,3]', true, 'halfvec: a prefix is less');
SELECT is(ARRAY[halfvec_cmp('[1]','[2]'), halfvec_cmp('[1]','[1]'), halfvec_cmp('[2]','[1]')], '{-1,0,1}'::int[], 'halfvec_cmp');
SELECT is('[0]'::halfvec = '[-0]', true, 'halfvec: zeros are equal');
SELECT is(halfvec_hash('[0,1]') = halfvec_hash('[-0,1]') AND halfvec_hash_extended('[0,1]', 7) = halfvec_hash_extended('[-0,1]', 7), true, 'halfvec: equal values hash equal');
SELECT is(halfvec_hash_extended('[1]', 0) <> halfvec_hash_extended('[1]', 1), true, 'halfvec: the seed counts');
SELECT results_eq($$SELECT halfvec_hash(v) FROM items_halfvec ORDER BY id$$, $$SELECT (halfvec_hash_extended(v, 0)::bit(64)::bit(64)<<32)::bit(32)::int FROM items_halfvec ORDER BY id$$, 'halfvec: seed 0 extends the plain hash');
SELECT ok(pg_temp.uses('enable_sort', $$SELECT v, count(*) FROM items_halfvec GROUP BY v$$, 'HashAggregate'), 'halfvec: GROUP BY by hash');
SELECT ok(pg_temp.uses('enable_hashagg', $$SELECT v, count(*) FROM items_halfvec GROUP BY v$$, 'GroupAggregate'), 'halfvec: GROUP BY by sort');
SELECT is(pg_temp.rows_without('enable_sort', $$SELECT DISTINCT v FROM items_halfvec$$), 20::bigint, 'halfvec: DISTINCT by hash');
SELECT is(pg_temp.rows_without('enable_hashagg', $$SELECT DISTINCT v FROM items_halfvec$$), 20::bigint, 'halfvec: DISTINCT by sort');
SELECT ok(pg_temp.uses('enable_mergejoin', $$SELECT 1 FROM items_halfvec a JOIN items_halfvec b USING (v)$$, 'Hash Join'), 'halfvec: hash join');
SELECT ok(pg_temp.uses('enable_hashjoin', $$SELECT 1 FROM items_halfvec a JOIN items_halfvec b USING (v)$$, 'Merge Join'), 'halfvec: merge join');
SELECT is(pg_temp.rows_without('enable_mergejoin', $$SELECT 1 FROM items_halfvec a JOIN items_halfvec b USING (v)$$), 500::bigint, 'halfvec: rows of the hash join');
SELECT is(pg_temp.rows_without('enable_hashjoin', $$SELECT 1 FROM items_halfvec a JOIN items_halfvec b USING (v)$$), 500::bigint, 'halfvec: rows of the merge join');
SELECT is((SELECT count(DISTINCT tableoid) FROM parted_halfvec), 4::bigint, 'halfvec: hash partitions fill');
SELECT is((SELECT count(*) FROM parted_halfvec WHERE v = '[3,0.5]'), 5::bigint, 'halfvec: partitions are pruned to the right one');
SELECT ok(pg_temp.uses('enable_seqscan', $$SELECT 1 FROM items_halfvec WHERE v = '[3,0.5]'$$, 'Index|Bitmap'), 'halfvec: btree index');
SELECT is(pg_temp.rows_without('enable_seqscan', $$SELECT 1 FROM items_halfvec WHERE v > '[3,0.5]'$$), 80::bigint, 'halfvec: rows of a btree range');
SELECT * FROM finish();
ROLLBACK;
