\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- Layers and aggregators through SQL against independent values ($RUVECTOR_SHARED/golden).
BEGIN;
\set file `f="${RUVECTOR_SHARED:-../shared}/golden/gnn.json"; [ -f "$f" ] && cat "$f" || echo '{"cases": []}'`
CREATE TEMP TABLE golden AS SELECT k->>'name' AS name, split_part(k->>'name', '/', 1) AS type, k->'inputs' AS i,
    k->'params' AS p, k->'expected'->'output' AS expected, k->'tolerance'->'float32' AS tolerance
  FROM jsonb_array_elements((:'file'::jsonb)->'cases') c(k)
  WHERE k->>'name' !~ '^(train|decoder)/';

CREATE FUNCTION pg_temp.v(j jsonb) RETURNS vector LANGUAGE sql AS
  $$ SELECT array_agg(x::float8 ORDER BY n)::vector FROM jsonb_array_elements_text(j) WITH ORDINALITY e(x, n) $$;
CREATE FUNCTION pg_temp.m(j jsonb) RETURNS vector[] LANGUAGE sql AS
  $$ SELECT array_agg(pg_temp.v(x) ORDER BY n) FROM jsonb_array_elements(j) WITH ORDINALITY e(x, n) $$;
-- node numbers from 1
CREATE FUNCTION pg_temp.ends(j jsonb) RETURNS int[] LANGUAGE sql AS
  $$ SELECT array_agg(x::int + 1 ORDER BY n) FROM jsonb_array_elements_text(j) WITH ORDINALITY e(x, n) $$;
CREATE FUNCTION pg_temp.reals(j jsonb) RETURNS real[] LANGUAGE sql AS
  $$ SELECT array_agg(x::real ORDER BY n) FROM jsonb_array_elements_text(j) WITH ORDINALITY e(x, n) $$;

-- Our names of the golden's parameters and weights.
CREATE FUNCTION pg_temp.params(type text, p jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT coalesce(jsonb_object_agg(CASE key WHEN 'add_self_loops' THEN 'self_loops' WHEN 'num_heads' THEN 'heads' WHEN 'K' THEN 'hops' ELSE key END, value), '{}')
    || CASE WHEN type = 'sage' AND p->>'aggregator' = 'gcn' THEN '{"bias": false}'::jsonb ELSE '{}' END
  FROM jsonb_each(p) $$;
CREATE FUNCTION pg_temp.weights(type text, i jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT coalesce(jsonb_object_agg(CASE key WHEN 'W' THEN 'weight' WHEN 'W_neigh' THEN 'weight_neighbor' WHEN 'W_self' THEN 'weight_self'
      WHEN 'W_pool' THEN 'weight_pool' WHEN 'b_pool' THEN 'bias_pool' WHEN 'W_ih' THEN 'weight_ih' WHEN 'W_hh' THEN 'weight_hh'
      WHEN 'b_ih' THEN 'bias_ih' WHEN 'b_hh' THEN 'bias_hh' WHEN 'a_src' THEN 'attention_source' WHEN 'a_dst' THEN 'attention_target'
      WHEN 'W_l' THEN 'weight_source' WHEN 'W_r' THEN 'weight_target' WHEN 'a' THEN 'attention' WHEN 'W_1' THEN 'weight_1' WHEN 'b_1' THEN 'bias_1'
      WHEN 'W_2' THEN 'weight_2' WHEN 'b_2' THEN 'bias_2' ELSE key END, value), '{}')
  FROM jsonb_each(i) WHERE key NOT IN ('x', 'edge_index', 'num_nodes', 'edge_weight') $$;

CREATE TEMP TABLE nodes (id int, embedding vector);
CREATE TEMP TABLE edges (src_id int, dst_id int, w real);
CREATE FUNCTION pg_temp.passed(g golden) RETURNS vector[] LANGUAGE plpgsql AS $$
DECLARE out vector[];
BEGIN
  TRUNCATE nodes, edges;
  INSERT INTO nodes SELECT n, x FROM unnest(pg_temp.m(g.i->'x')) WITH ORDINALITY u(x, n);
  INSERT INTO edges SELECT s, d, coalesce(w, 1) FROM unnest(pg_temp.ends(g.i->'edge_index'->0), pg_temp.ends(g.i->'edge_index'->1), pg_temp.reals(g.i->'edge_weight')) u(s, d, w);
  SELECT array_agg(output ORDER BY node_id) INTO out
    FROM ruvector_message_pass('nodes', 'edges', aggregator => g.p->>'aggregator', weight_column => CASE WHEN g.i ? 'edge_weight' THEN 'w'::name END, directed => true);
  RETURN out;
END $$;

SELECT CASE WHEN EXISTS (SELECT FROM golden) THEN plan((SELECT count(*)::int FROM golden))
  ELSE plan(1) END;
SELECT skip('no golden/gnn.json', 1) WHERE NOT EXISTS (SELECT FROM golden);
SELECT ok((SELECT bool_and(abs(g - w) <= (tolerance->>'atol')::float8 + (tolerance->>'rtol')::float8 * abs(w)) AND count(*) = (SELECT count(*) FROM unnest(want) q, unnest(q::real[]))
    FROM unnest(got) WITH ORDINALITY a(x, n), unnest(want) WITH ORDINALITY b(y, m), unnest(x::real[], y::real[]) WITH ORDINALITY u(g, w, k) WHERE n = m), name)
  FROM (SELECT golden.*, pg_temp.m(expected) AS want,
      CASE type WHEN 'message_pass' THEN pg_temp.passed(golden) ELSE
      ruvector_gnn_layer(type, pg_temp.m(i->'x'), pg_temp.ends(i->'edge_index'->0), pg_temp.ends(i->'edge_index'->1),
        pg_temp.weights(type, i), pg_temp.params(type, p), pg_temp.reals(i->'edge_weight')) END AS got
    FROM golden) s;
SELECT * FROM finish();
ROLLBACK;
