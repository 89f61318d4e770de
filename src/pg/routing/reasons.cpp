#include "pg/routing/reasons.h"

#include <algorithm>

#include "pg/base/jsonb_writer.h"

namespace rv::pg::route {
namespace {

// Keys in jsonb's order.
void write_terms(JsonbWriter& j, const Considered& c, double score, bool adequate) {
  const routing::Candidate& k = c.candidate;
  j.object()
      .key("cost")
      .number(k.cost)
      .key("score")
      .number(score)
      .key("quality")
      .number(k.quality)
      .key("adequate")
      .boolean(adequate)
      .key("latency_ms")
      .number(k.latency_ms)
      .key("quality_lower")
      .number(k.quality_lower)
      .key("latency_p95_ms")
      .number(k.latency_p95_ms)
      .end();
}

void write_rejected(JsonbWriter& j, const RoutePlan& plan) {
  j.key("rejected").object();
  for (const std::size_t i : plan.state->key_order) {
    const Considered& c = plan.considered[i];
    if (!c.rejected.empty()) j.key(plan.state->agents[i].name).text(c.rejected);
  }
  j.end();
}

void write_texts(JsonbWriter& j, const char* key, const std::vector<std::string>& all) {
  if (all.empty()) return;
  j.key(key).array();
  for (const std::string& s : all) j.text(s);
  j.end();
}

}  // namespace

Datum terms_json(const Considered& c, double score, bool adequate) {
  JsonbWriter j;
  write_terms(j, c, score, adequate);
  return j.finish();
}

Datum reasons_json(const RoutePlan& plan, const routing::Choice& choice) {
  // The chosen agent and those that come next: with many agents, telling of all would take as long
  // as deciding.
  constexpr std::size_t kNext = 4;
  std::vector<std::size_t> place(plan.considered.size(), plan.eligible.size());
  const auto tell = [&](std::size_t i) { place[plan.eligible[i]] = i; };
  tell(choice.chosen);
  for (std::size_t i = 0; i < std::min(kNext, choice.fallback.size()); ++i)
    tell(choice.fallback[i]);
  JsonbWriter j(128 + 3 * plan.considered.size());
  j.object().key("model").text(plan.model).key("weighed").object();
  for (const std::size_t i : plan.state->key_order) {
    if (place[i] == plan.eligible.size()) continue;
    j.key(plan.state->agents[i].name);
    write_terms(j, plan.considered[i], choice.score[place[i]], choice.adequate[place[i]]);
  }
  j.end().key("explored").boolean(choice.explored);
  j.key("outcomes").number(static_cast<double>(plan.state->outcomes()));
  write_rejected(j, plan);
  return j.end().finish();
}

Datum logged_json(const RoutePlan& plan, const routing::Choice& choice) {
  JsonbWriter j;
  j.object().key("explored").boolean(choice.explored);
  write_rejected(j, plan);
  return j.end().finish();
}

Datum arguments_json(const Request& q) {
  JsonbWriter j;
  j.object().key("optimize_for").text(routing::objective_name(q.objective));
  const auto number = [&j](const char* key, double v) {
    if (v >= 0) j.key(key).number(v);
  };
  number("max_cost", q.max_cost);
  number("max_latency_ms", q.max_latency_ms);
  number("min_quality", q.min_quality);
  number("tokens_in", q.tokens_in);
  number("tokens_out", q.tokens_out);
  write_texts(j, "required_capabilities", q.capabilities);
  write_texts(j, "excluded_agents", q.excluded);
  if (!q.budget.empty()) j.key("budget").text(q.budget);
  return j.end().finish();
}

}  // namespace rv::pg::route
