-- routing: models, calibration, evaluation

-- Trains a quality model on every request with known outcomes and stores it as a new version.
-- method: knn | ridge | mf | fastgrnn, or auto: the one with the least error in progressive
-- validation. Options: lambda (ridge), k (knn), rank, epochs (mf), hidden (fastgrnn), promote. With
-- fewer than 20 requests 55000.
CREATE FUNCTION ruvector_train_router(router text DEFAULT 'default', method text DEFAULT 'auto', options jsonb DEFAULT '{}',
    OUT version integer, OUT kind text, OUT metrics jsonb, OUT active boolean)
  AS 'MODULE_PATHNAME', 'rv_train_router' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;

-- Makes that version the router's; NULL: none, the router then judges by outcomes alone (knn). Every
-- version stays and can be promoted again.
CREATE FUNCTION ruvector_promote_router(router text, version integer) RETURNS void VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT ruvector_assert($2 IS NULL OR EXISTS (SELECT FROM ruvector_router_model m WHERE m.router = $1 AND m.version = $2), '42704',
    format('router "%s" has no version %s', $1, $2));
  UPDATE ruvector_router_model m SET active = false WHERE m.router = $1 AND m.active AND m.version IS DISTINCT FROM $2;
  UPDATE ruvector_router_model m SET active = true WHERE m.router = $1 AND m.version = $2 AND NOT m.active;
END;

-- Chooses tau, the share of the best agent's quality that an agent must reach to be adequate for
-- 'cost', 'latency' and 'quality_per_dollar', so that 'cost' keeps target_quality of the best single
-- agent's quality, or sends at most max_strong_share of the requests to the dearest agent. Works on
-- requests on which every active agent was tried (50 at least). held_out: what the target came to
-- on requests that did not choose tau.
CREATE FUNCTION ruvector_route_calibrate(router text DEFAULT 'default', target_quality double precision DEFAULT NULL,
    max_strong_share double precision DEFAULT NULL, apply boolean DEFAULT true,
    OUT tau double precision, OUT quality double precision, OUT relative_quality double precision,
    OUT held_out double precision, OUT mean_cost double precision, OUT best_single_cost double precision,
    OUT strong_share double precision, OUT requests integer)
  AS 'MODULE_PATHNAME', 'rv_route_calibrate' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;

-- What mean quality a policy would have had on the logged decisions, without having run it.
-- policy: an objective, decided by the router as it is now, or agent:NAME, always that agent.
-- estimator: ips, snips (self-normalised) or dr (doubly robust: Dudik et al., ICML 2011); `value` is
-- that one's. Importance weights above `clip` are cut (0: never). Predictions are cross-fitted.
CREATE FUNCTION ruvector_route_evaluate(router text DEFAULT 'default', policy text DEFAULT 'balanced',
    estimator text DEFAULT 'dr', clip double precision DEFAULT 0,
    OUT value double precision, OUT ips double precision, OUT snips double precision, OUT dr double precision,
    OUT dr_low double precision, OUT dr_high double precision, OUT logged_value double precision, OUT decisions integer)
  AS 'MODULE_PATHNAME', 'rv_route_evaluate' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;

-- How to spend `budget` USD on about `requests` requests: the cost_weight for
-- ruvector_configure_router() whose 'balanced' choices have the best quality within it, estimated on
-- requests on which every active agent was tried.
CREATE FUNCTION ruvector_optimize_budget(budget double precision, requests double precision, router text DEFAULT 'default',
    OUT cost_weight double precision, OUT quality double precision, OUT mean_cost double precision,
    OUT total_cost double precision, OUT shares jsonb)
  AS 'MODULE_PATHNAME', 'rv_optimize_budget' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;

-- An ordered list of decisions for the stages of a pipeline or the members of an ensemble. stages:
-- [{"optimize_for": ..., "required_capabilities": [...], "max_cost": ..., "max_latency_ms": ...,
-- "min_quality": ..., "excluded_agents": [...]}, ...]; running them is the application's part.
CREATE FUNCTION ruvector_route_multi(request text, stages jsonb, budget text DEFAULT NULL, tenant name DEFAULT NULL,
    router text DEFAULT 'default', explore boolean DEFAULT true)
  RETURNS SETOF ruvector_route_decision VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT ruvector_assert(jsonb_typeof($2) = 'array', '22023', 'stages must be an array of objects');
  SELECT (s.d).* FROM (SELECT e.i, ruvector_route($1, COALESCE(e.stage->>'optimize_for', 'balanced'),
      ARRAY(SELECT jsonb_array_elements_text(e.stage->'required_capabilities')), (e.stage->>'max_cost')::double precision,
      (e.stage->>'max_latency_ms')::double precision, (e.stage->>'min_quality')::double precision,
      ARRAY(SELECT jsonb_array_elements_text(e.stage->'excluded_agents')), $3, $4, '{}', NULL, $5, $6) AS d
    FROM jsonb_array_elements($2) WITH ORDINALITY e(stage, i) OFFSET 0) s ORDER BY s.i;
END;
