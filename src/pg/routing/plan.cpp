#include "pg/routing/plan.h"

#include <algorithm>

#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/row_reader.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/timestamp.h"
}

namespace rv::pg::route {
namespace {

// Lower confidence bound of an expected quality: one standard deviation.
constexpr double kBound = 1.0;

std::vector<std::string> text_array_argument(FunctionCallInfo fcinfo, int n) {
  return PG_ARGISNULL(n) ? std::vector<std::string>() : text_array(PG_GETARG_DATUM(n));
}

double limit_argument(FunctionCallInfo fcinfo, int n, const char* what, double most) {
  if (PG_ARGISNULL(n)) return std::nan("");
  const double v = PG_GETARG_FLOAT8(n);
  if (!(v >= 0 && v <= most))
    throw Error(ErrorCode::invalid_argument, std::string(what) + " must be between 0 and " +
                                                 json_number(most) + ", not " + json_number(v));
  return v;
}

std::string timestamp_text(TimestampTz t) {
  const char* s = call([t] { return timestamptz_to_str(t); });
  return s;
}

std::string number_text(double v) {
  char b[40];
  std::snprintf(b, sizeof b, "%.6g", v);
  return b;
}

struct Usage {
  double requests = 0, tokens = 0, running = 0;
};

std::vector<Usage> read_usage(SqlSession& sql, const RouterState& state, bool read_only) {
  std::vector<Usage> usage(state.agents.size());
  std::vector<std::string> limited;
  for (const Agent& a : state.agents)
    if (a.max_rpm > 0 || a.max_tpm > 0 || a.max_parallel > 0) limited.push_back(a.name);
  if (limited.empty()) return usage;
  const SqlRows r = sql.run(
      "SELECT l.current_agent, "
      "count(*) FILTER (WHERE l.decided_at > clock_timestamp() - interval '1 minute')::float8, "
      "coalesce(sum(l.estimated_tokens) FILTER (WHERE l.decided_at > clock_timestamp() - interval "
      "'1 "
      "minute'), 0)::float8, "
      "count(*) FILTER (WHERE NOT EXISTS (SELECT FROM @.ruvector_route_outcome o WHERE "
      "o.decision_id = "
      "l.id AND o.agent = l.current_agent AND o.attempt = l.attempt))::float8 "
      "FROM @.ruvector_route_log l WHERE l.current_agent = ANY ($1) "
      "AND l.decided_at > clock_timestamp() - interval '10 minutes' GROUP BY 1",
      {sql_text_array(limited)}, read_only);
  for (std::size_t i = 0; i < r.size(); ++i) {
    const int at = state.find(r.text(i, 0));
    if (at >= 0) usage[static_cast<std::size_t>(at)] = {r.real(i, 1), r.real(i, 2), r.real(i, 3)};
  }
  return usage;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Why an agent may not serve the request, its circuit aside; empty when it may.
std::string rejection(const Agent& a, const Request& q, const RoutePlan& plan, const Considered& c,
                      const Usage& u) {
  if (!a.active) return "inactive";
  if (contains(q.excluded, a.name)) return "excluded";
  for (const std::string& capability : q.capabilities)
    if (!contains(a.capabilities, capability)) return "lacks capability \"" + capability + "\"";
  const double tokens_out = q.tokens_out >= 0 ? q.tokens_out : a.expected_tokens_out();
  if (a.max_context > 0 && plan.tokens_in + tokens_out > a.max_context)
    return "needs " + number_text(plan.tokens_in + tokens_out) + " tokens of context, has " +
           std::to_string(a.max_context);
  if (a.max_rpm > 0 && u.requests >= a.max_rpm)
    return "had " + number_text(u.requests) + " requests in the last minute, may have " +
           std::to_string(a.max_rpm);
  if (a.max_tpm > 0 && u.tokens + plan.tokens_in + tokens_out > a.max_tpm)
    return "had " + number_text(u.tokens) + " tokens in the last minute, may have " +
           std::to_string(a.max_tpm);
  if (a.max_parallel > 0 && u.running >= a.max_parallel)
    return "has " + number_text(u.running) + " requests running, may have " +
           std::to_string(a.max_parallel);
  if (c.candidate.cost > q.max_cost)
    return "costs " + number_text(c.candidate.cost) + ", more than max_cost";
  if (c.candidate.latency_ms > q.max_latency_ms)
    return "takes " + number_text(c.candidate.latency_ms) + " ms, more than max_latency_ms";
  if (c.candidate.quality_lower < q.min_quality)
    return "quality is at least " + number_text(c.candidate.quality_lower) +
           ", less than min_quality";
  if (plan.budget.exists && plan.budget.hard && c.candidate.cost > 0 &&
      c.candidate.cost > plan.budget.remaining)
    return "costs " + number_text(c.candidate.cost) + ", budget \"" + q.budget + "\" has " +
           number_text(plan.budget.remaining) + " left";
  return {};
}

}  // namespace

Request request_arguments(FunctionCallInfo fcinfo) {
  Request q;
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "request must not be NULL");
  q.text = std::string(text_argument(fcinfo, 0));
  q.objective = PG_ARGISNULL(1) ? routing::Objective::balanced
                                : routing::objective_of(text_argument(fcinfo, 1));
  q.capabilities = text_array_argument(fcinfo, 2);
  q.max_cost = limit_argument(fcinfo, 3, "max_cost", 1e12);
  q.max_latency_ms = limit_argument(fcinfo, 4, "max_latency_ms", 1e12);
  q.min_quality = limit_argument(fcinfo, 5, "min_quality", 1);
  q.excluded = text_array_argument(fcinfo, 6);
  if (!PG_ARGISNULL(7)) q.budget = std::string(text_argument(fcinfo, 7));
  if (!PG_ARGISNULL(8)) q.tenant = NameStr(*PG_GETARG_NAME(8));
  if (!PG_ARGISNULL(9)) {
    JsonOptions context(PG_GETARG_DATUM(9), false);
    q.tokens_in = context.number("tokens_in", -1, 0, 1e9);
    q.tokens_out = context.number("tokens_out", -1, 0, 1e9);
  }
  if (!PG_ARGISNULL(10)) q.embedding = vector_components(PG_GETARG_DATUM(10));
  if (!PG_ARGISNULL(11)) q.router = std::string(text_argument(fcinfo, 11));
  return q;
}

Budget read_budget(SqlSession& sql, const std::string& scope, bool read_only) {
  Budget b;
  if (scope.empty()) return b;
  const SqlRows r = sql.run(
      "SELECT b.limit_usd * (1 + 1e-9) - coalesce(l.spent, 0) - coalesce(l.reserved, 0), b.hard, "
      "s.start "
      "FROM @.ruvector_budget b CROSS JOIN LATERAL (SELECT @.ruvector_budget_period(b.period) AS "
      "start) s "
      "LEFT JOIN @.ruvector_budget_ledger l ON l.scope = b.scope AND l.period_start = s.start "
      "WHERE b.scope = $1",
      {sql_text(scope)}, read_only);
  if (r.size() == 0)
    throw Error(ErrorCode::undefined_object, "budget \"" + scope + "\" does not exist", {},
                "Create it with ruvector_set_budget().");
  b.exists = true;
  read_columns(r, 0, 0, b.remaining, b.hard, b.period_start);
  return b;
}

RoutePlan plan_request(SqlSession& sql, Request& q, bool read_only) {
  RoutePlan plan;
  RouterState& state = state_of(sql, q.router, read_only);
  plan.state = &state;
  if (q.embedding.empty()) q.embedding = embed_request(sql, state.settings, q.text, read_only);
  plan.tokens_in =
      q.tokens_in >= 0 ? q.tokens_in : std::ceil(static_cast<double>(q.text.size()) / 4);
  plan.budget = read_budget(sql, q.budget, read_only);
  const std::vector<Usage> usage = read_usage(sql, state, read_only);
  const std::vector<Quality> quality = state.quality(q.embedding, plan.model);
  const TimestampTz now = GetCurrentTimestamp();
  for (std::size_t i = 0; i < state.agents.size(); ++i) {
    const Agent& a = state.agents[i];
    Considered c;
    c.agent = i;
    c.candidate.quality = quality[i].mean;
    c.candidate.deviation = quality[i].deviation;
    c.candidate.quality_lower = std::max(0.0, quality[i].mean - kBound * quality[i].deviation);
    c.candidate.cost =
        a.cost(plan.tokens_in, q.tokens_out >= 0 ? q.tokens_out : a.expected_tokens_out());
    c.candidate.latency_ms = a.expected_latency();
    c.candidate.latency_p95_ms = a.p95_latency();
    c.rejected = rejection(a, q, plan, c, usage[i]);
    const Circuit& circuit = state.circuits[i];
    if (c.rejected.empty() && circuit.open_until != 0) {
      c.probe = circuit.open_until <= now;
      if (!c.probe) {
        c.rejected = "circuit open until " + timestamp_text(circuit.open_until);
        c.only_circuit = true;
      } else if (circuit.probe_until > now) {
        c.rejected = "circuit half open, a probe is on its way";
        c.only_circuit = true;
      }
    }
    plan.considered.push_back(std::move(c));
  }
  plan.policy.objective = q.objective;
  plan.policy.tau = state.settings.tau;
  plan.policy.min_quality = std::isnan(q.min_quality) ? 0 : q.min_quality;
  plan.policy.cost_weight = state.settings.cost_weight;
  plan.policy.latency_weight = state.settings.latency_weight;
  plan.policy.explorer = routing::explorer_of(state.settings.explorer);
  if (q.explore)
    plan.policy.exploration =
        state.settings.exploration >= 0 ? state.settings.exploration : default_exploration();
  collect_eligible(plan);
  if (plan.eligible.empty() && state.settings.fail_open) {
    // The agent whose circuit closes first is the least bad.
    const Considered* best = nullptr;
    for (Considered& c : plan.considered)
      if (c.only_circuit && (best == nullptr || state.circuits[c.agent].open_until <
                                                    state.circuits[best->agent].open_until))
        best = &c;
    if (best != nullptr) plan.eligible.push_back(best->agent);
  }
  return plan;
}

void collect_eligible(RoutePlan& plan) {
  plan.eligible.clear();
  for (std::size_t i = 0; i < plan.considered.size(); ++i)
    if (plan.considered[i].rejected.empty()) plan.eligible.push_back(i);
}

routing::Choice choose_agent(const RoutePlan& plan, Rng& rng) {
  if (plan.eligible.empty()) {
    std::string detail;
    for (const Considered& c : plan.considered)
      detail += (detail.empty() ? "" : "; ") + plan.state->agents[c.agent].name + ": " + c.rejected;
    throw Error(ErrorCode::wrong_state, "no agent is eligible for the request",
                detail.empty() ? "No agent is registered." : detail + ".",
                detail.empty() ? "Register one with ruvector_register_agent()." : std::string());
  }
  std::vector<routing::Candidate> candidates;
  for (const std::size_t i : plan.eligible) candidates.push_back(plan.considered[i].candidate);
  return routing::choose(candidates, plan.policy, rng);
}

}  // namespace rv::pg::route
