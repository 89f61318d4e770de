-- Casts between vector, halfvec and arrays.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE FUNCTION pg_temp.total(real[]) RETURNS real LANGUAGE sql AS 'SELECT sum(x) FROM unnest($1) x';
CREATE TABLE assigned (v vector(2), h halfvec(2));
SELECT plan(32);

SELECT is('{1,-2,3}'::int4[]::vector::text, '[1,-2,3]', 'int4[] to vector');
SELECT is('{1,-2,3}'::float4[]::vector::text, '[1,-2,3]', 'float4[] to vector');
SELECT is('{1,-2,3}'::float8[]::vector::text, '[1,-2,3]', 'float8[] to vector');
SELECT is('{1,-2,3}'::numeric[]::vector::text, '[1,-2,3]', 'numeric[] to vector');
SELECT is('[1,2.5]'::vector::real[], '{1,2.5}'::real[], 'vector to real[]');
SELECT is('[1,2]'::vector::vector(2)::text, '[1,2]', 'vector to its modifier');
SELECT throws_ok($$SELECT '{1,2}'::real[]::vector(3)$$, '22000', $$expected 3 dimensions, not 2$$);
SELECT throws_ok($$SELECT '[1,2]'::vector::vector(3)$$, '22000', $$expected 3 dimensions, not 2$$);
SELECT is('[0:1]={4,5}'::real[]::vector::text, '[4,5]', 'vector: the array bounds do not matter');
SELECT is('{1e-50}'::float8[]::vector::text, '[0]', 'vector: float8 underflow is silent');
SELECT throws_ok($$SELECT '{NaN}'::float8[]::vector$$, '22000', $$NaN not allowed in vector$$);
SELECT throws_ok($$SELECT '{1e300}'::float8[]::vector$$, '22000', $$infinite value not allowed in vector$$);
SELECT is('{1,-2,3}'::int4[]::halfvec::text, '[1,-2,3]', 'int4[] to halfvec');
SELECT is('{1,-2,3}'::float4[]::halfvec::text, '[1,-2,3]', 'float4[] to halfvec');
SELECT is('{1,-2,3}'::float8[]::halfvec::text, '[1,-2,3]', 'float8[] to halfvec');
SELECT is('{1,-2,3}'::numeric[]::halfvec::text, '[1,-2,3]', 'numeric[] to halfvec');
SELECT is('[1,2.5]'::halfvec::real[], '{1,2.5}'::real[], 'halfvec to real[]');
SELECT is('[1,2]'::halfvec::halfvec(2)::text, '[1,2]', 'halfvec to its modifier');
SELECT throws_ok($$SELECT '{1,2}'::real[]::halfvec(3)$$, '22000', $$expected 3 dimensions, not 2$$);
SELECT throws_ok($$SELECT '[1,2]'::halfvec::halfvec(3)$$, '22000', $$expected 3 dimensions, not 2$$);
SELECT is('[0:1]={4,5}'::real[]::halfvec::text, '[4,5]', 'halfvec: the array bounds do not matter');
SELECT is('{1e-50}'::float8[]::halfvec::text, '[0]', 'halfvec: float8 underflow is silent');
SELECT throws_ok($$SELECT '{NaN}'::float8[]::halfvec$$, '22000', $$NaN not allowed in halfvec$$);
SELECT throws_ok($$SELECT '{1e300}'::float8[]::halfvec$$, '22000', $$infinite value not allowed in halfvec$$);
SELECT is('[0.1,2]'::vector::halfvec::text, '[0.099975586,2]', 'vector to halfvec rounds');
SELECT is('[0.1,2]'::halfvec::vector::text, '[0.099975586,2]', 'halfvec to vector is exact');
SELECT throws_ok($$SELECT '[1,2]'::vector::halfvec(1)$$, '22000', $$expected 1 dimensions, not 2$$);
SELECT throws_ok($$SELECT '[1,2]'::halfvec::vector(1)$$, '22000', $$expected 1 dimensions, not 2$$);
SELECT is(pg_temp.total('[1,2,3]'::vector), 6::real, 'vector to real[] is implicit');
SELECT lives_ok($$INSERT INTO assigned VALUES (ARRAY[1,2]::int[], ARRAY[1.5,2]::numeric[])$$, 'array assignment casts');
SELECT throws_ok($$INSERT INTO assigned(v) VALUES (ARRAY[1,2,3]::float8[])$$, '22000', 'expected 2 dimensions, not 3');
SELECT results_eq($$SELECT v::text, h::text FROM assigned$$, $$VALUES ('[1,2]', '[1.5,2]')$$, 'assigned values');
SELECT * FROM finish();
ROLLBACK;
