#include "pg/routing/training_data.h"

#include <cmath>
#include <unordered_map>

#include "pg/base/datum.h"
#include "pg/routing/router_state.h"

namespace rv::pg::route {

TrainingData read_training_data(SqlSession& sql, std::size_t least, bool only_complete) {
  TrainingData d;
  const SqlRows agents = sql.run(
      "SELECT name, quality_score, cost_per_call, cost_per_1k_input, cost_per_1k_output, "
      "expected_output_tokens::float8 FROM @.ruvector_agent WHERE active ORDER BY name",
      {}, true);
  std::unordered_map<std::string, std::size_t> position;
  std::vector<std::array<double, 4>> price;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    d.agents.push_back(agents.text(i, 0));
    d.prior.push_back(agents.real(i, 1));
    price.push_back({agents.real(i, 2), agents.real(i, 3), agents.real(i, 4), agents.real(i, 5)});
    position[d.agents.back()] = i;
  }
  if (d.agents.empty()) throw Error(ErrorCode::wrong_state, "no agent is registered");
  d.set.agents = d.agents.size();
  const SqlRows r = sql.run(
      "SELECT l.id, o.agent, o.quality, o.cost, coalesce((l.arguments->>'tokens_in')::float8, "
      "ceil(octet_length(l.request) / 4.0)::float8, 0), l.embedding "
      "FROM @.ruvector_route_log l JOIN @.ruvector_route_outcome o ON o.decision_id = l.id "
      "WHERE o.quality IS NOT NULL AND l.embedding IS NOT NULL "
      "AND @.vector_dims(l.embedding) = (SELECT @.vector_dims(n.embedding) FROM "
      "@.ruvector_route_log n "
      "WHERE n.embedding IS NOT NULL ORDER BY n.id DESC LIMIT 1) ORDER BY l.id, o.id",
      {}, true);
  std::size_t complete = 0;  // agents tried on the row being read
  const auto drop_incomplete = [&] {
    if (!only_complete || d.decision.empty() || complete == d.set.agents) return;
    d.decision.pop_back();
    d.set.embedding.resize(d.decision.size() * d.set.dim);
    d.set.quality.resize(d.decision.size() * d.set.agents);
    d.set.cost.resize(d.decision.size() * d.set.agents);
  };
  for (std::size_t i = 0; i < r.size(); ++i) {
    if ((i & 1023) == 0) check_interrupts();
    const auto at = position.find(r.text(i, 1));
    if (at == position.end()) continue;
    const std::int64_t id = r.integer(i, 0);
    if (d.decision.empty() || d.decision.back() != id) {
      drop_incomplete();
      complete = 0;
      bool null = true;
      const std::vector<float> x = vector_components(r.datum(i, 5, &null));
      d.set.dim = x.size();
      d.set.embedding.insert(d.set.embedding.end(), x.begin(), x.end());
      d.set.quality.insert(d.set.quality.end(), d.set.agents, routing::kUnobserved);
      for (const auto& p : price)
        d.set.cost.push_back(p[0] + r.real(i, 4) / 1000 * p[1] + p[3] / 1000 * p[2]);
      d.decision.push_back(id);
    }
    const std::size_t cell = (d.decision.size() - 1) * d.set.agents + at->second;
    if (std::isnan(d.set.quality[cell])) ++complete;
    // Of several judgements of one attempt the latest counts.
    d.set.quality[cell] = static_cast<float>(r.real(i, 2));
    if (!r.is_null(i, 3)) d.set.cost[cell] = r.real(i, 3);
  }
  drop_incomplete();
  if (d.decision.size() < least)
    throw Error(ErrorCode::wrong_state,
                std::string(only_complete ? "requests on which every active agent was tried: "
                                          : "requests with known outcomes: ") +
                    std::to_string(d.decision.size()) + ", needed are " + std::to_string(least),
                {}, "Record outcomes with ruvector_route_observe() or ruvector_route_feedback().");
  return d;
}

routing::ModelKind kind_in_use(SqlSession& sql, const std::string& router) {
  const SqlRows r = sql.run("SELECT kind FROM @.ruvector_router_model WHERE router = $1 AND active",
                            {sql_text(router)}, true);
  return r.size() == 0 ? routing::ModelKind::knn : routing::model_kind_of(r.text(0, 0));
}

}  // namespace rv::pg::route
