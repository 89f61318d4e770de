-- hnsw: what pgvector's users do with it, on every operator class.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(31);

CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), s sparsevec(3), b bit(8));
INSERT INTO items
  SELECT i, ARRAY[i % 10, i / 10 % 10, i / 100 + 1]::real[]::vector, ARRAY[i % 10, i / 10 % 10, i / 100 + 1]::real[]::halfvec,
         ARRAY[i % 10, i / 10 % 10, i / 100 + 1]::real[]::vector::sparsevec, (i % 256)::bit(8)
  FROM generate_series(0, 999) i;
SET LOCAL enable_seqscan = off;

-- The index's answer against the exact one: the same distances, whatever the ties.
CREATE FUNCTION pg_temp.same(col text, op text, q text, type text, n int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE a float8[]; b float8[]; plan text := ''; line text;
BEGIN
  FOR line IN EXECUTE format('EXPLAIN SELECT 1 FROM items ORDER BY %I %s %L::%s LIMIT %s', col, op, q, type, n) LOOP plan := plan || line; END LOOP;
  IF plan NOT LIKE '%Index Scan%' THEN RAISE EXCEPTION 'no index scan: %', plan; END IF;
  EXECUTE format('SELECT array_agg(d) FROM (SELECT %I %s %L::%s AS d FROM items ORDER BY %I %s %L::%s LIMIT %s) x', col, op, q, type, col, op, q, type, n) INTO a;
  SET LOCAL enable_indexscan = off;
  EXECUTE format('SELECT array_agg(d) FROM (SELECT %I %s %L::%s AS d FROM items ORDER BY %I %s %L::%s LIMIT %s) x', col, op, q, type, col, op, q, type, n) INTO b;
  SET LOCAL enable_indexscan = on;
  RETURN a = b;
END $$;

CREATE INDEX v_l2 ON items USING hnsw (v vector_l2_ops);
SELECT ok(pg_temp.same('v', '<->', '[3,3,3]', 'vector', 5), 'vector l2');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> '[3,3,3]') x), 1000::bigint, 'a scan without LIMIT returns every row');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> (SELECT NULL::vector)) x), 1000::bigint, 'a NULL query returns every row');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items WHERE id % 100 = 7 ORDER BY v <-> '[3,3,3]' LIMIT 10) x), 10::bigint, 'a filter does not cut rows short');
SELECT throws_ok($$SELECT 1 FROM items ORDER BY v <-> '[1,2]' LIMIT 1$$, '22000', 'different vector dimensions 3 and 2', 'dimensions must agree');
DROP INDEX v_l2;
CREATE INDEX v_ip ON items USING hnsw (v vector_ip_ops);
SELECT ok(pg_temp.same('v', '<#>', '[3,1,2]', 'vector', 5), 'vector inner product');
DROP INDEX v_ip;
CREATE INDEX v_cosine ON items USING hnsw (v vector_cosine_ops);
SELECT ok(pg_temp.same('v', '<=>', '[3,1,2]', 'vector', 5), 'vector cosine');
INSERT INTO items (id, v) VALUES (5000, '[0,0,0]'), (5001, NULL);
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <=> '[3,1,2]') x), 1000::bigint, 'zero vectors and NULLs are not in a cosine index');
DELETE FROM items WHERE id >= 5000;
DROP INDEX v_cosine;
CREATE INDEX v_l1 ON items USING hnsw (v vector_l1_ops);
SELECT ok(pg_temp.same('v', '<+>', '[3,1,2]', 'vector', 5), 'vector l1');
DROP INDEX v_l1;
CREATE INDEX h_l2 ON items USING hnsw (h halfvec_l2_ops);
SELECT ok(pg_temp.same('h', '<->', '[3,3,3]', 'halfvec', 5), 'halfvec l2');
DROP INDEX h_l2;
CREATE INDEX h_ip ON items USING hnsw (h halfvec_ip_ops);
SELECT ok(pg_temp.same('h', '<#>', '[3,1,2]', 'halfvec', 5), 'halfvec inner product');
DROP INDEX h_ip;
CREATE INDEX h_cosine ON items USING hnsw (h halfvec_cosine_ops);
SELECT ok(pg_temp.same('h', '<=>', '[3,1,2]', 'halfvec', 5), 'halfvec cosine');
DROP INDEX h_cosine;
CREATE INDEX h_l1 ON items USING hnsw (h halfvec_l1_ops);
SELECT ok(pg_temp.same('h', '<+>', '[3,1,2]', 'halfvec', 5), 'halfvec l1');
DROP INDEX h_l1;
CREATE INDEX s_l2 ON items USING hnsw (s sparsevec_l2_ops);
SELECT ok(pg_temp.same('s', '<->', '{1:3,2:3,3:3}/3', 'sparsevec', 5), 'sparsevec l2');
DROP INDEX s_l2;
CREATE INDEX s_ip ON items USING hnsw (s sparsevec_ip_ops);
SELECT ok(pg_temp.same('s', '<#>', '{1:3,2:1,3:2}/3', 'sparsevec', 5), 'sparsevec inner product');
DROP INDEX s_ip;
CREATE INDEX s_cosine ON items USING hnsw (s sparsevec_cosine_ops);
SELECT ok(pg_temp.same('s', '<=>', '{1:3,2:1,3:2}/3', 'sparsevec', 5), 'sparsevec cosine');
DROP INDEX s_cosine;
CREATE INDEX s_l1 ON items USING hnsw (s sparsevec_l1_ops);
SELECT ok(pg_temp.same('s', '<+>', '{1:3,2:1,3:2}/3', 'sparsevec', 5), 'sparsevec l1');
DROP INDEX s_l1;
CREATE INDEX b_hamming ON items USING hnsw (b bit_hamming_ops);
SELECT ok(pg_temp.same('b', '<~>', '10101010', 'bit(8)', 5), 'bit hamming');
SELECT throws_ok($$SELECT 1 FROM items ORDER BY b <~> B'11' LIMIT 1$$, '22000', 'different bit lengths 8 and 2', 'bit lengths must agree');
DROP INDEX b_hamming;
CREATE INDEX b_jaccard ON items USING hnsw (b bit_jaccard_ops);
SELECT ok(pg_temp.same('b', '<%>', '10101010', 'bit(8)', 5), 'bit jaccard');
DROP INDEX b_jaccard;

-- Options and their errors.
SELECT throws_ok('CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (m = 1)', '22023', 'value 1 out of bounds for option "m"', 'm has bounds');
SELECT throws_ok('CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 31)', '22023', 'ef_construction must be greater than or equal to 2 * m', 'ef_construction has a lower bound');
SELECT throws_ok('CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (foo = 1)', '22023', 'unrecognized parameter "foo"', 'unknown options are refused');
CREATE TABLE loose (v vector, x varbit(3));
SELECT throws_ok('CREATE INDEX ON loose USING hnsw (v vector_l2_ops)', '22023', 'column does not have dimensions', 'a column needs dimensions');
SELECT throws_ok('CREATE INDEX ON loose USING hnsw (x bit_hamming_ops)', '0A000', 'type not supported for hnsw index', 'varbit is refused');
SELECT throws_ok('SET hnsw.ef_search = 0', '22023', NULL, 'ef_search has bounds');
CREATE INDEX wide ON loose USING hnsw ((v::vector(16000)) vector_l2_ops);
SELECT pass('16,000 dimensions can be indexed');

-- Per-index search settings count where the session has set none.
CREATE INDEX v_off ON items USING hnsw (v vector_l2_ops) WITH (ef_search = 20, iterative_scan = off);
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> '[3,3,3]') x), 20::bigint, 'ef_search and iterative_scan of the index');
SET LOCAL hnsw.ef_search = 30;
SELECT is((SELECT count(*) FROM (SELECT 1 FROM items ORDER BY v <-> '[3,3,3]') x), 30::bigint, 'a setting of the session comes first');

-- More rows than a scan walks to by default: none is left out. A bound that was set is kept.
CREATE TABLE many AS SELECT ARRAY[i % 151, i % 167, i % 13]::real[]::vector(3) AS v FROM generate_series(1, 25000) i;
CREATE INDEX ON many USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8);
SELECT is((SELECT count(*) FROM (SELECT 1 FROM many ORDER BY v <-> '[3,3,3]') x), 25000::bigint, 'a scan that is read to its end returns every row');
SET LOCAL hnsw.max_scan_tuples = 5000;
SELECT ok((SELECT count(*) FROM (SELECT 1 FROM many ORDER BY v <-> '[3,3,3]') x) BETWEEN 5000 AND 6000, 'hnsw.max_scan_tuples bounds a scan, and what was compared is returned');

SELECT * FROM finish();
ROLLBACK;
