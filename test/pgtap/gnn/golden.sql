\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- Layers, aggregators, decoders and training through SQL against independent values ($RUVECTOR_SHARED/golden).
BEGIN;
\set file `f="${RUVECTOR_SHARED:-../shared}/golden/gnn.json"; [ -f "$f" ] && cat "$f" || echo '{"cases": []}'`
CREATE TEMP TABLE golden AS SELECT k->>'name' AS name, split_part(k->>'name', '/', 1) AS type, k->'inputs' AS i,
    k->'params' AS p, k->'expected' AS e, k->'expected'->'output' AS expected, k->'tolerance'->'float32' AS tolerance
  FROM jsonb_array_elements((:'file'::jsonb)->'cases') c(k);
CREATE FUNCTION pg_temp.near(g float8, w float8, t jsonb) RETURNS boolean LANGUAGE sql AS
  $$ SELECT coalesce(abs(g - w) <= (t->>'atol')::float8 + (t->>'rtol')::float8 * abs(w), false) $$;

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

-- Decoders: the model of predict_links is the identity, distmult is arithmetic of vectors.
SELECT ruvector_gnn_create('identity', '[{"type": "linear", "out": 4}]', 4);
SELECT ruvector_gnn_set_parameter('identity', 1, 'weight', '{1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}');
CREATE FUNCTION pg_temp.decoded(g golden) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE good boolean;
BEGIN
  TRUNCATE nodes, edges;
  INSERT INTO nodes SELECT n - 1, x FROM unnest(pg_temp.m(g.i->'z')) WITH ORDINALITY u(x, n);
  SELECT bool_and(pg_temp.near(CASE g.name WHEN 'decoder/dot'
      THEN (SELECT score FROM ruvector_predict_links('identity', 'nodes', 'edges', 'embedding', (pair->>0)::int, 100) WHERE target = (pair->>1)::int)
      ELSE vector_negative_inner_product(a.embedding * pg_temp.v(g.i->'r'), b.embedding) * -1 END,
    (g.expected->>(n::int - 1))::float8, g.tolerance)) INTO good
    FROM jsonb_array_elements(g.i->'pairs') WITH ORDINALITY p(pair, n), nodes a, nodes b
    WHERE a.id = (pair->>0)::int AND b.id = (pair->>1)::int;
  RETURN good;
END $$;

-- Training: logits before, the loss, and the loss after one step of Adam on given weights.
CREATE TEMP TABLE layers (name text, layers jsonb, ours text[], theirs text[]);
INSERT INTO layers VALUES
  ('train/gcn', '[{"type": "gcn", "out": 4, "activation": "relu"}, {"type": "gcn", "out": 3}]',
    '{1 weight,1 bias,2 weight,2 bias}', '{W_0,b_0,W_1,b_1}'),
  ('train/sage_mean', '[{"type": "sage", "out": 4, "activation": "relu"}, {"type": "sage", "out": 3}]',
    '{1 weight_neighbor,1 weight_self,1 bias,2 weight_neighbor,2 weight_self,2 bias}', '{Wn_0,Ws_0,b_0,Wn_1,Ws_1,b_1}'),
  ('train/gat', '[{"type": "gat", "out": 2, "heads": 2, "activation": "elu"}, {"type": "gat", "out": 3}]',
    '{1 weight,1 attention_source,1 attention_target,1 bias,2 weight,2 attention_source,2 attention_target,2 bias}',
    '{W_0,as_0,ad_0,b_0,W_1,as_1,ad_1,b_1}'),
  ('train/gin', '[{"type": "gin", "out": 4, "hidden": 4, "activation": "relu", "train_eps": true}, {"type": "linear", "out": 3}]',
    '{1 weight_1,1 bias_1,1 weight_2,1 bias_2,1 eps,2 weight,2 bias}', '{M1_0,c1_0,M2_0,c2_0,eps,W_out,b_out}');
CREATE TEMP TABLE labelled (id int, embedding vector, label int, split text);
CREATE FUNCTION pg_temp.trained(g golden) RETURNS text LANGUAGE plpgsql AS $$
DECLARE l layers; k int; losses float8[]; bad text;
BEGIN
  TRUNCATE labelled, edges;
  SELECT * INTO l FROM layers WHERE name = g.name;
  INSERT INTO labelled SELECT n - 1, x, (g.i->'y'->>(n::int - 1))::int, CASE WHEN g.i->'train' @> to_jsonb(n - 1) THEN 'train' ELSE 'none' END
    FROM unnest(pg_temp.m(g.i->'x')) WITH ORDINALITY u(x, n);
  INSERT INTO edges SELECT s - 1, d - 1, 1 FROM unnest(pg_temp.ends(g.i->'edge_index'->0), pg_temp.ends(g.i->'edge_index'->1)) u(s, d);
  PERFORM ruvector_gnn_create(g.name, l.layers, 3);
  FOR k IN 1..cardinality(l.ours) LOOP
    PERFORM ruvector_gnn_set_parameter(g.name, split_part(l.ours[k], ' ', 1)::int, split_part(l.ours[k], ' ', 2),
      ARRAY(SELECT x::text::real FROM jsonb_path_query(g.i->l.theirs[k], 'strict $.** ? (@.type() == "number")') x));
  END LOOP;
  SELECT string_agg(format('node %s: %s', node_id, output), '; ') INTO bad FROM ruvector_gnn_forward(g.name, 'labelled', 'edges', directed => true), unnest(output::real[]) WITH ORDINALITY u(x, n)
    WHERE NOT pg_temp.near(x, (g.e->'logits'->node_id::int->>(n::int - 1))::float8, g.tolerance);
  SELECT array_agg(loss ORDER BY epoch) INTO losses FROM ruvector_gnn_train(g.name, 'labelled', 'edges', label => 'label', split => 'split',
    epochs => 2, learning_rate => 0.01, weight_decay => 0.0005, warm_start => true, directed => true);
  RETURN concat(bad, CASE WHEN pg_temp.near(losses[1], (g.e->>'loss')::float8, g.tolerance)
    AND pg_temp.near(losses[2], (g.e->>'loss_after_step')::float8, g.tolerance) THEN '' ELSE format('losses %s, not %s and %s', losses, g.e->>'loss', g.e->>'loss_after_step') END);
END $$;

SELECT CASE WHEN EXISTS (SELECT FROM golden) THEN plan(31) ELSE plan(1) END;
SELECT skip('no golden/gnn.json', 1) WHERE NOT EXISTS (SELECT FROM golden);
SELECT ok((SELECT bool_and(pg_temp.near(g, w, tolerance)) AND count(*) = (SELECT count(*) FROM unnest(want) q, unnest(q::real[]))
    FROM unnest(got) WITH ORDINALITY a(x, n), unnest(want) WITH ORDINALITY b(y, m), unnest(x::real[], y::real[]) WITH ORDINALITY u(g, w, k) WHERE n = m), name)
  FROM (SELECT golden.*, pg_temp.m(expected) AS want,
      CASE type WHEN 'message_pass' THEN pg_temp.passed(golden) ELSE
      ruvector_gnn_layer(type, pg_temp.m(i->'x'), pg_temp.ends(i->'edge_index'->0), pg_temp.ends(i->'edge_index'->1),
        pg_temp.weights(type, i), pg_temp.params(type, p), pg_temp.reals(i->'edge_weight')) END AS got
    FROM golden WHERE type NOT IN ('decoder', 'train')) s;
SELECT ok(pg_temp.decoded(g), name) FROM golden g WHERE type = 'decoder';
SELECT is(pg_temp.trained(g), '', name) FROM golden g WHERE type = 'train';
SELECT * FROM finish();
ROLLBACK;
