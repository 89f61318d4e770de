\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- Every hyperbolic function against values computed with 60 digits ($RUVECTOR_SHARED/golden).
BEGIN;
\set file `f="${RUVECTOR_SHARED:-../shared}/golden/hyperbolic.json"; [ -f "$f" ] && cat "$f" || echo '{"cases": []}'`
CREATE TEMP TABLE golden AS SELECT k->>'op' AS op, k->'inputs' AS i, k->'params' AS p, k->'expected' AS expected,
  coalesce(nullif(k->'tolerance'->'float32', 'null'), k->'tolerance'->'float64') AS tolerance, n
  FROM jsonb_array_elements((:'file'::jsonb)->'cases') WITH ORDINALITY c(k, n);

CREATE FUNCTION pg_temp.v(j jsonb) RETURNS vector LANGUAGE sql AS
  $$ SELECT array_agg(x::float8 ORDER BY n)::vector FROM jsonb_array_elements_text(j) WITH ORDINALITY e(x, n) $$;
CREATE FUNCTION pg_temp.m(j jsonb) RETURNS vector[] LANGUAGE sql AS
  $$ SELECT array_agg(pg_temp.v(x) ORDER BY n) FROM jsonb_array_elements(j) WITH ORDINALITY e(x, n) $$;
CREATE FUNCTION pg_temp.lift(j jsonb, c float8) RETURNS vector LANGUAGE sql AS $$ SELECT ruvector_lorentz_lift(pg_temp.v(j), c) $$;
-- the points of a case with their weights
CREATE FUNCTION pg_temp.points(i jsonb) RETURNS TABLE (x vector, w float8) LANGUAGE sql AS
  $$ SELECT pg_temp.v(e), (i->'weights'->>(n::int - 1))::float8 FROM jsonb_array_elements(i->'points') WITH ORDINALITY p(e, n) $$;

CREATE TEMP TABLE expression (op text PRIMARY KEY, sql text);
INSERT INTO expression VALUES
  ('poincare_distance', 'ruvector_poincare_distance(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('mobius_add', 'ruvector_mobius_add(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('mobius_sub', 'ruvector_mobius_sub(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('mobius_scalar_mul', 'ruvector_mobius_scalar_mul(($2->>''r'')::float8, pg_temp.v($1->''x''), $3)'),
  ('mobius_matvec', 'ruvector_mobius_matvec(pg_temp.m($1->''M''), pg_temp.v($1->''x''), $3)'),
  ('exp_map_origin', 'ruvector_exp_map_origin(pg_temp.v($1->''v''), $3)'),
  ('log_map_origin', 'ruvector_log_map_origin(pg_temp.v($1->''y''), $3)'),
  ('exp_map', 'ruvector_exp_map(pg_temp.v($1->''x''), pg_temp.v($1->''v''), $3)'),
  ('log_map', 'ruvector_log_map(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('conformal_factor', 'ruvector_conformal_factor(pg_temp.v($1->''x''), $3)'),
  ('gyration', 'ruvector_gyration(pg_temp.v($1->''u''), pg_temp.v($1->''v''), pg_temp.v($1->''w''), $3)'),
  ('parallel_transport', 'ruvector_parallel_transport(pg_temp.v($1->''v''), pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('geodesic', 'ruvector_geodesic(pg_temp.v($1->''x''), pg_temp.v($1->''y''), ($2->>''t'')::float8, $3)'),
  ('geodesic_midpoint', 'ruvector_geodesic_midpoint(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('poincare_to_lorentz', 'ruvector_poincare_to_lorentz(pg_temp.v($1->''x''), $3)'),
  ('poincare_to_klein', 'ruvector_poincare_to_klein(pg_temp.v($1->''x''), $3)'),
  ('klein_to_poincare', 'ruvector_klein_to_poincare(pg_temp.v($1->''x''), $3)'),
  ('lorentz_to_klein', 'ruvector_lorentz_to_klein(pg_temp.lift($1->''space'', $3), $3)'),
  ('lorentz_lift', 'pg_temp.lift($1->''space'', $3)'),
  ('minkowski_dot', 'ruvector_minkowski_dot(pg_temp.lift($1->''x_space'', $3), pg_temp.lift($1->''y_space'', $3))'),
  ('lorentz_distance', 'ruvector_lorentz_distance(pg_temp.lift($1->''x_space'', $3), pg_temp.lift($1->''y_space'', $3), $3)'),
  ('lorentz_to_poincare', 'ruvector_lorentz_to_poincare(pg_temp.lift($1->''space'', $3), $3)'),
  ('lorentz_project_tangent', 'ruvector_lorentz_project_tangent(pg_temp.lift($1->''x_space'', $3), pg_temp.v($1->''u''), $3)'),
  ('lorentz_exp_map', 'ruvector_lorentz_exp_map(pg_temp.lift($1->''x_space'', $3), pg_temp.v($1->''u''), $3)'),
  ('lorentz_log_map', 'ruvector_lorentz_log_map(pg_temp.lift($1->''x_space'', $3), pg_temp.lift($1->''y_space'', $3), $3)'),
  ('lorentz_parallel_transport', 'ruvector_lorentz_parallel_transport(pg_temp.v($1->''u''), pg_temp.lift($1->''x_space'', $3), pg_temp.lift($1->''y_space'', $3), $3)'),
  ('einstein_midpoint', '(SELECT ruvector_einstein_midpoint(x, w, $3) FROM pg_temp.points($1))'),
  ('frechet_mean', '(SELECT ruvector_frechet_mean(x, w, $3) FROM pg_temp.points($1))'),
  ('lorentz_centroid', 'ruvector_lorentz_to_poincare((SELECT ruvector_lorentz_centroid(ruvector_poincare_to_lorentz(x, $3), w, $3) FROM pg_temp.points($1)), $3)'),
  ('busemann', 'ruvector_busemann(pg_temp.v($1->''x''), pg_temp.v($1->''xi''), $3)'),
  ('entailment_half_aperture', 'ruvector_entailment_half_aperture(pg_temp.v($1->''x''), ($2->>''K'')::float8, $3)'),
  ('entailment_angle', 'ruvector_entailment_angle(pg_temp.v($1->''x''), pg_temp.v($1->''y''), $3)'),
  ('project', 'ruvector_poincare_project(pg_temp.v($1->''x''), $3, ($2->>''eps'')::float8)');

-- '' when the case agrees, otherwise what came out
CREATE FUNCTION pg_temp.check_case(g golden) RETURNS text LANGUAGE plpgsql AS $$
DECLARE got text; a float8[]; b float8[]; rtol float8 := g.tolerance->>'rtol'; atol float8 := g.tolerance->>'atol';
BEGIN
  EXECUTE 'SELECT (' || (SELECT sql FROM expression e WHERE e.op = g.op) || ')::text'
    INTO got USING g.i, g.p, (g.p->>'curvature')::float8;
  a := translate(CASE WHEN got LIKE '[%' THEN got ELSE '[' || got || ']' END, '[]', '{}')::float8[];
  -- float64's tolerance, but what comes out is float32
  IF got LIKE '[%' THEN rtol := greatest(rtol, 1e-6); END IF;
  b := translate(CASE jsonb_typeof(g.expected) WHEN 'array' THEN g.expected::text ELSE '[' || g.expected::text || ']' END, '[]', '{}')::float8[];
  IF cardinality(a) <> cardinality(b) OR EXISTS (SELECT FROM unnest(a, b) u(x, y) WHERE NOT abs(x - y) <= atol + rtol * abs(y)) THEN
    RETURN format('%s #%s: %s, expected %s', g.op, g.n, a, b);
  END IF;
  RETURN '';
END $$;

SELECT plan(34);
SELECT CASE WHEN (SELECT count(*) FROM golden) = 0 THEN skip('no golden/hyperbolic.json: set RUVECTOR_SHARED', 34)
  ELSE is((SELECT count(*) FROM golden), 338::bigint, 'all cases') || E'\n' || (SELECT string_agg(is(failures, NULL, op || ': ' || cases || ' cases'), E'\n') FROM (
    SELECT op, count(*) AS cases, string_agg(nullif(pg_temp.check_case(g), ''), '; ') AS failures
      FROM golden g GROUP BY op ORDER BY op) s) END;
SELECT * FROM finish();
ROLLBACK;
