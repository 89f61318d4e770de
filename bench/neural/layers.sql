-- Whole statements, reading included: one layer forward over 10,000 nodes with 128 features and 100,000 edges.
SET jit = off;
SET maintenance_work_mem = '1GB';
SET work_mem = '64MB';
SET client_min_messages = warning;
DROP TABLE IF EXISTS bench_node, bench_edge;
CREATE TABLE bench_node (id int PRIMARY KEY, embedding vector(128));
INSERT INTO bench_node SELECT i, (SELECT array_agg(sin(i * 7.1 + j * j)) FROM generate_series(1, 128) j)::vector FROM generate_series(1, 10000) i;
CREATE TABLE bench_edge AS SELECT (i * 7919 % 10000 + 1)::int AS src_id, ((i::bigint * i + i / 7) % 10000 + 1)::int AS dst_id FROM generate_series(1, 100000) i;
VACUUM ANALYZE bench_node, bench_edge;
CREATE TEMP TABLE layer (model text, layers jsonb, bar numeric);
INSERT INTO layer VALUES
  ('GCN', '[{"type": "gcn", "out": 128}]', 20), ('SAGE mean', '[{"type": "sage", "out": 128}]', 20),
  ('GIN', '[{"type": "gin", "out": 128}]', 20), ('GAT 4 heads', '[{"type": "gat", "out": 32, "heads": 4}]', 20),
  ('GATv2 4 heads', '[{"type": "gatv2", "out": 32, "heads": 4}]', NULL);
SELECT count(*) AS replaced FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name IN (SELECT model FROM layer)) d \gset
SELECT count(ruvector_gnn_create(model, layers, 128)) AS made FROM layer \gset
DO $$
DECLARE l layer; m record;
BEGIN
  FOR l IN SELECT * FROM layer LOOP
    SELECT * INTO m FROM measure(format('SELECT count(*) FROM ruvector_gnn_forward(%L, ''bench_node'', ''bench_edge'', directed => true)', l.model), 31);
    INSERT INTO figures (part, what, value, unit, bar) VALUES
      ('layers', l.model || ', median', m.median, 'ms', l.bar), ('layers', l.model || ', least', m.best, 'ms', NULL), ('layers', l.model || ', CPU', m.cpu, 'ms', NULL);
  END LOOP;
END $$;
