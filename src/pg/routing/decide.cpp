// ruvector_route(), _explain(), _next(), _feedback(), _embed().
#include <algorithm>
#include <string>

#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/routing/plan.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "funcapi.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::route;

namespace {

Rng& exploration_rng() {
  static Rng rng = [] {
    std::uint64_t seed = 0;
    if (!pg_strong_random(&seed, sizeof seed)) seed = static_cast<std::uint64_t>(MyProcPid);
    return Rng(seed);
  }();
  return rng;
}

SqlValue sql_name(const std::string& s) {
  const char* c = s.c_str();
  return {NAMEOID, call([c] { return DirectFunctionCall1(namein, CStringGetDatum(c)); }), false};
}

std::string json_array(const std::vector<std::string>& v) {
  std::string s = "[";
  for (const std::string& e : v) s += (s.size() > 1 ? ", " : "") + json_quoted(e);
  return s + "]";
}

std::string terms_json(const Considered& c, double score, bool adequate) {
  const routing::Candidate& k = c.candidate;
  return "{\"quality\": " + json_number(k.quality) +
         ", \"quality_lower\": " + json_number(k.quality_lower) +
         ", \"cost\": " + json_number(k.cost) + ", \"latency_ms\": " + json_number(k.latency_ms) +
         ", \"latency_p95_ms\": " + json_number(k.latency_p95_ms) +
         ", \"score\": " + json_number(score) + ", \"adequate\": " + (adequate ? "true" : "false") +
         "}";
}

std::string arguments_json(const Request& q) {
  std::string s =
      std::string("{\"optimize_for\": \"") + routing::objective_name(q.objective) + "\"";
  const auto number = [&s](const char* key, double v) {
    if (v >= 0) s += std::string(", \"") + key + "\": " + json_number(v);
  };
  number("max_cost", q.max_cost);
  number("max_latency_ms", q.max_latency_ms);
  number("min_quality", q.min_quality);
  number("tokens_in", q.tokens_in);
  number("tokens_out", q.tokens_out);
  if (!q.capabilities.empty()) s += ", \"required_capabilities\": " + json_array(q.capabilities);
  if (!q.excluded.empty()) s += ", \"excluded_agents\": " + json_array(q.excluded);
  if (!q.budget.empty()) s += ", \"budget\": " + json_quoted(q.budget);
  return s + "}";
}

std::string reasons_json(const RoutePlan& plan, const routing::Choice& choice) {
  const auto name = [&](std::size_t i) {
    return plan.state->agents[plan.considered[i].agent].name;
  };
  std::string s = "{\"model\": " + json_quoted(plan.model) +
                  ", \"outcomes\": " + std::to_string(plan.state->outcomes()) +
                  ", \"explored\": " + (choice.explored ? "true" : "false") + ", \"weighed\": {";
  for (std::size_t i = 0; i < plan.eligible.size(); ++i)
    s += (i > 0 ? ", " : "") + json_quoted(name(plan.eligible[i])) + ": " +
         terms_json(plan.considered[plan.eligible[i]], choice.score[i], choice.adequate[i]);
  s += "}, \"rejected\": {";
  bool first = true;
  for (std::size_t i = 0; i < plan.considered.size(); ++i) {
    if (plan.considered[i].rejected.empty()) continue;
    s += (first ? "" : ", ") + json_quoted(name(i)) + ": " +
         json_quoted(plan.considered[i].rejected);
    first = false;
  }
  return s + "}}";
}

// False when the budget has no room any more (another session took it).
bool reserve(SqlSession& sql, const std::string& scope, const Budget& budget, double amount) {
  sql.run(
      "INSERT INTO @.ruvector_budget_ledger (scope, period_start) VALUES ($1, $2) ON CONFLICT DO "
      "NOTHING",
      {sql_text(scope), {TIMESTAMPTZOID, TimestampTzGetDatum(budget.period_start), false}});
  return sql.run(
                "UPDATE @.ruvector_budget_ledger l SET reserved = l.reserved + $3 FROM "
                "@.ruvector_budget b "
                "WHERE b.scope = $1 AND l.scope = $1 AND l.period_start = $2 "
                "AND (NOT b.hard OR l.spent + l.reserved + $3 <= b.limit_usd)",
                {sql_text(scope),
                 {TIMESTAMPTZOID, TimestampTzGetDatum(budget.period_start), false},
                 sql_real(amount)})
             .affected() == 1;
}

void keep_reservation(SqlSession& sql, std::int64_t id, const std::string& scope,
                      const Budget& budget, double amount) {
  sql.run(
      "INSERT INTO @.ruvector_budget_reservation (decision_id, scope, period_start, amount, "
      "expires_at) "
      "SELECT $1, b.scope, $3, $4, clock_timestamp() + b.reservation_ttl FROM @.ruvector_budget b "
      "WHERE b.scope = $2",
      {sql_int(id),
       sql_text(scope),
       {TIMESTAMPTZOID, TimestampTzGetDatum(budget.period_start), false},
       sql_real(amount)});
}

// Takes the place of the one probe that a half-open circuit lets through.
bool claim_probe(SqlSession& sql, const std::string& agent) {
  return sql.run(
                "UPDATE @.ruvector_agent_circuit SET probe_until = clock_timestamp() + interval "
                "'30 seconds' "
                "WHERE agent = $1 AND (probe_until IS NULL OR probe_until < clock_timestamp())",
                {sql_text(agent)})
             .affected() == 1;
}

struct Decided {
  RoutePlan plan;
  routing::Choice choice;
  std::size_t considered = 0;  // the chosen one
  double reserved = 0;
  const Agent& agent() const { return plan.state->agents[plan.considered[considered].agent]; }
};

// Plans, chooses, claims probe and budget; when another session was faster, chooses again.
Decided decide(SqlSession& sql, Request& q) {
  Decided d;
  d.plan = plan_request(sql, q, false);
  if (d.plan.eligible.empty() && d.plan.budget.exists) {
    sql.run("SELECT @.ruvector_budget_expire($1)", {sql_text(q.budget)});
    d.plan = plan_request(sql, q, false);
  }
  for (;;) {
    d.choice = choose_agent(d.plan, exploration_rng());
    d.considered = d.plan.eligible[d.choice.chosen];
    Considered& c = d.plan.considered[d.considered];
    if (c.probe && !claim_probe(sql, d.agent().name)) {
      c.rejected = "circuit half open, a probe is on its way";
    } else if (d.plan.budget.exists && c.candidate.cost > 0 &&
               !reserve(sql, q.budget, d.plan.budget, c.candidate.cost)) {
      c.rejected = "budget \"" + q.budget + "\" is used up";
    } else {
      d.reserved = d.plan.budget.exists ? c.candidate.cost : 0;
      return d;
    }
    collect_eligible(d.plan);
  }
}

Datum decision_datum(FunctionCallInfo fcinfo, std::int64_t id, const Decided& d,
                     const std::string& reasons) {
  const routing::Candidate& c = d.plan.considered[d.considered].candidate;
  std::vector<std::string> fallbacks;
  for (const std::size_t i : d.choice.fallback)
    fallbacks.push_back(d.plan.state->agents[d.plan.considered[d.plan.eligible[i]].agent].name);
  Datum values[9] = {Int64GetDatum(id),
                     text_datum(d.agent().name),
                     Float8GetDatum(c.quality_lower),
                     Float8GetDatum(c.cost),
                     Float8GetDatum(c.latency_ms),
                     Float8GetDatum(c.quality),
                     Float8GetDatum(d.choice.propensity),
                     sql_text_array(fallbacks).datum,
                     sql_json(reasons).datum};
  bool nulls[9] = {};
  return call([&] {
    TupleDesc t;
    if (get_call_result_type(fcinfo, nullptr, &t) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(t), values, nulls));
  });
}

// Writes what came of an agent's attempt, closes or cools its circuit, settles the budget.
struct Outcome {
  std::int64_t decision = 0;
  std::string agent;
  std::int64_t attempt = 1;
  bool success = true;
  std::string error;  // empty: none
  double latency_ms = std::nan(""), cost = std::nan(""), quality = std::nan("");
  SqlValue tokens_in = sql_null(INT4OID), tokens_out = sql_null(INT4OID);
  SqlValue retry_after = sql_null(INTERVALOID);
  std::string source = "caller";
};

constexpr const char* kErrors[] = {"timeout", "rate_limit", "server_error", "auth",
                                   "content", "context",    "other"};

void check_error_class(const std::string& error) {
  for (const char* known : kErrors)
    if (error == known) return;
  throw Error(ErrorCode::invalid_argument, "unknown error class \"" + error + "\"", {},
              "Use timeout, rate_limit, server_error, auth, content, context or other.");
}

void note_circuit(SqlSession& sql, const Outcome& o) {
  if (o.success) {
    if (sql.run("SELECT FROM @.ruvector_agent_circuit WHERE agent = $1 AND (failures > 0 OR "
                "open_until IS NOT NULL)",
                {sql_text(o.agent)})
            .size() > 0)
      sql.run(
          "UPDATE @.ruvector_agent_circuit SET failures = 0, openings = 0, open_until = NULL, "
          "probe_until = NULL "
          "WHERE agent = $1",
          {sql_text(o.agent)});
    return;
  }
  if (o.error == "content" || o.error == "context") return;  // the request's fault, not the agent's
  sql.run(
      "INSERT INTO @.ruvector_agent_circuit AS c (agent, failures, openings, open_until, "
      "last_error, last_failure) "
      "SELECT a.name, 1, s.opens::integer, CASE WHEN s.opens THEN clock_timestamp() + "
      "greatest(s.wait, coalesce($3, interval '0')) END, $2, clock_timestamp() "
      "FROM @.ruvector_agent a CROSS JOIN LATERAL (SELECT $3 IS NOT NULL OR $2 = 'auth' OR "
      "a.allowed_failures <= 1 "
      "AS opens, CASE WHEN $2 = 'auth' THEN interval '10 minutes' ELSE a.cooldown * (1 + 0.1 * "
      "random()) END AS wait) s "
      "WHERE a.name = $1 "
      "ON CONFLICT (agent) DO UPDATE SET (failures, openings, open_until, probe_until, last_error, "
      "last_failure) = "
      "(SELECT c.failures + 1, c.openings + n.opens::integer, CASE WHEN n.opens THEN "
      "clock_timestamp() + "
      "greatest(CASE WHEN $2 = 'auth' THEN interval '10 minutes' ELSE least(interval '10 minutes', "
      "a.cooldown * power(2, least(c.openings, 20))) * (1 + 0.1 * random()) END, coalesce($3, "
      "interval '0')) "
      "ELSE c.open_until END, NULL::timestamptz, $2, clock_timestamp() "
      "FROM @.ruvector_agent a CROSS JOIN LATERAL (SELECT $3 IS NOT NULL OR $2 = 'auth' OR "
      "c.open_until IS NOT NULL "
      "OR c.failures + 1 >= a.allowed_failures AS opens) n WHERE a.name = $1)",
      {sql_text(o.agent), sql_text(o.error), o.retry_after});
}

void settle(SqlSession& sql, const Outcome& o) {
  // Prices at the time of the outcome; a failure that named no cost cost nothing.
  sql.run(
      "WITH gone AS (DELETE FROM @.ruvector_budget_reservation WHERE decision_id = $1 "
      "RETURNING scope, period_start, amount) "
      "UPDATE @.ruvector_budget_ledger l SET reserved = greatest(0, l.reserved - g.amount), "
      "spent = l.spent + coalesce($2, CASE WHEN $3 THEN g.amount ELSE 0 END) "
      "FROM gone g WHERE l.scope = g.scope AND l.period_start = g.period_start",
      {sql_int(o.decision), sql_real(o.cost), sql_bool(o.success)});
}

void record(SqlSession& sql, Outcome& o, bool settles) {
  if (!o.error.empty()) check_error_class(o.error);
  if (!o.success && o.error.empty()) o.error = "other";
  // A service that could not be reached says nothing of how good its answers are.
  const bool tells_quality =
      o.success || o.error == "content" || o.error == "context" || o.error == "other";
  const SqlRows r = sql.run(
      "INSERT INTO @.ruvector_route_outcome (decision_id, agent, attempt, success, error_class, "
      "latency_ms, "
      "tokens_in, tokens_out, cost, quality, source) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, CASE WHEN $7 IS NOT NULL OR $8 IS NOT "
      "NULL THEN "
      "(SELECT a.cost_per_call + coalesce($7, 0) / 1000.0 * a.cost_per_1k_input + coalesce($8, 0) "
      "/ 1000.0 * "
      "a.cost_per_1k_output FROM @.ruvector_agent a WHERE a.name = $2) END), coalesce($10, CASE "
      "WHEN $12 THEN $4::integer END), $11) "
      "ON CONFLICT (decision_id, agent, attempt, source) DO UPDATE SET success = excluded.success, "
      "error_class = excluded.error_class, latency_ms = coalesce(excluded.latency_ms, "
      "ruvector_route_outcome.latency_ms), "
      "tokens_in = coalesce(excluded.tokens_in, ruvector_route_outcome.tokens_in), "
      "tokens_out = coalesce(excluded.tokens_out, ruvector_route_outcome.tokens_out), "
      "cost = coalesce(excluded.cost, ruvector_route_outcome.cost), quality = excluded.quality "
      "RETURNING cost",
      {sql_int(o.decision),
       sql_text(o.agent),
       {INT4OID, Int32GetDatum(static_cast<int>(o.attempt)), false},
       sql_bool(o.success),
       o.error.empty() ? sql_null(TEXTOID) : sql_text(o.error),
       sql_real(o.latency_ms),
       o.tokens_in,
       o.tokens_out,
       sql_real(o.cost),
       sql_real(o.quality),
       sql_text(o.source),
       sql_bool(tells_quality)});
  o.cost = r.real(0, 0, std::nan(""));
  note_circuit(sql, o);
  if (settles) settle(sql, o);
}

}  // namespace

RV_FUNCTION(rv_route)
{
  Request q = request_arguments(fcinfo);
  q.explore = PG_ARGISNULL(12) || PG_GETARG_BOOL(12);
  std::int64_t id = 0;
  std::string reasons;
  Decided d;
  {
    SqlSession sql(schema_of_function(fcinfo));
    d = decide(sql, q);
    reasons = reasons_json(d.plan, d.choice);
    std::vector<std::string> candidates;
    std::vector<double> quality;
    std::vector<double> cost;
    for (const std::size_t i : d.plan.eligible) {
      const Considered& c = d.plan.considered[i];
      candidates.push_back(d.plan.state->agents[c.agent].name);
      quality.push_back(c.candidate.quality);
      cost.push_back(c.candidate.cost);
    }
    const Considered& chosen = d.plan.considered[d.considered];
    const double tokens =
        d.plan.tokens_in + (q.tokens_out >= 0 ? q.tokens_out : d.agent().expected_tokens_out());
    const SqlRows r = sql.run(
        "INSERT INTO @.ruvector_route_log (router, tenant, request, embedding, arguments, "
        "candidates, "
        "candidate_quality, candidate_cost, chosen, current_agent, propensity, objective, model, "
        "estimated_cost, estimated_tokens, reasons) VALUES ($1, coalesce($2, current_user), $3, "
        "$4, $5, $6, $7, $8, $9, "
        "$9, $10, $11, $12, $13, $14, $15) RETURNING id",
        {sql_text(q.router),
         q.tenant.empty() ? sql_null(NAMEOID) : sql_name(q.tenant),
         d.plan.state->settings.log_request ? sql_text(q.text) : sql_null(TEXTOID),
         sql_vector(sql, q.embedding),
         sql_json(arguments_json(q)),
         sql_text_array(candidates),
         sql_real_array(quality),
         sql_real_array(cost),
         sql_text(d.agent().name),
         sql_real(d.choice.propensity),
         sql_text(routing::objective_name(q.objective)),
         sql_text(d.plan.model),
         sql_real(chosen.candidate.cost),
         {INT4OID, Int32GetDatum(static_cast<int>(std::min(tokens, 2e9))), false},
         sql_json(reasons)});
    id = r.integer(0, 0);
    if (d.reserved > 0) keep_reservation(sql, id, q.budget, d.plan.budget, d.reserved);
  }
  return decision_datum(fcinfo, id, d, reasons);
}

RV_FUNCTION(rv_route_explain)
{
  Request q = request_arguments(fcinfo);
  q.explore = false;
  struct Row {
    std::string agent, reason, terms;
    int rank;
    bool eligible;
  };
  std::vector<Row> rows;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const RoutePlan plan = plan_request(sql, q, true);
    const auto name = [&](std::size_t i) {
      return plan.state->agents[plan.considered[i].agent].name;
    };
    if (!plan.eligible.empty()) {
      Rng rng(0);
      const routing::Choice choice = choose_agent(plan, rng);
      std::vector<std::size_t> order = {choice.chosen};
      order.insert(order.end(), choice.fallback.begin(), choice.fallback.end());
      for (const std::size_t i : order)
        rows.push_back(
            {name(plan.eligible[i]), choice.adequate[i] ? "" : "eligible, but not adequate",
             terms_json(plan.considered[plan.eligible[i]], choice.score[i], choice.adequate[i]),
             static_cast<int>(rows.size()) + 1, true});
    }
    for (std::size_t i = 0; i < plan.considered.size(); ++i)
      if (!plan.considered[i].rejected.empty() &&
          std::find(plan.eligible.begin(), plan.eligible.end(), i) == plan.eligible.end())
        rows.push_back({name(i), plan.considered[i].rejected,
                        terms_json(plan.considered[i], std::nan(""), false), 0, false});
  }
  const Row* all = rows.data();
  const std::size_t n = rows.size();
  call([&] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t i = 0; i < n; ++i) {
      Datum values[5] = {CStringGetTextDatum(all[i].agent.c_str()), Int32GetDatum(all[i].rank),
                         BoolGetDatum(all[i].eligible), CStringGetTextDatum(all[i].reason.c_str()),
                         DirectFunctionCall1(jsonb_in, CStringGetDatum(all[i].terms.c_str()))};
      bool nulls[5] = {false, !all[i].eligible, false, all[i].reason.empty(), false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  });
  return Datum(0);
}

RV_FUNCTION(rv_route_feedback)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "decision_id must not be NULL");
  if (PG_ARGISNULL(1)) throw Error(ErrorCode::null_not_allowed, "success must not be NULL");
  Outcome o;
  o.decision = PG_GETARG_INT64(0);
  o.success = PG_GETARG_BOOL(1);
  if (!PG_ARGISNULL(2)) o.latency_ms = PG_GETARG_FLOAT8(2);
  if (!PG_ARGISNULL(3)) o.tokens_in = {INT4OID, PG_GETARG_DATUM(3), false};
  if (!PG_ARGISNULL(4)) o.tokens_out = {INT4OID, PG_GETARG_DATUM(4), false};
  if (!PG_ARGISNULL(5)) o.cost = PG_GETARG_FLOAT8(5);
  if (!PG_ARGISNULL(6)) o.quality = PG_GETARG_FLOAT8(6);
  if (!PG_ARGISNULL(7)) o.source = std::string(text_argument(fcinfo, 7));
  if (!PG_ARGISNULL(8)) o.error = std::string(text_argument(fcinfo, 8));
  if (!PG_ARGISNULL(9)) o.retry_after = {INTERVALOID, PG_GETARG_DATUM(9), false};
  SqlSession sql(schema_of_function(fcinfo));
  const SqlRows r = sql.run(
      "SELECT l.current_agent, l.attempt::bigint FROM @.ruvector_route_log l WHERE l.id = $1",
      {sql_int(o.decision)});
  if (r.size() == 0 || r.is_null(0, 0))
    throw Error(ErrorCode::undefined_object,
                "decision " + std::to_string(o.decision) + " does not exist");
  o.agent = r.text(0, 0);
  o.attempt = r.integer(0, 1);
  record(sql, o, true);
  return Datum(0);
}

RV_FUNCTION(rv_route_next)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "decision_id must not be NULL");
  Outcome o;
  o.decision = PG_GETARG_INT64(0);
  o.success = false;
  o.error = PG_ARGISNULL(1) ? "other" : std::string(text_argument(fcinfo, 1));
  if (!PG_ARGISNULL(2)) o.retry_after = {INTERVALOID, PG_GETARG_DATUM(2), false};
  if (!PG_ARGISNULL(3)) o.latency_ms = PG_GETARG_FLOAT8(3);
  Decided d;
  std::string reasons;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const SqlRows r = sql.run(
        "SELECT l.current_agent, l.attempt::bigint, l.router, coalesce(l.request, ''), "
        "l.arguments->>'optimize_for', "
        "(l.arguments->>'max_cost')::float8, (l.arguments->>'max_latency_ms')::float8, "
        "(l.arguments->>'min_quality')::float8, coalesce((l.arguments->>'tokens_in')::float8, "
        "ceil(octet_length(l.request) / 4.0)::float8), (l.arguments->>'tokens_out')::float8, "
        "coalesce(l.arguments->>'budget', ''), l.embedding, "
        "ARRAY(SELECT jsonb_array_elements_text(l.arguments->'required_capabilities')), "
        "ARRAY(SELECT jsonb_array_elements_text(l.arguments->'excluded_agents') UNION "
        "SELECT o.agent FROM @.ruvector_route_outcome o WHERE o.decision_id = l.id UNION SELECT "
        "l.current_agent) "
        "FROM @.ruvector_route_log l WHERE l.id = $1 AND l.current_agent IS NOT NULL FOR UPDATE",
        {sql_int(o.decision)});
    if (r.size() == 0)
      throw Error(ErrorCode::undefined_object,
                  "decision " + std::to_string(o.decision) + " does not exist");
    o.agent = r.text(0, 0);
    o.attempt = r.integer(0, 1);
    Request q;
    q.router = r.text(0, 2);
    q.text = r.text(0, 3);
    q.objective = routing::objective_of(r.text(0, 4));
    q.max_cost = r.real(0, 5, std::nan(""));
    q.max_latency_ms = r.real(0, 6, std::nan(""));
    q.min_quality = r.real(0, 7, std::nan(""));
    q.tokens_in = r.real(0, 8, -1);
    q.tokens_out = r.real(0, 9, -1);
    q.budget = r.text(0, 10);
    bool null = true;
    const Datum e = r.datum(0, 11, &null);
    if (!null) q.embedding = vector_components(e);
    q.capabilities = text_array(r.datum(0, 12, &null));
    q.excluded = text_array(r.datum(0, 13, &null));
    q.explore = false;
    record(sql, o, true);
    d = decide(sql, q);
    reasons = reasons_json(d.plan, d.choice);
    sql.run(
        "UPDATE @.ruvector_route_log SET current_agent = $2, attempt = attempt + 1 WHERE id = $1",
        {sql_int(o.decision), sql_text(d.agent().name)});
    if (d.reserved > 0) keep_reservation(sql, o.decision, q.budget, d.plan.budget, d.reserved);
  }
  return decision_datum(fcinfo, o.decision, d, reasons);
}

RV_FUNCTION(rv_route_embed)
{
  const std::string request(text_argument(fcinfo, 0));
  const std::string router(text_argument(fcinfo, 1));
  std::vector<float> x;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const SqlRows r =
        sql.run("SELECT embedder FROM @.ruvector_router WHERE name = $1", {sql_text(router)}, true);
    Settings settings;
    if (r.size() > 0) settings.embedder = r.text(0, 0);
    x = embed_request(sql, settings, request, true);
  }
  auto* v = make_dense<Vector>(static_cast<int>(x.size()));
  std::copy(x.begin(), x.end(), v->x);
  return PointerGetDatum(v);
}
