-- vector: text, binary, distances, arithmetic.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
-- Values with a packed header (dim 5), inline (300), out of line (3000) and, last, compressed.
CREATE TABLE samples (id int, dim int, v vector);
INSERT INTO samples
  SELECT d * 10 + k, d, (SELECT array_agg(sin(d * i + k))::vector FROM generate_series(1, d) i)
  FROM unnest(ARRAY[5, 300, 3000]) d, generate_series(1, 3) k;
ALTER TABLE samples ALTER COLUMN v SET STORAGE EXTENDED;
INSERT INTO samples SELECT 1, 3000, array_fill(1.0::real, ARRAY[3000])::vector;
CREATE TABLE back AS SELECT id, vector_send(v) AS wire FROM samples;
CREATE FUNCTION pg_temp.distances_at(level text) RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE r numeric[];
BEGIN
  PERFORM set_config('ruvector.simd', level, true);
  SELECT array_agg(round(x::numeric, 1) ORDER BY a, b, n) INTO r FROM (
    SELECT a.id AS a, b.id AS b, n, CASE n WHEN 1 THEN a.v <-> b.v WHEN 2 THEN a.v <#> b.v
      WHEN 3 THEN a.v <=> b.v ELSE a.v <+> b.v END AS x
    FROM samples a JOIN samples b USING (dim), generate_series(1, 4) n) s;
  PERFORM set_config('ruvector.simd', 'auto', true);
  RETURN r;
END $$;
SELECT plan(36);

SELECT is('[1,2.5,-3]'::vector::text, '[1,2.5,-3]', 'text round trip');
SELECT is(E' \t[ 1 ,\n2 ] '::vector::text, '[1,2]', 'white space around every token');
SELECT is('[1e-46]'::vector::text, '[0]', 'underflow is silent');
SELECT is('[-0]'::vector::text, '[-0]', 'the sign of zero is kept');
SELECT is('[1,2]'::vector(2)::text, '[1,2]', 'type modifier');
SELECT is(vector_send('[1,-2]'), '\x000200003f800000c0000000'::bytea, 'wire format');
SELECT is(format_type('vector'::regtype, 3), 'vector(3)', 'the modifier prints');
SELECT is(ARRAY['[1,2]'::vector, '[3]']::text, '{"[1,2]",[3]}', 'arrays');
SELECT is(pg_column_size('[1,2,3]'::vector), 20, 'size of a value');
SELECT is('[1,2]'::vector <-> '[4,6]', 5::float8, '<->');
SELECT is('[1,2]'::vector <#> '[4,6]', -16::float8, '<#> is the negative inner product');
SELECT is(inner_product('[1,2]'::vector, '[4,6]'), 16::float8, 'inner_product');
SELECT is('[1,0]'::vector <=> '[0,2]', 1::float8, '<=>');
SELECT is('[1,1]'::vector <=> '[-1,-1]', 2::float8, '<=> of opposites');
SELECT is('[0,0]'::vector <=> '[0,2]', 'NaN'::float8, '<=> with a zero vector');
SELECT is('[1,2]'::vector <+> '[4,-6]', 11::float8, '<+>');
SELECT is(vector_l2_squared_distance('[1,2]', '[4,6]'), 25::float8, 'squared distance');
SELECT is(vector_spherical_distance('[1,0]', '[0,1]'), 0.5::float8, 'angle over pi');
SELECT is(vector_dims('[1,2,3]'::vector), 3, 'vector_dims');
SELECT is(vector_norm('[3,4]'::vector), 5::float8, 'norm');
SELECT is(l2_normalize('[3,-4]'::vector), '[0.6,-0.8]'::vector, 'l2_normalize');
SELECT is(l2_normalize('[0,-0]'::vector)::text, '[0,0]', 'a zero vector stays zero');
SELECT is(binary_quantize('[1,0,-1,2]'::vector), B'1001', 'binary_quantize');
SELECT is(subvector('[1,2,3,4]'::vector, 2, 2)::text, '[2,3]', 'subvector');
SELECT is(subvector('[1,2,3,4]'::vector, -1, 4)::text, '[1,2]', 'subvector clips at the start');
SELECT is(subvector('[1,2,3,4]'::vector, 4, 2147483647)::text, '[4]', 'subvector clips at the end');
SELECT is(('[1,2]'::vector + '[3,5]')::text, '[4,7]', '+');
SELECT is(('[1,2]'::vector - '[3,5]')::text, '[-2,-3]', '-');
SELECT is(('[1,2]'::vector * '[3,5]')::text, '[3,10]', '*');
SELECT is(('[1,2]'::vector || '[3]')::text, '[1,2,3]', '||');
SELECT is(l2_distance(NULL::vector, '[1]'), NULL::float8, 'NULL in, NULL out');
SELECT results_eq($$SELECT vector_send(v) = wire, v FROM samples, back WHERE samples.id = back.id ORDER BY samples.id$$, $$SELECT true, v FROM samples ORDER BY id$$, 'a stored value is what was inserted');
SELECT is((SELECT count(*) FROM samples a JOIN samples b USING (dim) WHERE a.v <-> b.v IS DISTINCT FROM b.v <-> a.v), 0::bigint, '<-> is symmetric on plain, packed, compressed and out-of-line values');
SELECT is((SELECT count(*) FROM samples WHERE v <-> v <> 0), 0::bigint, 'distance to itself');
SELECT is((SELECT count(*) FROM samples WHERE id = 1 AND pg_column_compression(v) IS NOT NULL AND pg_column_size(v) < 2000), 1::bigint, 'one value is compressed');
SELECT is((SELECT count(*) FROM jsonb_array_elements_text(ruvector_simd_info() -> 'available') l WHERE pg_temp.distances_at(l) IS DISTINCT FROM pg_temp.distances_at('baseline')), 0::bigint, 'every SIMD level gives the same distances');
SELECT * FROM finish();
ROLLBACK;
