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
-- The time from the cancel to its effect. Three tries each, the best counts: the machine may be busy.
CREATE FUNCTION pg_temp.cancel_takes(q text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp();
BEGIN EXECUTE q; RETURN NULL;
EXCEPTION WHEN query_canceled THEN RETURN extract(epoch FROM clock_timestamp() - began) * 1000 - 150; END $$;
CREATE TABLE took (what text, ms double precision);
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
SET LOCAL work_mem = '256MB';
SET LOCAL maintenance_work_mem = '1GB';
SET LOCAL statement_timeout = '150ms';
SELECT format('INSERT INTO took SELECT %L, pg_temp.cancel_takes(%L)', what, q) FROM run, generate_series(1, 3) \gexec
SET LOCAL statement_timeout = 0;
SELECT is((SELECT string_agg(DISTINCT what, ', ') FROM took WHERE ms IS NULL), NULL, 'all of them are long');
SELECT ok(min(ms) < 200, what || ': ' || round(min(ms)::numeric, 1) || ' ms') FROM took GROUP BY what ORDER BY what;
SELECT is((SELECT count(*) FROM ruvector_gnn_weights), :weights::bigint, 'no weights are left');
SELECT is((SELECT array_agg(version) FROM ruvector_gnn_versions), '{0}', 'nor a version');
SELECT * FROM finish();
ROLLBACK;
