\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(37);
-- the operators
SELECT ok(abs(('[0.5,0]'::vector <~> '[0,0]') - ln(3::float8)) < 1e-14, 'the distance from the origin is 2 artanh |x|');
SELECT is('[0.5,0]'::vector <~> '[0,0.5]', ruvector_poincare_distance('[0.5,0]', '[0,0.5]'));
SELECT is(round(('[1,0]'::vector <&> ruvector_lorentz_lift('[2]'))::numeric, 10), round(asinh(2)::numeric, 10), 'Lorentz distance');
SELECT is(ruvector_poincare_to_lorentz('[0.25,0.5]')::vector <&> ruvector_poincare_to_lorentz('[-0.5,0.25]'),
  ruvector_hyperbolic_distance(ruvector_poincare_to_lorentz('[0.25,0.5]'), ruvector_poincare_to_lorentz('[-0.5,0.25]'), 'lorentz'));
SELECT is(B'101' <~> B'100', 1::float8, 'the operator on bit is still there');
SELECT ok(abs(ruvector_hyperbolic_distance(ruvector_poincare_to_klein('[0.25,0.5]'), ruvector_poincare_to_klein('[-0.5,0.25]'), 'klein')
  - ruvector_poincare_distance('[0.25,0.5]', '[-0.5,0.25]')) < 1e-6, 'Klein and Poincare agree');
SELECT ok(abs((ruvector_to_unit_curvature('[0.3,0.4]', -0.25) <~> ruvector_to_unit_curvature('[0.6,-0.4]', -0.25))
  - 0.5 * ruvector_poincare_distance('[0.3,0.4]', '[0.6,-0.4]', -0.25)) < 1e-6, 'another curvature by rescaling');
-- errors
SELECT throws_ok($$select '[1,0]'::vector <~> '[0,0]'$$, '22023', 'point of norm 1 is not inside the Poincare ball of radius 1');
SELECT throws_ok($$select ruvector_poincare_distance('[0.6,0]', '[0,0]', -4)$$, '22023', 'point of norm 0.600000024 is not inside the Poincare ball of radius 0.5');
SELECT throws_ok($$select ruvector_poincare_distance('[0.5,0]', '[0,0]', 1)$$, '22023', 'curvature must be negative, not 1');
SELECT throws_ok($$select ruvector_poincare_distance('[0.5,0]', '[0,0]', 'nan')$$, '22023', 'curvature must be negative, not nan');
SELECT throws_ok($$select ruvector_poincare_distance('[0.5,0]', '[0]')$$, '22000', 'different vector dimensions 2 and 1');
SELECT throws_ok($$select '[1,1]'::vector <&> '[1,0]'$$, '22023', 'point is not on the hyperboloid: its first coordinate is 1, not 1.41421356');
SELECT throws_ok($$select '[1]'::vector <&> '[1]'$$, '22000', 'a point of the Lorentz model has at least 2 coordinates, not 1');
SELECT throws_ok($$select ruvector_hyperbolic_distance('[0]', '[0]', 'euclid')$$, '22023', 'unknown model of hyperbolic space "euclid"');
SELECT throws_ok($$select ruvector_to_poincare('[1]', -1, 'best')$$, '22023', 'unknown method "best"');
SELECT throws_ok($$select ruvector_to_poincare('[1]', -1, 'centroid')$$, '22023', 'method "centroid" needs a centroid');
SELECT throws_ok($$select ruvector_mobius_matvec('{}', '[0.5]')$$, '22000', 'matrix must have at least 1 row');
SELECT throws_ok($$select ruvector_mobius_matvec(ARRAY[NULL::vector], '[0.5]')$$, '22004', 'matrix must not contain nulls');
SELECT throws_ok($$select ruvector_poincare_project('[3]', -1, 2)$$, '22023', 'eps must be between 0 and 1, not 2');
SELECT throws_ok($$select ruvector_busemann('[0.5]', '[0]')$$, '22023', 'ideal point must not be the zero vector');
SELECT throws_ok($$select ruvector_lorentz_lift('[3e38,3e38]')$$, '22003');
-- results stay inside the ball, whatever float32 does to them
SELECT ok(vector_norm(ruvector_exp_map_origin('[100,0]')) < 1, 'a far tangent vector');
SELECT ok(ruvector_exp_map_origin('[100,0]') <~> '[0,0]' > 14, 'lands far out');
SELECT lives_ok($$select ruvector_mobius_add(ruvector_exp_map_origin('[100,1]'), ruvector_exp_map_origin('[3,100]'))$$);
SELECT is(ruvector_to_poincare('[3,4]', -1, 'scale'), '[0.5,0.6666667]'::vector, 'scale');
SELECT is(ruvector_to_poincare('[1,1]', -1, 'centroid', '[1,1]'), '[0,0]'::vector, 'centroid');
SELECT is(ruvector_to_poincare(NULL), NULL);
-- aggregates
CREATE TEMP TABLE p AS SELECT i, ruvector_exp_map_origin(ARRAY[cos(i) * i / 20.0, sin(i) * i / 20.0]::vector) AS x FROM generate_series(1, 40) i;
SELECT is((SELECT ruvector_einstein_midpoint(x) FROM p WHERE i = 7), (SELECT x FROM p WHERE i = 7), 'one point is its own midpoint');
SELECT is((SELECT ruvector_frechet_mean(x) FROM p WHERE false), NULL, 'no rows');
SELECT is((SELECT ruvector_einstein_midpoint(x, w) FROM (VALUES ('[0.5,0]'::vector, 1.0), (NULL, 5), ('[0.1,0.2]', NULL)) v(x, w)), '[0.5,0]', 'NULLs do not count');
SELECT throws_ok($$select ruvector_einstein_midpoint(x, -1) from p$$, '22023');
SELECT throws_ok($$select ruvector_einstein_midpoint(x, 0) from p$$, '22023', 'the weights sum to zero');
SELECT throws_ok($$select ruvector_frechet_mean(x, 1, -1.0 - i * 1e-3) from p$$, '22023', 'curvature must be the same in every row of a group');
SELECT is(ruvector_entails('[0.3,0]', '[0.6,0.02]'), true, 'entailment cone');
-- parallel workers give the same
CREATE TABLE big AS SELECT ruvector_exp_map_origin(ARRAY[cos(i), sin(i * 1.1) / 2]::vector) AS x, 1.0 + i % 3 AS w FROM generate_series(1, 20000) i;
CREATE TEMP TABLE serial AS SELECT ruvector_einstein_midpoint(x, w) AS m, ruvector_lorentz_centroid(ruvector_poincare_to_lorentz(x), w) AS l FROM big;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SELECT ok((SELECT m <-> pm < 1e-6 AND l <-> pl < 1e-5 FROM serial,
  (SELECT ruvector_einstein_midpoint(x, w) AS pm, ruvector_lorentz_centroid(ruvector_poincare_to_lorentz(x), w) AS pl FROM big) s), 'parallel aggregation');
SELECT is((SELECT string_agg(n, ', ') FROM unnest('{ruvector_poincare_distance,ruvector_lorentz_distance,ruvector_klein_distance,ruvector_hyperbolic_distance,ruvector_minkowski_dot,ruvector_mobius_add,ruvector_mobius_sub,ruvector_mobius_scalar_mul,ruvector_mobius_matvec,ruvector_exp_map,ruvector_log_map,ruvector_exp_map_origin,ruvector_log_map_origin,ruvector_parallel_transport,ruvector_geodesic,ruvector_geodesic_midpoint,ruvector_gyration,ruvector_conformal_factor,ruvector_poincare_project,ruvector_project_to_hyperbolic,ruvector_to_poincare,ruvector_lorentz_lift,ruvector_lorentz_exp_map,ruvector_lorentz_log_map,ruvector_lorentz_parallel_transport,ruvector_poincare_to_lorentz,ruvector_lorentz_to_poincare,ruvector_poincare_to_klein,ruvector_klein_to_poincare,ruvector_lorentz_to_klein,ruvector_klein_to_lorentz,ruvector_busemann,ruvector_entailment_angle,ruvector_entailment_half_aperture,ruvector_entails,ruvector_is_a_score,ruvector_einstein_midpoint,ruvector_frechet_mean,ruvector_lorentz_centroid,ruvector_poincare_embed,ruvector_train_poincare,ruvector_poincare_evaluate,ruvector_to_unit_curvature}'::text[]) n
  WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = n)), NULL, 'every name of the feature is there');
SELECT * FROM finish();
ROLLBACK;
