\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- Every attention type through SQL against independent values ($RUVECTOR_SHARED/golden).
BEGIN;
\set file `f="${RUVECTOR_SHARED:-../shared}/golden/attention.json"; [ -f "$f" ] && cat "$f" || echo '{"cases": []}'`
CREATE TEMP TABLE golden AS SELECT k->>'name' AS name, split_part(k->>'name', '/', 1) AS type, k->'inputs' AS i,
    (k->'params') - '{ties,bucket,kernel,pinv,compression,num_nodes,block_size_q,block_size_kv,num_experts}'::text[] AS p,
    coalesce(k->'expected'->'output', k->'expected'->'score') AS expected, k->'expected' AS parts, k->'tolerance'->'float32' AS tolerance
  FROM jsonb_array_elements((:'file'::jsonb)->'cases') c(k);

CREATE FUNCTION pg_temp.v(j jsonb) RETURNS vector LANGUAGE sql AS
  $$ SELECT array_agg(x::float8 ORDER BY n)::vector FROM jsonb_array_elements_text(j) WITH ORDINALITY e(x, n) $$;
-- a matrix; three levels are heads, which lie side by side in SQL
CREATE FUNCTION pg_temp.m(j jsonb) RETURNS vector[] LANGUAGE sql AS $$
  SELECT CASE WHEN j IS NULL THEN NULL
    WHEN jsonb_typeof(j->0) = 'number' THEN ARRAY[pg_temp.v(j)]
    WHEN jsonb_typeof(j->0->0) = 'array' THEN (
      SELECT array_agg(row ORDER BY r) FROM (
        SELECT r, array_agg(x::float8 ORDER BY h, n)::vector AS row
          FROM jsonb_array_elements(j) WITH ORDINALITY heads(head, h),
            jsonb_array_elements(head) WITH ORDINALITY rows(line, r),
            jsonb_array_elements_text(line) WITH ORDINALITY e(x, n) GROUP BY r) s)
    ELSE (SELECT array_agg(pg_temp.v(x) ORDER BY n) FROM jsonb_array_elements(j) WITH ORDINALITY e(x, n)) END $$;
-- the parts of a product space side by side
CREATE FUNCTION pg_temp.joined(a vector[], b vector[], c vector[] DEFAULT NULL) RETURNS vector[] LANGUAGE sql AS $$
  SELECT array_agg(CASE WHEN z IS NULL THEN x || y ELSE x || y || z END ORDER BY n)
    FROM unnest(a, b, coalesce(c, array_fill(NULL::vector, ARRAY[cardinality(a)]))) WITH ORDINALITY u(x, y, z, n) $$;

CREATE FUNCTION pg_temp.check_case(g golden) RETURNS text LANGUAGE plpgsql AS $$
DECLARE q vector[]; k vector[]; v vector[]; got vector[]; expected vector[]; bad text; type text := g.type;
  rtol float8 := g.tolerance->>'rtol'; atol float8 := g.tolerance->>'atol'; p jsonb;
  named text[] := '{Q,K,V,X,Y,x,xi,H,Q_space,K_space,V_space,Q2,K2,Q_e,K_e,V_e,Q_h,K_h,V_h,Q_s,K_s,V_s,num_nodes}';
BEGIN
  p := g.p || (g.i - named);
  IF type = 'maxsim' THEN
    RETURN CASE WHEN abs(ruvector_maxsim(pg_temp.m(g.i->'Q'), pg_temp.m(g.i->'D')) - (g.expected)::float8) < atol THEN '' ELSE 'maxsim' END;
  END IF;
  q := pg_temp.m(coalesce(g.i->'Q', g.i->'X', g.i->'x', g.i->'H', g.i->'Q_space', g.i->'xi'));
  k := pg_temp.m(coalesce(g.i->'K', g.i->'Y', g.i->'K_space'));
  v := pg_temp.m(coalesce(g.i->'V', g.i->'V_space'));
  CASE type
    WHEN 'mixed_curvature' THEN
      q := pg_temp.joined(pg_temp.m(g.i->'Q_e'), pg_temp.m(g.i->'Q_h'), pg_temp.m(g.i->'Q_s'));
      k := pg_temp.joined(pg_temp.m(g.i->'K_e'), pg_temp.m(g.i->'K_h'), pg_temp.m(g.i->'K_s'));
      v := pg_temp.joined(pg_temp.m(g.i->'V_e'), pg_temp.m(g.i->'V_h'), pg_temp.m(g.i->'V_s'));
      p := p || '{"dims": [2, 2, 3]}';
    WHEN 'dual_space' THEN
      q := pg_temp.joined(q, pg_temp.m(g.i->'Q_h'));
      k := pg_temp.joined(k, pg_temp.m(g.i->'K_h'));
      p := p || '{"dims": [3, 3]}';
    WHEN 'differential' THEN
      q := pg_temp.joined(q, pg_temp.m(g.i->'Q2'));
      k := pg_temp.joined(k, pg_temp.m(g.i->'K2'));
      p := (p - 'lambda_') || jsonb_build_object('lambda', p->'lambda_');
    WHEN 'feedback' THEN p := p || jsonb_build_object('layers', g.i->'X');
    WHEN 'compressive' THEN k := pg_temp.m(g.i->'X');
    WHEN 'talking_heads' THEN p := p || '{"num_heads": 2}';
    WHEN 'multi_head' THEN p := p - 'layout';
    WHEN 'pma' THEN q := k;
    WHEN 'flash' THEN p := p || '{"block_q": 2, "block_kv": 3}';
    WHEN 'synthesizer' THEN q := coalesce(q, v);
    ELSE
  END CASE;
  k := coalesce(k, q);
  got := ruvector_attention_batch(q, k, coalesce(v, k), type, p);
  expected := CASE type WHEN 'mixed_curvature' THEN pg_temp.joined(pg_temp.m(g.parts->'out_e'), pg_temp.m(g.parts->'out_h'), pg_temp.m(g.parts->'out_s'))
    ELSE pg_temp.m(g.expected) END;
  SELECT string_agg(format('%s, expected %s', a, b), '; ') INTO bad
    FROM unnest(got, expected) u(x, y), unnest(x::real[], y::real[]) w(a, b)
    WHERE a IS NULL OR b IS NULL OR NOT abs(a::float8 - b) <= atol + rtol * abs(b);
  RETURN CASE WHEN cardinality(got) IS DISTINCT FROM cardinality(expected) THEN 'rows' ELSE coalesce(bad, '') END;
END $$;

SELECT plan(86);
SELECT CASE WHEN (SELECT count(*) FROM golden) = 0 THEN skip('no golden/attention.json: set RUVECTOR_SHARED', 86)
  ELSE (SELECT string_agg(is(pg_temp.check_case(g), '', name), E'\n') FROM golden g) END;
SELECT * FROM finish();
ROLLBACK;
