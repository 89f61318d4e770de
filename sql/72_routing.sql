-- routing: decisions

-- confidence is the lower confidence bound of expected_quality; propensity the probability with which
-- this agent was chosen; fallbacks the other eligible agents, best first.
CREATE TYPE ruvector_route_decision AS (decision_id bigint, agent_name text, confidence double precision,
  estimated_cost double precision, estimated_latency_ms double precision, expected_quality double precision,
  propensity double precision, fallbacks text[], reasons jsonb);

-- Chooses the agent for a request and logs the decision.
--   optimize_for   balanced | cost | latency | quality | quality_per_dollar
--   max_cost       USD for this request; max_latency_ms: expected; min_quality: lower bound, 0..1
--   budget         a scope of ruvector_set_budget(): the estimated cost is reserved
--   context        {"tokens_in": n, "tokens_out": n}; without it a token is taken for 4 bytes
--   embedding      of the request; else the router's embedder makes it
--   explore        false: the best agent, always
-- 55000 when no agent is eligible, with each agent's reason.
CREATE FUNCTION ruvector_route(request text, optimize_for text DEFAULT 'balanced',
    required_capabilities text[] DEFAULT '{}', max_cost double precision DEFAULT NULL,
    max_latency_ms double precision DEFAULT NULL, min_quality double precision DEFAULT NULL,
    excluded_agents text[] DEFAULT '{}', budget text DEFAULT NULL, tenant name DEFAULT NULL,
    context jsonb DEFAULT '{}', embedding vector DEFAULT NULL, router text DEFAULT 'default', explore boolean DEFAULT true)
  RETURNS ruvector_route_decision
  AS 'MODULE_PATHNAME', 'rv_route' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

-- The same for several requests; the i-th row is the i-th request's.
CREATE FUNCTION ruvector_route_batch(requests text[], optimize_for text DEFAULT 'balanced',
    required_capabilities text[] DEFAULT '{}', max_cost double precision DEFAULT NULL,
    max_latency_ms double precision DEFAULT NULL, min_quality double precision DEFAULT NULL,
    excluded_agents text[] DEFAULT '{}', budget text DEFAULT NULL, tenant name DEFAULT NULL,
    context jsonb DEFAULT '{}', router text DEFAULT 'default', explore boolean DEFAULT true)
  RETURNS SETOF ruvector_route_decision VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT (d).* FROM (SELECT ruvector_route(r.request, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11, $12) AS d, r.i
    FROM unnest($1) WITH ORDINALITY r(request, i) OFFSET 0) s ORDER BY s.i;
END;

-- What ruvector_route() would weigh: every agent, whether it is eligible and why not, best first.
-- Writes nothing; works on a standby.
CREATE FUNCTION ruvector_route_explain(request text, optimize_for text DEFAULT 'balanced',
    required_capabilities text[] DEFAULT '{}', max_cost double precision DEFAULT NULL,
    max_latency_ms double precision DEFAULT NULL, min_quality double precision DEFAULT NULL,
    excluded_agents text[] DEFAULT '{}', budget text DEFAULT NULL, tenant name DEFAULT NULL,
    context jsonb DEFAULT '{}', embedding vector DEFAULT NULL, router text DEFAULT 'default',
    OUT agent text, OUT rank integer, OUT eligible boolean, OUT reason text, OUT terms jsonb)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_route_explain' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 20;

-- The agent of a decision failed: records that, cools the agent when the fault is its own
-- (error: timeout | rate_limit | server_error | auth | content | context | other) and returns the
-- next agent under the same decision_id.
CREATE FUNCTION ruvector_route_next(decision_id bigint, error text DEFAULT 'other', retry_after interval DEFAULT NULL,
    latency_ms double precision DEFAULT NULL)
  RETURNS ruvector_route_decision
  AS 'MODULE_PATHNAME', 'rv_route_next' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

-- Records what came of a decision; the cost is computed from prices and tokens when it is not given,
-- quality, when it is not given, is 1 for success, 0 for a failure of the answer (content, context,
-- other) and unknown when the agent was not reached. Settles the budget's reservation.
-- The same source may correct what it said.
CREATE FUNCTION ruvector_route_feedback(decision_id bigint, success boolean DEFAULT true,
    latency_ms double precision DEFAULT NULL, tokens_in integer DEFAULT NULL, tokens_out integer DEFAULT NULL,
    cost double precision DEFAULT NULL, quality double precision DEFAULT NULL, source text DEFAULT 'caller',
    error text DEFAULT NULL, retry_after interval DEFAULT NULL)
  RETURNS void
  AS 'MODULE_PATHNAME', 'rv_route_feedback' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- The vector that ruvector_route() would use for a request.
CREATE FUNCTION ruvector_route_embed(request text, router text DEFAULT 'default') RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_route_embed' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 500;

-- Known outcomes from elsewhere, such as an evaluation set: {"agent": quality, ...}, and what each
-- cost in USD. They teach the router; having no propensity they are left out of off-policy estimates.
CREATE FUNCTION ruvector_route_observe(request text, qualities jsonb, costs jsonb DEFAULT '{}',
    embedding vector DEFAULT NULL, router text DEFAULT 'default', source text DEFAULT 'evaluation')
  RETURNS bigint VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT ruvector_assert(jsonb_typeof($2) = 'object', '22023', 'qualities must be an object of agent names and numbers');
  WITH decision AS (
    INSERT INTO ruvector_route_log (router, request, embedding, candidates, objective)
      SELECT $5, CASE WHEN COALESCE((SELECT r.log_request FROM ruvector_router r WHERE r.name = $5), true) THEN $1 END,
        COALESCE($4, ruvector_route_embed($1, $5)), ARRAY(SELECT jsonb_object_keys($2)), 'observed'
      RETURNING id),
  outcome AS (
    INSERT INTO ruvector_route_outcome (decision_id, agent, success, quality, cost, source)
      SELECT d.id, q.key, q.value::double precision >= 0.5, q.value::double precision, ($3->>q.key)::double precision, $6
      FROM decision d, jsonb_each_text($2) q)
  SELECT id FROM decision;
END;

-- Removes decisions older than that, with their outcomes. Returns how many.
CREATE FUNCTION ruvector_route_prune(older_than interval) RETURNS bigint VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  WITH gone AS (DELETE FROM ruvector_route_log l WHERE l.decided_at < now() - $1 RETURNING 1) SELECT count(*) FROM gone;
END;

-- budgets

-- A limit in USD per period (NULL: for ever) for a scope of your naming. A hard budget refuses what
-- does not fit, a soft one only counts.
CREATE TABLE ruvector_budget (
  scope text PRIMARY KEY CHECK (scope <> ''),
  limit_usd double precision NOT NULL CHECK (limit_usd >= 0 AND limit_usd < 'Infinity'),
  period interval CHECK (period > '0'),
  hard boolean NOT NULL DEFAULT true,
  reservation_ttl interval NOT NULL DEFAULT '10 minutes' CHECK (reservation_ttl > '0'),
  tenant name
);
CREATE TABLE ruvector_budget_ledger (
  scope text REFERENCES ruvector_budget ON DELETE CASCADE,
  period_start timestamptz,
  reserved double precision NOT NULL DEFAULT 0,
  spent double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, period_start)
);
-- No foreign key to the log: a reservation outlives a pruned decision until it expires.
CREATE TABLE ruvector_budget_reservation (
  decision_id bigint PRIMARY KEY,
  scope text NOT NULL REFERENCES ruvector_budget ON DELETE CASCADE,
  period_start timestamptz NOT NULL,
  amount double precision NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX ruvector_budget_reservation_scope ON ruvector_budget_reservation (scope, expires_at);
ALTER TABLE ruvector_budget ENABLE ROW LEVEL SECURITY;
ALTER TABLE ruvector_budget_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE ruvector_budget_reservation ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ruvector_budget USING (ruvector_tenant_visible(tenant));
CREATE POLICY tenant ON ruvector_budget_ledger USING (EXISTS (SELECT FROM ruvector_budget b WHERE b.scope = ruvector_budget_ledger.scope));
CREATE POLICY tenant ON ruvector_budget_reservation USING (EXISTS (SELECT FROM ruvector_budget b WHERE b.scope = ruvector_budget_reservation.scope));

-- When the period that holds `at` began; periods are counted from 2000-01-03, a Monday, in UTC.
CREATE FUNCTION ruvector_budget_period(period interval, at timestamptz DEFAULT now()) RETURNS timestamptz STABLE PARALLEL SAFE
RETURN CASE WHEN $1 IS NULL THEN '-infinity'::timestamptz
  WHEN extract(month FROM $1) > 0 OR extract(year FROM $1) > 0
    THEN date_trunc(CASE WHEN extract(year FROM $1) > 0 THEN 'year' ELSE 'month' END, $2, 'UTC')
  ELSE date_bin($1, $2, '2000-01-03 00:00:00+00'::timestamptz) END;

CREATE FUNCTION ruvector_set_budget(scope text, limit_usd double precision, period interval DEFAULT '1 day',
    hard boolean DEFAULT true, reservation_ttl interval DEFAULT '10 minutes', tenant name DEFAULT NULL)
  RETURNS void VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT ruvector_assert($3 IS NULL OR (extract(month FROM $3) = 0 AND extract(year FROM $3) = 0)
      OR $3 IN ('1 month', '1 year'), '22023', format('period must be a number of days or hours, 1 month or 1 year, not %s', $3));
  INSERT INTO ruvector_budget AS b (scope, limit_usd, period, hard, reservation_ttl, tenant) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (scope) DO UPDATE SET (limit_usd, period, hard, reservation_ttl, tenant)
      = (excluded.limit_usd, excluded.period, excluded.hard, excluded.reservation_ttl, excluded.tenant);
END;

-- Gives expired reservations back. ruvector_route() does so by itself when a budget looks full.
CREATE FUNCTION ruvector_budget_expire(scope text) RETURNS double precision VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  WITH gone AS (DELETE FROM ruvector_budget_reservation r WHERE r.scope = $1 AND r.expires_at < clock_timestamp()
    RETURNING r.scope, r.period_start, r.amount),
  sums AS (SELECT g.scope, g.period_start, sum(g.amount) AS amount FROM gone g GROUP BY 1, 2),
  given AS (UPDATE ruvector_budget_ledger l SET reserved = greatest(0, l.reserved - s.amount) FROM sums s
    WHERE l.scope = s.scope AND l.period_start = s.period_start)
  SELECT COALESCE(sum(amount), 0) FROM sums;
END;

-- Corrects what was counted as spent in the current period, by `amount` USD (negative: give back).
CREATE FUNCTION ruvector_budget_adjust(scope text, amount double precision) RETURNS double precision VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT ruvector_assert(EXISTS (SELECT FROM ruvector_budget b WHERE b.scope = $1), '42704', format('budget "%s" does not exist', $1));
  SELECT ruvector_assert($2 > '-Infinity' AND $2 < 'Infinity', '22023', 'amount must be a finite number');
  INSERT INTO ruvector_budget_ledger AS l (scope, period_start, spent)
    SELECT b.scope, ruvector_budget_period(b.period), greatest(0, $2) FROM ruvector_budget b WHERE b.scope = $1
    ON CONFLICT (scope, period_start) DO UPDATE SET spent = greatest(0, l.spent + $2)
    RETURNING l.spent;
END;

CREATE FUNCTION ruvector_budget_status(OUT scope text, OUT limit_usd double precision, OUT period interval, OUT hard boolean,
    OUT period_start timestamptz, OUT spent double precision, OUT reserved double precision, OUT remaining double precision)
  RETURNS SETOF record STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT b.scope, b.limit_usd, b.period, b.hard, ruvector_budget_period(b.period), COALESCE(l.spent, 0), COALESCE(l.reserved, 0),
    b.limit_usd - COALESCE(l.spent, 0) - COALESCE(l.reserved, 0)
  FROM ruvector_budget b LEFT JOIN ruvector_budget_ledger l ON l.scope = b.scope AND l.period_start = ruvector_budget_period(b.period)
  ORDER BY b.scope;
END;

SELECT pg_extension_config_dump('ruvector_budget', '');
SELECT pg_extension_config_dump('ruvector_budget_ledger', '');
SELECT pg_extension_config_dump('ruvector_budget_reservation', '');
GRANT ALL ON ruvector_budget, ruvector_budget_ledger, ruvector_budget_reservation TO @extowner@ WITH GRANT OPTION;

-- analytics

-- Decisions and what came of them since then, by agent, router, objective, tenant, hour or day.
CREATE FUNCTION ruvector_routing_analytics(since interval DEFAULT '1 day', group_by text DEFAULT 'agent',
    OUT key text, OUT decisions bigint, OUT outcomes bigint, OUT success_rate double precision,
    OUT mean_quality double precision, OUT cost double precision, OUT mean_cost double precision,
    OUT p50_ms double precision, OUT p95_ms double precision, OUT explored bigint)
  RETURNS SETOF record STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT ruvector_assert($2 IN ('agent', 'router', 'objective', 'tenant', 'hour', 'day'), '22023',
    format('group_by must be agent, router, objective, tenant, hour or day, not "%s"', $2));
  SELECT CASE $2 WHEN 'agent' THEN l.chosen WHEN 'router' THEN l.router WHEN 'objective' THEN l.objective
      WHEN 'tenant' THEN l.tenant::text WHEN 'hour' THEN date_trunc('hour', l.decided_at)::text
      ELSE date_trunc('day', l.decided_at)::text END AS k,
    count(DISTINCT l.id), count(o.id), avg(o.success::int)::double precision, avg(o.quality), COALESCE(sum(o.cost), 0),
    avg(o.cost), percentile_cont(0.5) WITHIN GROUP (ORDER BY o.latency_ms),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY o.latency_ms),
    count(DISTINCT l.id) FILTER (WHERE (l.reasons->>'explored')::boolean)
  FROM ruvector_route_log l LEFT JOIN ruvector_route_outcome o ON o.decision_id = l.id
  WHERE l.decided_at > now() - $1 AND l.objective IS DISTINCT FROM 'observed'
  GROUP BY k ORDER BY k;
END;

CREATE FUNCTION ruvector_routing_stats() RETURNS jsonb STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('agents', (SELECT count(*) FROM ruvector_agent), 'active_agents', (SELECT count(*) FROM ruvector_agent a WHERE a.active),
    'decisions', (SELECT count(*) FROM ruvector_route_log l WHERE l.objective IS DISTINCT FROM 'observed'),
    'outcomes', (SELECT count(*) FROM ruvector_route_outcome),
    'open_circuits', (SELECT count(*) FROM ruvector_agent_circuit c WHERE c.open_until > clock_timestamp()),
    'models', (SELECT count(*) FROM ruvector_router_model), 'budgets', (SELECT count(*) FROM ruvector_budget));
END;
