-- ivfflat: what the catalogue says, options, errors.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(39);
SELECT is((SELECT string_agg(format('%s %s%s', opcname, opcintype::regtype, CASE WHEN opcdefault THEN ' default' END), ', ' ORDER BY opcname, opcintype::regtype::text) FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'ivfflat'),
  'bit_hamming_ops bit, halfvec_cosine_ops halfvec, halfvec_ip_ops halfvec, halfvec_l1_ops halfvec, halfvec_l2_ops halfvec, vector_cosine_ops vector, vector_ip_ops vector, vector_l1_ops vector, vector_l2_ops vector default', 'operator classes');
SELECT is(pg_indexam_has_property(oid, 'can_unique'), false, 'no unique indexes') FROM pg_am WHERE amname = 'ivfflat';
SELECT is(pg_indexam_has_property(oid, 'can_multi_col'), false, 'one column') FROM pg_am WHERE amname = 'ivfflat';
SELECT is(pg_indexam_has_property(oid, 'can_include'), false, 'no INCLUDE') FROM pg_am WHERE amname = 'ivfflat';
SELECT is(pg_indexam_has_property(oid, 'can_exclude'), true, 'as pgvector') FROM pg_am WHERE amname = 'ivfflat';
SELECT is(current_setting('ivfflat.probes'), '0', 'probes: chosen by the index');
SELECT is(current_setting('ivfflat.max_probes'), '32768', 'max_probes');
SELECT is(current_setting('ivfflat.iterative_scan'), 'relaxed_order', 'iterative by default');
SELECT throws_ok('SET ivfflat.probes = -1', '22023', NULL, 'probes below the range');
SELECT throws_ok('SET ivfflat.probes = 32769', '22023', '32769 is outside the valid range for parameter "ivfflat.probes" (0 .. 32768)', 'probes above the range');
SELECT throws_ok('SET ivfflat.max_probes = 0', '22023', '0 is outside the valid range for parameter "ivfflat.max_probes" (1 .. 32768)', 'max_probes below the range');
SELECT throws_ok('SET ivfflat.iterative_scan = strict_order', '22023', NULL, 'ivfflat has no strict order');
SELECT throws_ok('SET ivfflat.nonsense = 1', '42602', NULL, 'the prefix is reserved');
CREATE TABLE t (v vector(3), u vector, one vector(1), h halfvec(3), b bit(3), vb varbit(3), w vector(3000));
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (lists = 0)', '22023', 'value 0 out of bounds for option "lists"', 'lists below the range');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (lists = 32769)', '22023', 'value 32769 out of bounds for option "lists"', 'lists above the range');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (foo = 1)', '22023', 'unrecognized parameter "foo"', 'unknown option');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (quantization = fp8)', '22023', 'invalid value for enum option "quantization": fp8', 'unknown quantization');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (rerank = maybe)', '22023', 'invalid value for enum option "rerank": maybe', 'unknown rerank');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (bits = 9)', '22023', 'value 9 out of bounds for option "bits"', 'bits above the range');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (quantization = sq8, bits = 4)', '22023', 'bits are an option of rabitq and pq', 'bits without meaning');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (quantization = pq, bits = 5)', '22023', 'bits of pq must be 4 or 8, not 5', 'bits of pq');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (quantization = pq, subspaces = 4)', '22023', 'subspaces 4 exceed the column''s 3 dimensions', 'subspaces of pq');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v) WITH (subspaces = 2)', '22023', 'subspaces are an option of pq', 'subspaces without meaning');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v vector_l1_ops) WITH (quantization = rabitq)', '22023', 'quantization "rabitq" and "binary" do not support L1 distance', 'rabitq and L1');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (b bit_hamming_ops) WITH (quantization = sq8)', '22023', 'bit strings cannot be quantized further', 'bits are bits');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (u vector_l2_ops)', '22023', 'column does not have dimensions', 'no dimensions');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (one vector_ip_ops)', '22023', 'dimensions must be greater than one for this opclass', 'one dimension has no direction');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (vb bit_hamming_ops)', '0A000', 'type not supported for ivfflat index', 'varbit');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (h)', '42704', NULL, 'halfvec has no default operator class');
SELECT throws_ok('CREATE UNIQUE INDEX ON t USING ivfflat (v)', '0A000', 'access method "ivfflat" does not support unique indexes', 'unique');
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (v, w)', '0A000', 'access method "ivfflat" does not support multicolumn indexes', 'two columns');
INSERT INTO t (w) SELECT array_fill(i::real, ARRAY[3000])::vector FROM generate_series(1, 10) i;
SELECT throws_ok('CREATE INDEX ON t USING ivfflat (w) WITH (quantization = none)', '54000', NULL, 'whole vectors that fit no page');
SELECT lives_ok('CREATE INDEX ON t USING ivfflat (w)', '3000 dimensions with codes');
SET LOCAL maintenance_work_mem = '1MB';
SELECT throws_like('CREATE INDEX ON t USING ivfflat (w) WITH (lists = 1000)', 'memory required is % MB, maintenance_work_mem is 1 MB', 'more centres than memory');
RESET maintenance_work_mem;
-- Costs: with an order the index, without one never.
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP plan := plan || line || E'\n'; END LOOP; RETURN plan; END $$;
CREATE TABLE big AS SELECT i AS id, ARRAY[i, i % 17, i % 5]::vector(3) AS v FROM generate_series(1, 20000) i;
CREATE INDEX big_v ON big USING ivfflat (v) WITH (lists = 50);
ANALYZE big;
SELECT ok(pg_temp.plan_of($$SELECT id FROM big ORDER BY v <-> '[1,2,3]' LIMIT 10$$) ~ 'big_v', 'a small LIMIT takes the index');
SELECT ok(pg_temp.plan_of($$SELECT id FROM big ORDER BY v <-> '[1,2,3]' DESC LIMIT 10$$) !~ 'big_v', 'a descending order does not');
SELECT ok(pg_temp.plan_of($$SELECT id FROM big ORDER BY v <=> '[1,2,3]' LIMIT 10$$) !~ 'big_v', 'another distance does not');
SELECT ok(pg_temp.plan_of($$SELECT count(*) FROM big$$) !~ 'big_v', 'a count does not');
SELECT ok(pg_temp.plan_of($$SELECT id FROM big WHERE id = 5 ORDER BY v <-> '[1,2,3]'$$) !~ 'big_v', 'no LIMIT: sorting is cheaper');
SELECT * FROM finish();
ROLLBACK;
