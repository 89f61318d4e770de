-- The longest time of five cancels, each 300 ms after the start of a statement, and what they leave behind.
SET client_min_messages = warning;
SET maintenance_work_mem = '1GB';
SET work_mem = '512MB';
DROP TABLE IF EXISTS long_node, long_edge, long_tree;
CREATE TABLE long_node AS SELECT i AS id, i % 3 AS label, ARRAY(SELECT sin(i * j) FROM generate_series(1, 64) j)::vector AS embedding FROM generate_series(1, 50000) i;
CREATE TABLE long_edge AS SELECT i % 50000 + 1 AS src_id, (i::bigint * 7919 + i / 50000) % 50000 + 1 AS dst_id FROM generate_series(1, 500000) i;
CREATE TABLE long_tree AS SELECT i AS child, i / 2 AS parent FROM generate_series(2, 20000) i;
SELECT count(*) FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name = 'long') d \gset
SELECT ruvector_gnn_create('long', '[{"type": "gat", "out": 16, "heads": 8, "activation": "elu"}, {"type": "gcn", "out": 3}]', 64) \gset
CREATE FUNCTION pg_temp.cancel_takes(statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE began float8 := now_ms();
BEGIN
  EXECUTE statement;
  RETURN NULL;
EXCEPTION WHEN query_canceled THEN RETURN now_ms() - began - 300;
END $$;
CREATE TEMP TABLE run (what text, statement text);
INSERT INTO run VALUES
  ('training of a GNN', $q$SELECT ruvector_gnn_train('long', 'long_node', 'long_edge', label => 'label', epochs => 100000)$q$),
  ('the same in batches', $q$SELECT ruvector_gnn_train('long', 'long_node', 'long_edge', label => 'label', epochs => 100000, batch_size => 1024, fanout => ARRAY[10, 10])$q$),
  ('message passing', $q$SELECT ruvector_message_pass('long_node', 'long_edge', num_hops => 100, aggregator => 'attention')$q$),
  ('Poincare training', $q$SELECT ruvector_poincare_embed('long_tree', 10, epochs => 100000)$q$),
  ('self-attention', $q$SELECT ruvector_self_attention((SELECT array_agg(embedding) FROM long_node))$q$);
CREATE TEMP TABLE took (what text, ms float8);
SET statement_timeout = '300ms';
SELECT format('INSERT INTO took SELECT %L, pg_temp.cancel_takes(%L)', what, statement) FROM run, generate_series(1, 5) \gexec
RESET statement_timeout;
INSERT INTO figures (part, what, value, unit, bar) SELECT 'cancel', what || ', longest of 5', coalesce(max(ms), 'NaN'), 'ms', 200 FROM took GROUP BY what;
INSERT INTO figures (part, what, value, unit, bar) SELECT 'cancel', 'versions left behind', count(*), '', 0 FROM ruvector_gnn_versions WHERE model = 'long' AND version > 0;
