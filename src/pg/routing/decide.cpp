// ruvector_route(), _explain(), _next(), _feedback(), _embed().
#include <algorithm>
#include <string>

#include "pg/base/datum.h"
#include "pg/base/row_reader.h"
#include "pg/routing/outcome.h"
#include "pg/routing/plan.h"
#include "pg/routing/reasons.h"
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

// False when the budget has no room any more (another session took it). Sums of prices in binary
// fractions miss by a hair: a billionth of the limit is not held against anybody.
bool reserve(SqlSession& sql, const std::string& scope, const Budget& budget, double amount) {
  sql.run(
      "INSERT INTO @.ruvector_budget_ledger (scope, period_start) VALUES ($1, $2) ON CONFLICT DO "
      "NOTHING",
      {sql_text(scope), {TIMESTAMPTZOID, TimestampTzGetDatum(budget.period_start), false}});
  return sql.run(
                "UPDATE @.ruvector_budget_ledger l SET reserved = l.reserved + $3 FROM "
                "@.ruvector_budget b "
                "WHERE b.scope = $1 AND l.scope = $1 AND l.period_start = $2 "
                "AND (NOT b.hard OR l.spent + l.reserved + $3 <= b.limit_usd * (1 + 1e-9))",
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

// Takes the place of the one probe that a half-open circuit lets through. A row that another
// session has locked is being changed, so it is not waited for: sessions that hold one circuit or a
// budget and wait for another circuit would block each other.
bool claim_probe(SqlSession& sql, const std::string& agent) {
  return sql.run(
                "UPDATE @.ruvector_agent_circuit SET probe_until = clock_timestamp() + interval "
                "'30 seconds' WHERE agent = (SELECT c.agent FROM @.ruvector_agent_circuit c WHERE "
                "c.agent = $1 AND (c.probe_until IS NULL OR c.probe_until < clock_timestamp()) "
                "FOR UPDATE SKIP LOCKED)",
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

Datum decision_datum(FunctionCallInfo fcinfo, std::int64_t id, const Decided& d) {
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
                     reasons_json(d.plan, d.choice)};
  bool nulls[9] = {};
  return record_datum(fcinfo, values, nulls);
}

}  // namespace

RV_FUNCTION(rv_route)
{
  Request q = request_arguments(fcinfo);
  q.explore = PG_ARGISNULL(12) || PG_GETARG_BOOL(12);
  std::int64_t id = 0;
  Decided d;
  {
    SqlSession sql(schema_of_function(fcinfo));
    d = decide(sql, q);
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
         {JSONBOID, arguments_json(q), false},
         sql_text_array(candidates),
         sql_real_array(quality),
         sql_real_array(cost),
         sql_text(d.agent().name),
         sql_real(d.choice.propensity),
         sql_text(routing::objective_name(q.objective)),
         sql_text(d.plan.model),
         sql_real(chosen.candidate.cost),
         {INT4OID, Int32GetDatum(static_cast<int>(std::min(tokens, 2e9))), false},
         {JSONBOID, logged_json(d.plan, d.choice), false}});
    id = r.integer(0, 0);
    if (d.reserved > 0) keep_reservation(sql, id, q.budget, d.plan.budget, d.reserved);
  }
  return decision_datum(fcinfo, id, d);
}

RV_FUNCTION(rv_route_explain)
{
  Request q = request_arguments(fcinfo);
  q.explore = false;
  RoutePlan plan;
  {
    SqlSession sql(schema_of_function(fcinfo));
    plan = plan_request(sql, q, true);
  }
  struct Row {
    const char *agent, *reason;
    Datum terms;
    int rank;
    bool eligible;
  };
  std::vector<Row> rows;
  const auto name = [&](std::size_t i) {
    return plan.state->agents[plan.considered[i].agent].name.c_str();
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
      rows.push_back({name(i), plan.considered[i].rejected.c_str(),
                      terms_json(plan.considered[i], std::nan(""), false), 0, false});
  const Row* all = rows.data();
  const std::size_t n = rows.size();
  call([&] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t i = 0; i < n; ++i) {
      Datum values[5] = {CStringGetTextDatum(all[i].agent), Int32GetDatum(all[i].rank),
                         BoolGetDatum(all[i].eligible), CStringGetTextDatum(all[i].reason),
                         all[i].terms};
      bool nulls[5] = {false, !all[i].eligible, false, all[i].reason[0] == '\0', false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  });
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
    Request q;
    read_columns(r, 0, 0, o.agent, o.attempt, q.router, q.text);
    q.objective = routing::objective_of(r.text(0, 4));
    read_columns(r, 0, 5, q.max_cost, q.max_latency_ms, q.min_quality, q.tokens_in, q.tokens_out,
                 q.budget);
    bool null = true;
    const Datum e = r.datum(0, 11, &null);
    if (!null) q.embedding = vector_components(e);
    q.capabilities = text_array(r.datum(0, 12, &null));
    q.excluded = text_array(r.datum(0, 13, &null));
    q.explore = false;
    record(sql, o, true);
    d = decide(sql, q);
    sql.run(
        "UPDATE @.ruvector_route_log SET current_agent = $2, attempt = attempt + 1 WHERE id = $1",
        {sql_int(o.decision), sql_text(d.agent().name)});
    if (d.reserved > 0) keep_reservation(sql, o.decision, q.budget, d.plan.budget, d.reserved);
  }
  return decision_datum(fcinfo, o.decision, d);
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
