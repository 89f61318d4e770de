-- 1,000,000 nodes with 64 features and 10,000,000 edges: the estimate, the refusal when a run may not have
-- what it needs, forward runs within the limit, and training in batches.
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
SELECT count(*) FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name = 'large') d \gset
SELECT ruvector_gnn_create('large', '[{"type": "sage", "out": 32, "activation": "relu"}, {"type": "sage", "out": 10}]', 64) \gset
INSERT INTO figures (part, what, value, unit)
  SELECT 'large', 'estimate of a forward run', bytes / 1048576, 'MB' FROM ruvector_gnn_estimate('large', 'large_node', 'large_edge', directed => true);
DO $$
DECLARE began float8; said text; need text; n bigint; run record;
BEGIN
  SET LOCAL maintenance_work_mem = '256MB';
  BEGIN
    began := now_ms();
    PERFORM count(*) FROM ruvector_gnn_forward('large', 'large_node', 'large_edge', directed => true);
  EXCEPTION WHEN out_of_memory THEN
    GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, need = PG_EXCEPTION_DETAIL;
    RAISE WARNING '256 MB: % %', said, need;
  END;
  INSERT INTO figures (part, what, value, bar, at_least) VALUES ('large', 'refused at 256 MB with the need', (coalesce(said || need, '') ~ '\d+ MB')::int, 1, true);
  INSERT INTO figures (part, what, value, unit) VALUES ('large', 'time to the refusal', (now_ms() - began) / 1000, 's');
  FOR run IN SELECT * FROM unnest('{1GB,2GB}'::text[]) size LOOP
    PERFORM set_config('maintenance_work_mem', run.size, true);
    began := now_ms();
    SELECT count(*) INTO n FROM ruvector_gnn_forward('large', 'large_node', 'large_edge', directed => true);
    INSERT INTO figures (part, what, value, unit) VALUES ('large', 'forward within ' || run.size, (now_ms() - began) / 1000, 's');
    INSERT INTO figures (part, what, value, bar, at_least) VALUES ('large', 'rows within ' || run.size, n, 1000000, true);
  END LOOP;
  began := now_ms();
  PERFORM ruvector_gnn_train('large', 'large_node', 'large_edge', label => 'label', split => 'split', epochs => 3, batch_size => 2048, fanout => ARRAY[10, 10], directed => true);
  INSERT INTO figures (part, what, value, unit) VALUES ('large', 'three epochs in batches, within 2GB', (now_ms() - began) / 1000, 's');
  INSERT INTO figures (part, what, value, unit) SELECT 'large', 'their accuracy on the test nodes', (metrics->>'test')::numeric, '' FROM ruvector_gnn_versions WHERE model = 'large' AND version = 1;
END $$;
