-- ivfflat: every operator class against exact scans, what is indexed, what scans give.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT setseed(0.4);
CREATE FUNCTION pg_temp.random_vector(dim int, salt int) RETURNS real[] LANGUAGE sql VOLATILE AS
  $$ SELECT array_agg((random() + random() + random() - 1.5)::real) FROM generate_series(1, dim) WHERE salt = salt $$;
CREATE TABLE vectors AS
  SELECT i AS id, i % 7 AS kind, (c.x::vector + (pg_temp.random_vector(24, i)::vector))::vector(24) AS v
  FROM generate_series(1, 3000) i
  JOIN (SELECT g, (SELECT array_agg(4 * random()) FROM generate_series(1, 24) WHERE g = g)::real[] AS x
        FROM generate_series(0, 29) g) c ON c.g = i % 30;
-- Not by UPDATE: an index over broken HOT chains of the same transaction may not be used.
CREATE TABLE items AS SELECT *, v::halfvec(24) AS h, binary_quantize(v - (SELECT avg(v) FROM vectors))::bit(24) AS b FROM vectors;
CREATE TABLE queries AS SELECT id, v, h, b FROM items WHERE id % 150 = 0;
ANALYZE items;

-- The plan's node that reads items.
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP plan := plan || line || E'\n'; END LOOP; RETURN plan; END $$;
-- Share of the exact k nearest that an index scan finds, over all queries.
CREATE FUNCTION pg_temp.recall(col text, op text, k int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE q record; exact float8[]; found float8[]; hits int := 0; total int := 0; sql text;
BEGIN
  FOR q IN SELECT id FROM queries LOOP
    sql := format('SELECT array_agg(d) FROM (SELECT %1$I %2$s (SELECT %1$I FROM queries WHERE id = %3$s) AS d FROM items ORDER BY %1$I %2$s (SELECT %1$I FROM queries WHERE id = %3$s) LIMIT %4$s) s', col, op, q.id, k);
    PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_seqscan', 'on', true);
    EXECUTE sql INTO exact;
    PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_seqscan', 'off', true);
    EXECUTE sql INTO found;
    -- By distance: ties may come in any order.
    hits := hits + (SELECT count(*) FROM unnest(found) f WHERE f <= exact[k] + 1e-6);
    total := total + k;
  END LOOP;
  RETURN hits::float8 / total;
END $$;
SET LOCAL enable_seqscan = off;
SELECT plan(64);

-- Operator classes, with the default quantization and every other one.
CREATE TABLE cases (col text, opclass text, op text, options text, least float8);
INSERT INTO cases VALUES
  ('v', 'vector_l2_ops', '<->', '', 0.95), ('v', 'vector_ip_ops', '<#>', '', 0.95),
  ('v', 'vector_cosine_ops', '<=>', '', 0.95), ('v', 'vector_l1_ops', '<+>', '', 0.95),
  ('h', 'halfvec_l2_ops', '<->', '', 0.95), ('h', 'halfvec_ip_ops', '<#>', '', 0.95),
  ('h', 'halfvec_cosine_ops', '<=>', '', 0.95), ('h', 'halfvec_l1_ops', '<+>', '', 0.95),
  ('b', 'bit_hamming_ops', '<~>', '', 0.9),
  ('v', 'vector_l2_ops', '<->', 'quantization = none', 0.95),
  ('h', 'halfvec_cosine_ops', '<=>', 'quantization = none', 0.95),
  ('v', 'vector_l2_ops', '<->', 'quantization = sq8', 0.95),
  ('v', 'vector_ip_ops', '<#>', 'quantization = sq8', 0.95),
  ('v', 'vector_l2_ops', '<->', 'quantization = rabitq, bits = 1', 0.9),
  ('v', 'vector_cosine_ops', '<=>', 'quantization = rabitq, bits = 8', 0.95),
  ('v', 'vector_cosine_ops', '<=>', 'quantization = binary', 0.9),
  ('v', 'vector_l2_ops', '<->', 'quantization = pq, subspaces = 12', 0.95),
  ('v', 'vector_l2_ops', '<->', 'quantization = pq, bits = 4', 0.9),
  ('v', 'vector_l1_ops', '<+>', 'quantization = pq', 0.9);
CREATE FUNCTION pg_temp.check_case(c cases) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE label text := concat_ws(' ', c.opclass, nullif(c.options, ''));
BEGIN
  EXECUTE format('CREATE INDEX idx ON items USING ivfflat (%I %s) WITH (lists = 40%s)', c.col, c.opclass,
    CASE WHEN c.options = '' THEN '' ELSE ', ' || c.options END);
  RETURN NEXT ok(pg_temp.plan_of(format('SELECT id FROM items ORDER BY %1$I %2$s (SELECT %1$I FROM queries LIMIT 1) LIMIT 5', c.col, c.op)) ~ 'Index Scan using idx', label || ': the index is used');
  RETURN NEXT cmp_ok(pg_temp.recall(c.col, c.op, 10), '>=', c.least, label || ': recall');
  DROP INDEX idx;
END $$;
SELECT pg_temp.check_case(c) FROM cases c;

-- All lists probed: nothing is missing, and rows come in order.
CREATE INDEX idx ON items USING ivfflat (v vector_l2_ops) WITH (lists = 20);
SET LOCAL ivfflat.probes = 20;
SELECT is((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), 3000::bigint, 'all rows come without LIMIT');
SELECT is((SELECT count(DISTINCT id) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), 3000::bigint, 'every row once');
SELECT cmp_ok((SELECT count(*) FROM (SELECT d < lag(d) OVER () AS late FROM (SELECT v <-> (SELECT v FROM queries LIMIT 1) AS d FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s) t WHERE late), '<=', 15::bigint, 'rows come in the order of their exact distance');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries WHERE id = 300) LIMIT 20) s),
  (SELECT array_agg(id) FROM (SELECT id FROM items ORDER BY (v <-> (SELECT v FROM queries WHERE id = 300)) + 0 LIMIT 20) s), 'the nearest twenty are exact');
SET LOCAL work_mem = '64kB';
SELECT is((SELECT count(DISTINCT id) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), 3000::bigint, 'little work_mem loses nothing');
RESET work_mem;

-- Iterative scans.
SET LOCAL ivfflat.probes = 1;
SELECT is((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), 3000::bigint, 'by default a scan goes on until all lists are read');
SELECT is((SELECT count(*) FROM (SELECT id FROM items WHERE kind = 3 ORDER BY v <-> (SELECT v FROM queries LIMIT 1) LIMIT 400) s), 400::bigint, 'a filter does not come back short');
SET LOCAL ivfflat.max_probes = 3;
SELECT cmp_ok((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), '<', 2000::bigint, 'max_probes bounds an iterative scan');
RESET ivfflat.max_probes;
SET LOCAL ivfflat.iterative_scan = off;
SELECT cmp_ok((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), '<', 1000::bigint, 'off: the probed lists only');
SET LOCAL ivfflat.iterative_scan = relaxed_order;
ALTER INDEX idx SET (iterative_scan = off, probes = 2);
SELECT is((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), 3000::bigint, 'a setting wins over the index option');
RESET ivfflat.iterative_scan;
RESET ivfflat.probes;
SELECT cmp_ok((SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM queries LIMIT 1)) s), '<', 1500::bigint, 'the index option holds where nothing is set');
DROP INDEX idx;

-- What is not indexed; NULL and zero queries.
CREATE TABLE few (v vector(3));
INSERT INTO few VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX few_l2 ON few USING ivfflat (v vector_l2_ops) WITH (lists = 2);
INSERT INTO few VALUES ('[1,2,4]'), (NULL);
SELECT is((SELECT array_agg(v::text) FROM (SELECT v FROM few ORDER BY v <-> '[3,3,3]') s), '{"[1,2,3]","[1,2,4]","[1,1,1]","[0,0,0]"}', 'NULL is not indexed');
SELECT is((SELECT count(*) FROM (SELECT v FROM few ORDER BY v <-> (SELECT NULL::vector)) s), 4::bigint, 'a NULL query gives the rows in any order');
DROP INDEX few_l2;
CREATE INDEX few_cosine ON few USING ivfflat (v vector_cosine_ops) WITH (lists = 2);
INSERT INTO few VALUES ('[0,0,0]');
SELECT is((SELECT count(*) FROM (SELECT v FROM few ORDER BY v <=> '[3,3,3]') s), 3::bigint, 'zero vectors are not indexed by cosine');
SELECT is((SELECT count(*) FROM (SELECT v FROM few ORDER BY v <=> '[0,0,0]') s), 3::bigint, 'a zero query gives the rows in any order');
SELECT throws_ok($$SELECT v FROM few ORDER BY v <=> '[1,2]' LIMIT 1$$, '22000', 'different vector dimensions 3 and 2', 'a query of other dimensions');
TRUNCATE few;
SELECT is((SELECT count(*) FROM (SELECT v FROM few ORDER BY v <=> '[3,3,3]') s), 0::bigint, 'nothing after TRUNCATE');
INSERT INTO few SELECT ARRAY[i, 1, i % 3]::vector FROM generate_series(1, 500) i;
SELECT is((SELECT count(*) FROM (SELECT v FROM few ORDER BY v <=> '[3,3,3]') s), 500::bigint, 'an index over nothing takes rows');

-- Updates, deletions.
CREATE TABLE moving (id int PRIMARY KEY, v vector(20));
INSERT INTO moving SELECT id, subvector(v, 1, 20) FROM items WHERE id <= 1000;
CREATE INDEX moving_v ON moving USING ivfflat (v vector_l2_ops) WITH (lists = 5);
UPDATE moving SET v = v + v WHERE id % 2 = 0;
DELETE FROM moving WHERE id % 3 = 0;
SELECT is((SELECT count(*) FROM (SELECT id FROM moving ORDER BY v <-> (SELECT subvector(v, 1, 20) FROM queries LIMIT 1)) s), 667::bigint, 'updated and deleted rows are seen as the snapshot sees them');

-- Expressions, predicates, wide columns.
CREATE INDEX moving_half ON moving USING ivfflat ((v::halfvec(20)) halfvec_l2_ops) WITH (lists = 5);
SELECT ok(pg_temp.plan_of($$SELECT id FROM moving ORDER BY v::halfvec(20) <-> (SELECT subvector(h, 1, 20) FROM queries LIMIT 1) LIMIT 5$$) ~ 'moving_half', 'an expression index is used');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM moving ORDER BY v::halfvec(20) <-> (SELECT subvector(h, 1, 20) FROM queries WHERE id = 300) LIMIT 5) s),
  (SELECT array_agg(id) FROM (SELECT id FROM moving ORDER BY (v::halfvec(20) <-> (SELECT subvector(h, 1, 20) FROM queries WHERE id = 300)) + 0 LIMIT 5) s), 'an expression index finds what an exact scan finds');
CREATE INDEX moving_part ON moving USING ivfflat (v vector_ip_ops) WITH (lists = 3) WHERE id < 100;
SELECT is((SELECT count(*) FROM (SELECT id FROM moving WHERE id < 100 ORDER BY v <#> (SELECT subvector(v, 1, 20) FROM queries LIMIT 1)) s), 66::bigint, 'a partial index');
CREATE TABLE wide (id int, v vector(16000));
INSERT INTO wide SELECT i, array_fill(i::real, ARRAY[16000])::vector FROM generate_series(1, 40) i;
CREATE INDEX wide_v ON wide USING ivfflat (v vector_l2_ops) WITH (lists = 3);
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM wide ORDER BY v <-> array_fill(20.2::real, ARRAY[16000])::vector LIMIT 3) s), '{20,21,19}', '16000 dimensions');
CREATE TEMP TABLE temporary (v vector(3));
INSERT INTO temporary SELECT ARRAY[i, 1, 2]::vector FROM generate_series(1, 100) i;
CREATE INDEX ON temporary USING ivfflat (v vector_l2_ops) WITH (lists = 5);
INSERT INTO temporary VALUES ('[1000,1,2]');
SELECT is((SELECT v::text FROM temporary ORDER BY v <-> '[999,1,2]' LIMIT 1), '[1000,1,2]', 'temporary tables');
CREATE TABLE parts (id int, v vector(24)) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT id, v FROM items;
CREATE INDEX parts_v ON parts USING ivfflat (v vector_cosine_ops) WITH (lists = 10);
SELECT ok(pg_temp.plan_of($$SELECT id FROM parts ORDER BY v <=> (SELECT v FROM queries LIMIT 1) LIMIT 5$$) ~ 'Merge Append', 'partitions are merged');
SELECT is((SELECT id FROM parts ORDER BY v <=> (SELECT v FROM queries WHERE id = 600) LIMIT 1), 600, 'the nearest of all partitions');
SELECT * FROM finish();
ROLLBACK;
