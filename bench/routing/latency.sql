-- What ruvector_route() costs inside the server: 20 agents, 100,000 outcomes, one session.
--   test/tools/cluster.sh up build && test/tools/cluster.sh sql build $PWD/bench/routing/latency.sql
\set QUIET 1
\pset footer off
SET ruvector.route_exploration = 0;
\set outcomes 100000
\ir agents_and_outcomes.sql
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
