-- 1,000,000 nodes with 64 features and 10,000,000 edges: what a run needs, the refusal when it may
-- not have that, one forward run, and one epoch in batches. In the database psql is connected to;
-- takes minutes and about 3 GB. psql -f bench/gnn/large.sql
\set QUIET 1
\timing off
CREATE EXTENSION IF NOT EXISTS ruvector;
SET client_min_messages = warning;
SET jit = off;
SET maintenance_work_mem = '1GB';
CREATE TABLE IF NOT EXISTS large_node (id int PRIMARY KEY, embedding vector(64), label int, split text);
CREATE TABLE IF NOT EXISTS large_edge (src_id int, dst_id int);
INSERT INTO large_node
  SELECT i, ruvector_normalize(('[' || i % 10 - 4.5 || repeat(',' || (i % 97) * 0.01, 31) || repeat(',' || (i % 89) * 0.01, 31) || ',1]')::vector(64)),
    i % 10, CASE i / 10 % 50 WHEN 0 THEN 'train' WHEN 1 THEN 'val' WHEN 2 THEN 'test' ELSE 'none' END
  FROM generate_series(1, 1000000) i WHERE NOT EXISTS (SELECT FROM large_node);
INSERT INTO large_edge
  SELECT i % 1000000 + 1, ((i::bigint * 7919 + i / 3) % 100000 * 10 + i % 10) % 1000000 + 1 FROM generate_series(1, 10000000) i
  WHERE NOT EXISTS (SELECT FROM large_edge);
VACUUM ANALYZE large_node, large_edge;
SELECT count(*) AS replaced FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name = 'bench large') d;
SELECT ruvector_gnn_create('bench large', '[{"type": "sage", "out": 32, "activation": "relu"}, {"type": "sage", "out": 10}]', 64);
\pset expanded on
SELECT * FROM ruvector_gnn_estimate('bench large', 'large_node', 'large_edge');
\pset expanded off
\echo 'within 256 MB: an error that tells the need'
SET maintenance_work_mem = '256MB';
SELECT count(*) FROM ruvector_gnn_embed('bench large', 'large_node', 'large_edge', directed => true);
\timing on
\echo 'within 1 GB: forward'
SET maintenance_work_mem = '1GB';
SELECT count(*), sum(vector_norm(embedding)) FROM ruvector_gnn_embed('bench large', 'large_node', 'large_edge', directed => true);
\echo 'within 2 GB: forward'
SET maintenance_work_mem = '2GB';
SELECT count(*), sum(vector_norm(embedding)) FROM ruvector_gnn_embed('bench large', 'large_node', 'large_edge', directed => true);
\echo 'three epochs in batches of 2,048 with fanout 10, 10'
SELECT * FROM ruvector_gnn_train('bench large', 'large_node', 'large_edge', label => 'label', split => 'split', epochs => 3,
  batch_size => 2048, fanout => ARRAY[10, 10], directed => true);
