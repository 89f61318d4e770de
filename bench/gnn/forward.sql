-- Whole statements, reading included: one layer forward over 10,000 nodes with 128 features and
-- 100,000 edges, in the database psql is connected to. psql -f bench/gnn/forward.sql
\set QUIET 1
\timing off
CREATE EXTENSION IF NOT EXISTS ruvector;
SET client_min_messages = warning;
SET jit = off;
SET maintenance_work_mem = '1GB';
SET work_mem = '64MB';
DROP TABLE IF EXISTS bench_node, bench_edge;
CREATE TABLE bench_node (id int PRIMARY KEY, embedding vector(128));
INSERT INTO bench_node SELECT i, (SELECT array_agg(sin(i * 7.1 + j * j)) FROM generate_series(1, 128) j)::vector FROM generate_series(1, 10000) i;
CREATE TABLE bench_edge AS SELECT (i * 7919 % 10000 + 1)::int AS src_id, ((i::bigint * i + i / 7) % 10000 + 1)::int AS dst_id FROM generate_series(1, 100000) i;
VACUUM ANALYZE bench_node, bench_edge;
SELECT count(*) AS replaced FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name LIKE 'bench %') d;
SELECT ruvector_gnn_create('bench ' || name, layers::jsonb, 128) FROM (VALUES
  ('gcn', '[{"type": "gcn", "out": 128}]'), ('sage', '[{"type": "sage", "out": 128}]'),
  ('gin', '[{"type": "gin", "out": 128}]'), ('gat', '[{"type": "gat", "out": 32, "heads": 4}]'),
  ('gatv2', '[{"type": "gatv2", "out": 32, "heads": 4}]')) v(name, layers);
DO $$
DECLARE model text; run int; began timestamptz; took float8[]; rows bigint;
BEGIN
  FOREACH model IN ARRAY ARRAY['gcn', 'sage', 'gin', 'gat', 'gatv2'] LOOP
    took := '{}';
    FOR run IN 1..15 LOOP
      began := clock_timestamp();
      SELECT count(*) INTO rows FROM ruvector_gnn_embed('bench ' || model, 'bench_node', 'bench_edge', directed => true);
      took := took || extract(epoch FROM clock_timestamp() - began) * 1000;
    END LOOP;
    RAISE WARNING '% rows, %: median % ms, least % ms', rows, model,
      (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 1) FROM unnest(took) t), (SELECT round(min(t)::numeric, 1) FROM unnest(took) t);
  END LOOP;
END $$;
