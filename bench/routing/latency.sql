-- What ruvector_route() costs inside the server: 20 agents, 100,000 outcomes, one session.
--   test/tools/cluster.sh up build && test/tools/cluster.sh sql build $PWD/bench/routing/latency.sql
\set QUIET 1
\pset footer off
SET ruvector.route_exploration = 0;
SELECT ruvector_register_agent('agent' || i, cost_per_1k_input := 0.0001 * i, cost_per_1k_output := 0.0002 * i,
  quality_score := 0.5 + 0.02 * i) FROM generate_series(1, 20) i \g /dev/null
CREATE FUNCTION point(i int) RETURNS vector LANGUAGE sql VOLATILE AS
  $$SELECT array_agg((sin(i % 200 * d) + 0.4 * (random() - 0.5))::real ORDER BY d)::vector FROM generate_series(1, 64) d$$;
INSERT INTO ruvector_route_log (id, router, embedding, chosen, objective)
  SELECT i, 'default', point(i), 'agent' || 1 + i % 20, 'observed' FROM generate_series(1, 100000) i;
INSERT INTO ruvector_route_outcome (decision_id, agent, success, quality)
  SELECT id, chosen, true, (id % 7 < 4)::int FROM ruvector_route_log;
SELECT setval('ruvector_route_log_id_seq', 100000) \g /dev/null
ANALYZE;
CREATE FUNCTION measure(what text, n int DEFAULT 2000) RETURNS TABLE (measured text, p50_us numeric, p95_us numeric) LANGUAGE plpgsql AS $$
DECLARE t timestamptz; took float8[] := '{}'; e vector;
BEGIN
  FOR i IN 1..n LOOP
    e := point(i);
    t := clock_timestamp();
    IF what LIKE '%explain%' THEN PERFORM ruvector_route_explain('a request', embedding := e);
    ELSE PERFORM ruvector_route('a request', embedding := e); END IF;
    took := took || extract(epoch FROM clock_timestamp() - t)::float8 * 1e6;
  END LOOP;
  RETURN QUERY SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY x)::numeric(10, 1), percentile_cont(0.95) WITHIN GROUP (ORDER BY x)::numeric(10, 1) FROM unnest(took) x;
END $$;
\timing on
\echo first decision of a session: reads 100,000 outcomes
SELECT (ruvector_route('a request', embedding := point(1))).agent_name;
\timing off
SELECT * FROM measure('route, knn');
SELECT * FROM measure('explain, knn');
SELECT ruvector_train_router('default', 'ridge', '{"promote": true}') \g /dev/null
SELECT * FROM measure('warm-up', 50) \g /dev/null
SELECT * FROM measure('route, model');
SELECT * FROM measure('explain, model');
