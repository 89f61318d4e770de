-- vector and halfvec: text, typmods, functions, operators, casts, aggregates, errors.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET extra_float_digits = 1;
CREATE FUNCTION pg_temp.fails(q text, state text, message text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_ok(q, state, message, q) $$;
SELECT * FROM no_plan();

-- text
SELECT is('[1,2.5,-3]'::vector::text, '[1,2.5,-3]');
SELECT is(E' [ 1 ,\t2\n, +3e1\r,0x1p-1 ] '::vector::text, '[1,2,30,0.5]', 'white space and the forms strtof reads');
SELECT is('[1e-46,-0]'::vector::text, '[0,-0]', 'underflow is silent, -0 prints');
SELECT is('[1e38,1e-38,123456,1234567]'::vector::text, '[1e+38,1e-38,123456,1.234567e+06]', 'prints as real does');
SELECT is('[65504,0.1,6e-8,1e-9]'::halfvec::text, '[65504,0.099975586,5.9604645e-08,0]');
SELECT pg_temp.fails('select ''hello''::vector', '22P02', 'invalid input syntax for type vector: "hello"');
SELECT pg_temp.fails('select ''[1,2''::vector', '22P02', 'invalid input syntax for type vector: "[1,2"');
SELECT pg_temp.fails('select ''[1,]''::vector', '22P02', 'invalid input syntax for type vector: "[1,]"');
SELECT pg_temp.fails('select ''[1]x''::halfvec', '22P02', 'invalid input syntax for type halfvec: "[1]x"');
SELECT pg_temp.fails('select ''[]''::vector', '22000', 'vector must have at least 1 dimension');
SELECT pg_temp.fails('select ''[]''::halfvec', '22000', 'halfvec must have at least 1 dimension');
SELECT pg_temp.fails('select ''[4e38]''::vector', '22003', '"4e38" is out of range for type vector');
SELECT pg_temp.fails('select ''[65520]''::halfvec', '22003', '"65520" is out of range for type halfvec');
SELECT pg_temp.fails('select ''[nan]''::vector', '22000', 'NaN not allowed in vector');
SELECT pg_temp.fails('select ''[-Infinity]''::halfvec', '22000', 'infinite value not allowed in halfvec');
SELECT pg_temp.fails('select (''['' || repeat(''1,'', 16000) || ''1]'')::vector', '54000', 'vector cannot have more than 16000 dimensions');
SELECT is(vector_dims(('[' || repeat('1,', 15999) || '1]')::vector), 16000);

-- type modifiers
SELECT pg_temp.fails('select ''[1,2]''::vector(3)', '22000', 'expected 3 dimensions, not 2');
SELECT pg_temp.fails('select ''[1]''::vector(0)', '22023', 'dimensions for type vector must be at least 1');
SELECT pg_temp.fails('select ''[1]''::halfvec(16001)', '22023', 'dimensions for type halfvec cannot exceed 16000');
SELECT pg_temp.fails('select ''[1]''::vector(1, 2)', '22023', 'invalid type modifier');
SELECT is(format_type('vector'::regtype, 3), 'vector(3)');

-- binary form
SELECT is(vector_send('[1,-2]'), '\x000200003f800000c0000000');
SELECT is(halfvec_send('[1,-2]'), '\x000200003c00c000');

-- distances
SELECT is('[0,0]'::vector <-> '[3,4]', 5::float8);
SELECT is('[1,2]'::vector <#> '[3,4]', (-11)::float8);
SELECT is('[1,1]'::vector <=> '[-1,-1]', 2::float8);
SELECT is('[1,2]'::vector <=> '[2,4]', 0::float8);
SELECT is('[0,0]'::vector <=> '[1,1]', 'NaN'::float8, 'cosine of a zero vector');
SELECT is('[0,0]'::vector <+> '[3,-4]', 7::float8);
SELECT is('[0,0]'::halfvec <-> '[3,4]', 5::float8);
SELECT is('[1,2]'::halfvec <#> '[3,4]', (-11)::float8);
SELECT is('[1,2]'::halfvec <=> '[2,4]', 0::float8);
SELECT is('[0,0]'::halfvec <+> '[3,-4]', 7::float8);
SELECT is('[3e38]'::vector <-> '[-3e38]', 'Infinity'::float8);
SELECT pg_temp.fails('select ''[1,2]''::vector <-> ''[3]''', '22000', 'different vector dimensions 2 and 1');
SELECT pg_temp.fails('select ''[1,2]''::halfvec <=> ''[3]''', '22000', 'different halfvec dimensions 2 and 1');
SELECT is(ruvector_l2_distance('[0,0]'::vector, '[3,4]'), 5::float8);
SELECT is(ruvector_cosine_distance('[0,1]'::halfvec, '[1,0]'), 1::float8);
SELECT is((SELECT count(*)::int FROM unnest(ARRAY['baseline', 'avx2', 'avx512', 'avx512vnni']) l
  WHERE ruvector_simd_info()->'available' ? l
    AND set_config('ruvector.simd', l, true) = l AND ruvector_simd_info()->>'level' = l
    AND abs((array_fill(0.5::real, ARRAY[1001])::vector <-> array_fill(-1::real, ARRAY[1001])::vector) - 1.5 * sqrt(1001)) < 1e-4),
  jsonb_array_length(ruvector_simd_info()->'available'), 'every level of this CPU agrees');
RESET ruvector.simd;

-- arithmetic and functions
SELECT is('[1,2,3]'::vector + '[4,5,6]', '[5,7,9]'::vector);
SELECT is('[1,2,3]'::vector - '[4,5,6]', '[-3,-3,-3]'::vector);
SELECT is('[1,2,3]'::halfvec * '[4,5,6]', '[4,10,18]'::halfvec);
SELECT is('[1,2]'::vector || '[3]', '[1,2,3]'::vector);
SELECT is(ruvector_scalar_mul('[1,2]'::vector, 2.5), '[2.5,5]'::vector);
SELECT pg_temp.fails('select ''[3e38]''::vector + ''[3e38]''', '22003', 'value out of range: overflow');
SELECT pg_temp.fails('select ''[1e-37]''::vector * ''[1e-37]''', '22003', 'value out of range: underflow');
SELECT pg_temp.fails('select ''[65504]''::halfvec + ''[65504]''', '22003', 'value out of range: overflow');
SELECT pg_temp.fails('select ruvector_scalar_mul(''[1]''::vector, ''NaN'')', '22023', 'scalar factor must be finite');
SELECT is(l2_normalize('[3,4]'::vector), '[0.6,0.8]'::vector);
SELECT is(l2_normalize('[0,0]'::halfvec), '[0,0]'::halfvec, 'a zero vector stays zero');
SELECT is(l2_norm('[3,4]'::halfvec), 5::float8);
SELECT is(vector_norm('[3,4]'), 5::float8);
SELECT is(binary_quantize('[1,0,-1,2,3,0,0,0,9]'::vector), B'100110001');
SELECT is(subvector('[1,2,3,4,5]'::vector, 2, 3), '[2,3,4]'::vector);
SELECT is(subvector('[1,2,3,4,5]'::halfvec, -1, 4), '[1,2]'::halfvec, 'clips as substring does');
SELECT is(subvector('[1,2,3]'::vector, 2, 2147483647), '[2,3]'::vector);
SELECT pg_temp.fails('select subvector(''[1,2,3]''::vector, 4, 1)', '22000', 'vector must have at least 1 dimension');
SELECT pg_temp.fails('select subvector(''[1,2,3]''::vector, -2147483648, 2147483647)', '22000', 'vector must have at least 1 dimension');

-- casts
SELECT is(ARRAY[1, 2]::vector, '[1,2]'::vector);
SELECT is(ARRAY[1.5, 2.5]::numeric[]::halfvec, '[1.5,2.5]'::halfvec);
SELECT is('[1,2]'::vector::real[], ARRAY[1, 2]::real[]);
SELECT is('[1,0.1]'::halfvec::vector::halfvec, '[1,0.1]'::halfvec);
SELECT pg_temp.fails('select ''{{1},{2}}''::real[]::vector', '22000', 'array must be 1-D');
SELECT pg_temp.fails('select ''{1,NULL}''::real[]::vector', '22004', 'array must not contain nulls');
SELECT pg_temp.fails('select ''{NaN}''::real[]::vector', '22000', 'NaN not allowed in vector');
SELECT pg_temp.fails('select ''{}''::real[]::vector', '22000', 'vector must have at least 1 dimension');
SELECT pg_temp.fails('select ''[70000]''::vector::halfvec', '22003', '"70000" is out of range for type halfvec');

-- comparison, hashing, grouping
SELECT ok('[1,2]'::vector < '[1,2,3]' AND '[1,2]'::vector < '[1,3]' AND '[2]'::vector > '[1,9]');
SELECT ok('[0]'::vector = '[-0]' AND vector_hash('[0]') = vector_hash('[-0]'), 'zeros are equal and hash equal');
SELECT ok((vector_hash_extended('[1,2]', 0) & 4294967295) = (vector_hash('[1,2]')::bigint & 4294967295), 'seed 0 gives the plain hash');
SELECT ok(vector_hash_extended('[1,2]', 0) <> vector_hash_extended('[1,2]', 1));
CREATE TEMP TABLE g AS SELECT i, ARRAY[i % 7, -(i % 7)]::vector AS v, ARRAY[i % 5]::halfvec AS h FROM generate_series(1, 100) i;
SELECT is((SELECT count(*) FROM (SELECT v, count(*) FROM g GROUP BY v) s), 7::bigint);
SELECT is((SELECT count(DISTINCT h) FROM g), 5::bigint);
SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off;
SELECT is((SELECT count(*) FROM g a JOIN g b USING (v)), (SELECT count(*) FROM g a JOIN g b ON a.i % 7 = b.i % 7), 'hash join');
SET LOCAL enable_mergejoin = on; SET LOCAL enable_hashjoin = off;
SELECT is((SELECT count(*) FROM g a JOIN g b USING (h)), (SELECT count(*) FROM g a JOIN g b ON a.i % 5 = b.i % 5), 'merge join');

-- aggregates
SELECT is((SELECT avg(v) FROM (VALUES ('[1,2]'::vector), ('[3,4]'), (NULL)) t(v)), '[2,3]'::vector);
SELECT is((SELECT sum(h) FROM (VALUES ('[1,2]'::halfvec), ('[3,4]')) t(h)), '[4,6]'::halfvec);
SELECT is((SELECT avg(v) FROM g WHERE false), NULL);
SELECT pg_temp.fails('select avg(v) from (values (''[1]''::vector), (''[1,2]'')) t(v)', '22000', 'expected 1 dimensions, not 2');
SELECT pg_temp.fails('select sum(v) from (values (''[3e38]''::vector), (''[3e38]'')) t(v)', '22003', 'value out of range: overflow');
SELECT pg_temp.fails('select vector_avg(''{{1}}'')', 'XX000', 'vector_avg: expected state array');
CREATE TABLE wide AS SELECT ARRAY[i % 100, -i % 50]::vector AS v, ARRAY[i % 100]::halfvec AS h FROM generate_series(1, 20000) i;
CREATE TEMP TABLE serial AS SELECT avg(v) AS v, avg(h) AS h, sum(v) AS s FROM wide;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ALTER TABLE wide SET (parallel_workers = 2);
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; whole text := ''; BEGIN FOR line IN EXECUTE 'EXPLAIN ' || q LOOP whole := whole || line; END LOOP; RETURN whole; END $$;
SELECT matches(pg_temp.plan_of('SELECT avg(v) FROM wide'), 'Partial Aggregate', 'the aggregate runs in parallel');
SELECT is((SELECT avg(v) FROM wide), (SELECT v FROM serial));
SELECT is((SELECT avg(h) FROM wide), (SELECT h FROM serial));
SELECT is((SELECT sum(v) FROM wide), (SELECT s FROM serial));

-- catalogue
SELECT is((SELECT count(*) FROM pg_depend d JOIN pg_proc p ON d.objid = p.oid
  WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ruvector')
    AND d.classid = 'pg_proc'::regclass AND p.prorettype <> 'internal'::regtype AND p.prokind = 'f'
    -- internal: the handlers and support functions of access methods are volatile in pgvector, too
    AND p.proname NOT LIKE 'ruvector%' AND p.proargtypes::regtype[]::text[] && ARRAY['vector', 'halfvec', 'sparsevec', 'bit']
    AND (p.provolatile <> 'i' OR p.proparallel <> 's')), 0::bigint, 'functions of values are immutable and parallel safe');
SELECT is((SELECT count(*) FROM pg_operator o JOIN pg_depend d ON d.objid = o.oid AND d.classid = 'pg_operator'::regclass
  WHERE d.deptype = 'e' AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>') AND o.oprcom <> o.oid), 0::bigint, 'distances commute');
SELECT is((SELECT count(*) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'ruvector'
  JOIN pg_cast c ON c.oid = d.objid
  WHERE d.classid = 'pg_cast'::regclass AND d.deptype = 'e'
    AND c.casttarget IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype)
    AND c.castsource IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype, 'integer[]'::regtype,
                         'double precision[]'::regtype, 'numeric[]'::regtype)), 23::bigint, 'pgvector''s 23 casts');
SELECT is((SELECT count(*) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'ruvector'
  JOIN pg_operator o ON o.oid = d.objid
  WHERE d.classid = 'pg_operator'::regclass AND d.deptype = 'e' AND o.oprleft = o.oprright
    AND o.oprleft IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'bit'::regtype)
    AND (o.oprleft = 'bit'::regtype OR o.oprname NOT IN ('<~>', '<%>'))
    AND (o.oprleft <> 'sparsevec'::regtype OR o.oprname NOT IN ('+', '-', '*', '||'))
    AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '-', '*', '||', '<', '<=', '=', '<>', '>=', '>')), 40::bigint, 'pgvector''s 40 operators');
SELECT ok(ruvector_version() ~ '^\d+\.\d+\.\d+$');
SELECT ok((SELECT enabled FROM ruvector_features() WHERE feature = 'core'));
SELECT is((SELECT count(*) FROM ruvector_features()), 8::bigint);
SELECT throws_ok('SET ruvector.simd = ''sse9''', '22023');
SELECT * FROM finish();
ROLLBACK;
