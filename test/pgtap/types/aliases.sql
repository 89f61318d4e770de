-- The ruvector_ names and the functions about the installation.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE FUNCTION pg_temp.level_after(level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('ruvector.simd', level, true); RETURN ruvector_simd_info() ->> 'level'; END $$;
SELECT plan(29);

SELECT is(ruvector_l2_distance('[1,2]'::vector, '[3,5]'::vector), l2_distance('[1,2]'::vector, '[3,5]'::vector), 'vector: ruvector_l2_distance');
SELECT is(ruvector_inner_product('[1,2]'::vector, '[3,5]'::vector), inner_product('[1,2]'::vector, '[3,5]'::vector), 'vector: ruvector_inner_product');
SELECT is(ruvector_cosine_distance('[1,2]'::vector, '[3,5]'::vector), cosine_distance('[1,2]'::vector, '[3,5]'::vector), 'vector: ruvector_cosine_distance');
SELECT is(ruvector_l1_distance('[1,2]'::vector, '[3,5]'::vector), l1_distance('[1,2]'::vector, '[3,5]'::vector), 'vector: ruvector_l1_distance');
SELECT is(ruvector_norm('[3,4]'::vector), 5::float8, 'vector: ruvector_norm');
SELECT is(ruvector_normalize('[0,5]'::vector)::text, '[0,1]', 'vector: ruvector_normalize');
SELECT is(ruvector_add('[1,2]'::vector, '[3,5]'::vector)::text, '[4,7]', 'vector: ruvector_add');
SELECT is(ruvector_sub('[1,2]'::vector, '[3,5]'::vector)::text, '[-2,-3]', 'vector: ruvector_sub');
SELECT is(ruvector_mul('[1,2]'::vector, '[3,5]'::vector)::text, '[3,10]', 'vector: ruvector_mul');
SELECT is(ruvector_scalar_mul('[1,-2]'::vector, 2.5::real)::text, '[2.5,-5]', 'vector: ruvector_scalar_mul');
SELECT is(ruvector_l2_distance('[1,2]'::halfvec, '[3,5]'::halfvec), l2_distance('[1,2]'::halfvec, '[3,5]'::halfvec), 'halfvec: ruvector_l2_distance');
SELECT is(ruvector_inner_product('[1,2]'::halfvec, '[3,5]'::halfvec), inner_product('[1,2]'::halfvec, '[3,5]'::halfvec), 'halfvec: ruvector_inner_product');
SELECT is(ruvector_cosine_distance('[1,2]'::halfvec, '[3,5]'::halfvec), cosine_distance('[1,2]'::halfvec, '[3,5]'::halfvec), 'halfvec: ruvector_cosine_distance');
SELECT is(ruvector_l1_distance('[1,2]'::halfvec, '[3,5]'::halfvec), l1_distance('[1,2]'::halfvec, '[3,5]'::halfvec), 'halfvec: ruvector_l1_distance');
SELECT is(ruvector_norm('[3,4]'::halfvec), 5::float8, 'halfvec: ruvector_norm');
SELECT is(ruvector_normalize('[0,5]'::halfvec)::text, '[0,1]', 'halfvec: ruvector_normalize');
SELECT is(ruvector_add('[1,2]'::halfvec, '[3,5]'::halfvec)::text, '[4,7]', 'halfvec: ruvector_add');
SELECT is(ruvector_sub('[1,2]'::halfvec, '[3,5]'::halfvec)::text, '[-2,-3]', 'halfvec: ruvector_sub');
SELECT is(ruvector_mul('[1,2]'::halfvec, '[3,5]'::halfvec)::text, '[3,10]', 'halfvec: ruvector_mul');
SELECT is(ruvector_scalar_mul('[1,-2]'::halfvec, 2.5::real)::text, '[2.5,-5]', 'halfvec: ruvector_scalar_mul');
SELECT is(ruvector_version(), extversion, 'the module and the extension have one version') FROM pg_extension WHERE extname = 'ruvector';
SELECT ok(ruvector_simd_info() -> 'available' ? (ruvector_simd_info() ->> 'level'), 'the level in use is available');
SELECT is((SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_each(ruvector_simd_info())), 'available best cpu_features level needs', 'what simd_info tells');
SELECT is((SELECT count(*) FROM jsonb_each(ruvector_simd_info() -> 'needs') n(level, sets), jsonb_array_elements_text(sets) s
  WHERE ruvector_simd_info() -> 'available' ? n.level AND NOT (ruvector_simd_info() -> 'cpu_features' ->> s)::boolean), 0::bigint, 'an available level has what it needs');
SELECT is((SELECT string_agg(n.level, ' ') FROM jsonb_each(ruvector_simd_info() -> 'needs') n(level, sets)
  WHERE NOT ruvector_simd_info() -> 'available' ? n.level AND NOT EXISTS (SELECT FROM jsonb_each_text(ruvector_simd_info() -> 'cpu_features') f WHERE f.value = 'false')), NULL, 'a level is missing only where a feature is');
SELECT is(ruvector_simd_info() -> 'available' -> -1, ruvector_simd_info() -> 'best', 'levels are listed in order');
SELECT is(pg_temp.level_after('baseline'), 'baseline', 'SET ruvector.simd lowers the level');
SELECT is((SELECT enabled FROM ruvector_features() WHERE feature = 'core'), true, 'the core is always there');
SELECT is((SELECT count(*) FROM ruvector_features() WHERE description = '' OR enabled IS NULL), 0::bigint, 'every feature is described');
SELECT * FROM finish();
ROLLBACK;
