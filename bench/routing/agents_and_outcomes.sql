-- 20 agents, :outcomes requests with known outcomes, and points to ask with. For the measurements beside this file.
SELECT ruvector_register_agent('agent' || i, cost_per_1k_input := 0.0001 * i, cost_per_1k_output := 0.0002 * i,
  quality_score := 0.5 + 0.02 * i) FROM generate_series(1, 20) i \g /dev/null
CREATE FUNCTION point(i int) RETURNS vector LANGUAGE sql VOLATILE AS
  $$SELECT array_agg((sin(i % 200 * d) + 0.4 * (random() - 0.5))::real ORDER BY d)::vector FROM generate_series(1, 64) d$$;
CREATE TABLE points AS SELECT i, point(i) AS p FROM generate_series(1, 1000) i;
CREATE INDEX ON points (i);
INSERT INTO ruvector_route_log (id, router, embedding, chosen, objective)
  SELECT i, 'default', point(i), 'agent' || 1 + i % 20, 'observed' FROM generate_series(1, :outcomes) i;
INSERT INTO ruvector_route_outcome (decision_id, agent, success, quality)
  SELECT id, chosen, true, (id % 7 < 4)::int FROM ruvector_route_log;
SELECT setval('ruvector_route_log_id_seq', :outcomes) \g /dev/null
