-- A cancel ends every long run within 200 ms and leaves nothing half-written.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(11);
CREATE TABLE n AS SELECT i AS id, ARRAY(SELECT sin(i * j) FROM generate_series(1, 32) j)::vector AS embedding, i % 3 AS label FROM generate_series(1, 20000) i;
CREATE TABLE e AS SELECT i % 20000 + 1 AS src_id, (i * 7919 + i / 20000) % 20000 + 1 AS dst_id FROM generate_series(1, 100000) i;
SELECT ruvector_gnn_create('m', '[{"type": "gat", "out": 16, "heads": 4, "activation": "elu"}, {"type": "sage", "aggregator": "lstm", "out": 8}]', 32);
SELECT count(*) AS weights FROM ruvector_gnn_weights \gset
CREATE TABLE run (what text, q text);
INSERT INTO run VALUES
  ('training', $q$SELECT ruvector_gnn_train('m', 'n', 'e', label => 'label', epochs => 1000000)$q$),
  ('training in batches', $q$SELECT ruvector_gnn_train('m', 'n', 'e', label => 'label', epochs => 1000000, batch_size => 512, fanout => ARRAY[5, 5])$q$),
  ('links', $q$SELECT ruvector_gnn_train('m', 'n', 'e', task => 'link_prediction', epochs => 1000000)$q$),
  ('message passing', $q$SELECT ruvector_message_pass('n', 'e', num_hops => 100, aggregator => 'attention')$q$),
  ('node2vec', $q$SELECT ruvector_node2vec('e', epochs => 1000)$q$),
  ('knn graph', $q$SELECT ruvector_build_knn_graph('n', k => 100)$q$),
  ('eps graph', $q$SELECT ruvector_build_eps_graph('n', 'embedding', 0.5)$q$),
  ('FastRP', $q$SELECT ruvector_fastrp('e', 512, iteration_weights => array_fill(1::real, ARRAY[100]))$q$);
\ir ../cancel_times.psql
SELECT is((SELECT count(*) FROM ruvector_gnn_weights), :weights::bigint, 'no weights are left');
SELECT is((SELECT array_agg(version) FROM ruvector_gnn_versions), '{0}', 'nor a version');
SELECT * FROM finish();
ROLLBACK;
