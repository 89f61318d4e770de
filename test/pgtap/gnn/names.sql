-- The further names of functions give what the functions give, in both forms.
BEGIN;
SELECT plan(16);
CREATE TABLE n AS SELECT i AS id, ARRAY[sin(i), cos(i), sin(2 * i)]::vector AS embedding FROM generate_series(1, 30) i;
CREATE TABLE e AS SELECT i AS src, i % 30 + 1 AS dst FROM generate_series(1, 30) i;
CREATE VIEW nt AS SELECT 'n' || id AS id, embedding FROM n;
CREATE VIEW et AS SELECT 'n' || src AS source, 'n' || dst AS target FROM e;
SELECT ruvector_gnn_create('m', '[{"type": "gcn", "out": 4, "activation": "relu"}, {"type": "gat", "out": 2}]', 3);
SELECT results_eq($$SELECT * FROM ruvector_gnn_forward('m', 'n', 'e')$$, $$SELECT * FROM ruvector_gnn_embed('m', 'n', 'e')$$, 'forward; src and dst serve as well');
SELECT results_eq($$SELECT * FROM ruvector_gnn_forward('m', 'nt', 'et', node_ids => ARRAY['n4'])$$, $$SELECT * FROM ruvector_gnn_embed('m', 'nt', 'et', ARRAY['n4'])$$, 'of some nodes');
SELECT results_eq($$SELECT vector_dims(output) FROM ruvector_gnn_forward('m', 'n', 'e', layer => 1) LIMIT 1$$, 'VALUES (4)', 'a layer');
SELECT results_eq($$SELECT * FROM ruvector_gnn_predict_links('m', 'n', 'e', 'embedding', 3, 5)$$, $$SELECT * FROM ruvector_predict_links('m', 'n', 'e', 'embedding', 3, 5)$$, 'links');
SELECT results_eq($$SELECT * FROM ruvector_knn_graph('n', k => 2)$$, $$SELECT * FROM ruvector_build_knn_graph('n', k => 2)$$, 'nearest rows');
SELECT results_eq($$SELECT * FROM ruvector_eps_graph('nt', NULL::text, 'embedding', 0.1)$$, $$SELECT * FROM ruvector_build_eps_graph('nt', NULL::text, 'embedding', 0.1)$$, 'rows within epsilon');
SELECT is(ruvector_gcn_layer(x, '{1,2}', '{2,3}', w), ruvector_gnn_layer('gcn', x, '{1,2}', '{2,3}', w), 'gcn')
  FROM (SELECT ARRAY['[1,2]', '[3,4]', '[5,6]']::vector[] AS x, '{"weight": [[1, 2], [0, 1]], "bias": [0, 1]}'::jsonb AS w) a;
SELECT is(ruvector_sage_layer(x, '{1,2}', '{2,3}', w), ruvector_gnn_layer('sage', x, '{1,2}', '{2,3}', w), 'sage')
  FROM (SELECT ARRAY['[1,2]', '[3,4]', '[5,6]']::vector[] AS x, '{"weight_self": [[1, 2]], "weight_neighbor": [[2, 1]], "bias": [1]}'::jsonb AS w) a;
SELECT is(ruvector_gat_layer(x, '{1,2}', '{2,3}', w), ruvector_gnn_layer('gat', x, '{1,2}', '{2,3}', w), 'gat')
  FROM (SELECT ARRAY['[1,2]', '[3,4]', '[5,6]']::vector[] AS x, '{"weight": [[1, 2]], "attention_source": [[2]], "attention_target": [[1]], "bias": [1]}'::jsonb AS w) a;
SELECT is(ruvector_gatv2_layer(x, '{1,2}', '{2,3}', w), ruvector_gnn_layer('gatv2', x, '{1,2}', '{2,3}', w), 'gatv2')
  FROM (SELECT ARRAY['[1,2]', '[3,4]', '[5,6]']::vector[] AS x, '{"weight_source": [[1, 2]], "weight_target": [[1, 1]], "attention": [[1]], "bias": [1]}'::jsonb AS w) a;
SELECT is(ruvector_gin_layer(x, '{1,2}', '{2,3}', w), ruvector_gnn_layer('gin', x, '{1,2}', '{2,3}', w), 'gin')
  FROM (SELECT ARRAY['[1,2]', '[3,4]', '[5,6]']::vector[] AS x,
    '{"weight_1": [[1, 2], [1, 0]], "bias_1": [0, 1], "weight_2": [[1, 1]], "bias_2": [1], "eps": [0]}'::jsonb AS w) a;
-- One hop by GROUP BY; in parallel, too.
CREATE TABLE many AS SELECT i % 7 AS g, ARRAY[sin(i), cos(i), -i]::vector AS v FROM generate_series(1, 2000) i;
SELECT is((SELECT ruvector_vector_max(v) FROM (VALUES ('[1,5,-2]'::vector), (NULL), ('[3,-1,-1]')) t(v)), '[3,5,-1]', 'largest of each');
SELECT is((SELECT ruvector_vector_min(v) FROM (VALUES ('[1,5,-2]'::vector), ('[3,-1,-1]')) t(v)), '[1,-1,-2]', 'least of each');
SELECT results_eq($$SELECT g, ruvector_vector_mean(v), ruvector_vector_sum(v) FROM many GROUP BY g ORDER BY g$$, $$SELECT g, avg(v), sum(v) FROM many GROUP BY g ORDER BY g$$, 'mean and sum');
SELECT throws_ok($$SELECT ruvector_vector_max(v) FROM (VALUES ('[1]'::vector), ('[1,2]')) t(v)$$, '22000');
SELECT is((SELECT string_agg(n, ', ') FROM unnest('{ruvector_gnn_create,ruvector_gnn_train,ruvector_gnn_forward,ruvector_gnn_embed,ruvector_gnn_classify,ruvector_gnn_predict,ruvector_gnn_predict_links,ruvector_predict_links,ruvector_message_pass,ruvector_gcn_layer,ruvector_sage_layer,ruvector_gat_layer,ruvector_gatv2_layer,ruvector_gin_layer,ruvector_gnn_layer,ruvector_gnn_search,ruvector_gnn_score,ruvector_fastrp,ruvector_node2vec,ruvector_neighbor_sample,ruvector_knn_graph,ruvector_eps_graph,ruvector_build_knn_graph,ruvector_build_eps_graph,ruvector_gnn_estimate,ruvector_gnn_drop,ruvector_gnn_use_version,ruvector_gnn_set_parameter,ruvector_vector_mean,ruvector_vector_max,ruvector_vector_min,ruvector_vector_sum}'::text[]) n
  WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = n)), NULL, 'every name of the feature is there');
SELECT * FROM finish();
ROLLBACK;
