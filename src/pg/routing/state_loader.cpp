#include "pg/routing/state_loader.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "core/routing/fastgrnn_codec.h"
#include "pg/base/datum.h"
#include "pg/base/jsonb_writer.h"
#include "pg/base/row_reader.h"

extern "C" {
#include "utils/timestamp.h"
}

namespace rv::pg::route {

void StateLoader::settings() {
  s.settings = Settings{};
  const SqlRows r = sql.run(
      "SELECT method, tau, cost_weight, latency_weight, exploration, explorer, k::bigint, "
      "max_outcomes::bigint, "
      "log_request, fail_open, embedder, tenant_outcomes_only FROM @.ruvector_router WHERE name "
      "= $1",
      {sql_text(router)}, read_only);
  if (r.size() == 0) return;
  Settings& o = s.settings;
  read_columns(r, 0, 0, o.method, o.tau, o.cost_weight, o.latency_weight, o.exploration, o.explorer,
               o.k, o.max_outcomes, o.log_request, o.fail_open, o.embedder, o.tenant_outcomes_only);
}

void StateLoader::agents() {
  const SqlRows r = sql.run(
      "SELECT name, cost_per_1k_input, cost_per_1k_output, cost_per_call, avg_latency_ms, "
      "quality_score, prior_outcomes, expected_output_tokens::float8, max_context::bigint, "
      "max_rpm::bigint, max_tpm::bigint, max_parallel::bigint, active, embedding, capabilities "
      "FROM @.ruvector_agent ORDER BY name",
      {}, read_only);
  s.agents.clear();
  for (std::size_t i = 0; i < r.size(); ++i) {
    Agent a;
    read_columns(r, i, 0, a.name, a.cost_input, a.cost_output, a.cost_call, a.avg_latency_ms,
                 a.quality_prior, a.prior_outcomes, a.expected_output, a.max_context, a.max_rpm,
                 a.max_tpm, a.max_parallel, a.active);
    bool null = true;
    const Datum e = r.datum(i, 13, &null);
    if (!null) a.profile = vector_components(e);
    const Datum c = r.datum(i, 14, &null);
    a.capabilities = text_array(c);
    s.agents.push_back(std::move(a));
  }
  s.key_order.resize(s.agents.size());
  std::iota(s.key_order.begin(), s.key_order.end(), std::size_t{0});
  std::sort(s.key_order.begin(), s.key_order.end(), [this](std::size_t a, std::size_t b) {
    return jsonb_key_less(s.agents[a].name, s.agents[b].name);
  });
  s.circuits.assign(s.agents.size(), Circuit{});
  s.totals_.assign(s.agents.size(), {0, 0});
}

void StateLoader::model() {
  s.model.reset();
  const SqlRows r = sql.run(
      "SELECT version::bigint, kind, dim::bigint, agents, weights FROM @.ruvector_router_model "
      "WHERE router = $1 AND active",
      {sql_text(router)}, read_only);
  if (r.size() == 0) return;
  ActiveModel m;
  m.version = static_cast<int>(r.integer(0, 0));
  m.kind = routing::model_kind_of(r.text(0, 1));
  m.dim = static_cast<std::size_t>(r.integer(0, 2));
  bool null = true;
  const Datum names = r.datum(0, 3, &null);
  for (const std::string& name : text_array(names)) m.position.push_back(s.find(name));
  const Datum w = r.datum(0, 4, &null);
  if (!null) {
    const auto* b = call([w] { return DatumGetByteaPP(w); });
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(VARDATA_ANY(b)),
                                           static_cast<std::size_t>(VARSIZE_ANY_EXHDR(b)));
    std::size_t outputs = 0;
    std::size_t inputs = 0;
    if (m.kind == routing::ModelKind::fastgrnn) {
      m.fastgrnn.emplace(routing::decode(bytes));
      outputs = static_cast<std::size_t>(m.fastgrnn->shape().classes);
      inputs = static_cast<std::size_t>(m.fastgrnn->shape().input);
    } else {
      m.linear.emplace(routing::LinearQuality::decode(bytes));
      outputs = m.linear->agents;
      inputs = m.linear->dim;
    }
    if (outputs != m.position.size() || inputs != m.dim)
      throw Error(ErrorCode::corrupted_data, "version " + std::to_string(m.version) +
                                                 " of router \"" + router +
                                                 "\" does not fit its agents and dimension");
  }
  s.model = std::move(m);
}

void StateLoader::circuits() {
  std::fill(s.circuits.begin(), s.circuits.end(), Circuit{});
  const SqlRows r = sql.run(
      "SELECT agent, open_until, probe_until FROM @.ruvector_agent_circuit WHERE open_until IS "
      "NOT NULL",
      {}, read_only);
  for (std::size_t i = 0; i < r.size(); ++i) {
    const int at = s.find(r.text(i, 0));
    if (at < 0) continue;
    Circuit& c = s.circuits[static_cast<std::size_t>(at)];
    read_columns(r, i, 1, c.open_until, c.probe_until);
  }
}

void StateLoader::outcomes(bool from_start) {
  if (from_start) {
    s.knn_.clear();
    s.arms_.clear();
    s.recent_.clear();
    s.outcomes_ = 0;
    s.horizon_ = 0;
  }
  // The newest come first so that the limit keeps them; learning them in that order is the same.
  const SqlRows r = sql.run(
      "SELECT s.xmin::text, o.id, o.agent, o.quality, o.latency_ms, o.tokens_out::float8, "
      "o.written_by >= s.xmin, o.written_by = s.own, o.success, o.embedding "
      "FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin, "
      "pg_current_xact_id_if_assigned() AS own) s LEFT JOIN LATERAL (SELECT o.*, l.embedding "
      "FROM "
      "@.ruvector_route_outcome o JOIN @.ruvector_route_log l ON l.id = o.decision_id "
      "WHERE o.written_by >= $1::xid8 AND (NOT $3 OR o.tenant = current_user) "
      "ORDER BY o.id DESC LIMIT $2) o ON true",
      {sql_text(std::to_string(s.horizon_)), sql_int(s.settings.max_outcomes),
       sql_bool(s.settings.tenant_outcomes_only)},
      read_only);
  if (r.size() == 0) return;
  std::unordered_set<std::int64_t> still_recent;
  for (std::size_t i = r.size(); i-- > 0;) {
    if (r.is_null(i, 1)) break;
    const std::int64_t id = r.integer(i, 1);
    if (r.boolean(i, 6)) still_recent.insert(id);
    if (s.recent_.contains(id)) continue;
    own_rows |= r.boolean(i, 7);
    learn(r, i);
    if ((i & 1023) == 0) check_interrupts();
  }
  // An older snapshot (of a REPEATABLE READ transaction) must not move the horizon back.
  const std::uint64_t horizon = std::strtoull(r.text(0, 0).c_str(), nullptr, 10);
  if (horizon >= s.horizon_) {
    s.recent_ = std::move(still_recent);
    s.horizon_ = horizon;
  } else {
    s.recent_.merge(still_recent);
  }
  for (auto& [dim, knn] : s.knn_)
    if (knn->size() > routing::KnnQuality::kExact &&
        knn->size() > 4 * std::max<std::size_t>(1, knn->lists()) * knn->lists())
      knn->build_lists();
}

void StateLoader::learn(const SqlRows& r, std::size_t i) {
  const int at = s.find(r.text(i, 2));
  if (at < 0) return;
  const auto a = static_cast<std::size_t>(at);
  Agent& agent = s.agents[a];
  const double latency = r.real(i, 4, -1);
  if (latency >= 0 && r.boolean(i, 8)) agent.latency.add(latency);
  const double tokens = r.real(i, 5, -1);
  if (tokens >= 0) {
    agent.output_tokens += tokens;
    agent.output_count += 1;
  }
  const double quality = r.real(i, 3, -1);
  if (quality < 0) return;
  s.totals_[a].first += quality;
  s.totals_[a].second += 1;
  ++s.outcomes_;
  bool null = true;
  const Datum e = r.datum(i, 9, &null);
  if (null) return;
  const std::vector<float> x = vector_components(e);
  if (s.settings.method == "linear" && x.size() <= 256) {
    auto& arms = s.arms_[x.size()];
    if (arms.empty()) arms.assign(s.agents.size(), routing::LinearArm(x.size()));
    arms[a].add(x, quality - agent.quality_prior);
    return;
  }
  auto& knn = s.knn_[x.size()];
  if (!knn)
    knn = std::make_unique<routing::KnnQuality>(x.size(), s.agents.size(),
                                                static_cast<std::size_t>(s.settings.k));
  knn->add(x, a, static_cast<float>(quality));
}

}  // namespace rv::pg::route
