// What a session knows of a router: its settings, the agents, their circuits, the model, and the
// outcomes, kept between calls and brought up to date when another transaction changed them.
//
// Staleness: triggers send a relcache invalidation of a signal relation at commit; the callback
// marks the state. New outcomes are then read by the transactions that wrote them, so nothing that
// commits late is missed. A state is for one user: row security decided what it holds.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/routing/bandit.h"
#include "core/routing/cross_validation.h"
#include "core/routing/fastgrnn.h"
#include "core/routing/knn.h"
#include "core/routing/latency.h"
#include "core/routing/linear_quality.h"
#include "pg/base/spi.h"

namespace rv::pg::route {

struct Agent {
  std::string name;
  std::vector<std::string> capabilities;
  double cost_input = 0, cost_output = 0, cost_call = 0;
  double avg_latency_ms = 0;
  double quality_prior = 0;
  double prior_outcomes = 20;
  double expected_output = 0;
  int max_context = 0, max_rpm = 0, max_tpm = 0, max_parallel = 0;  // 0: no limit
  bool active = true;
  std::vector<float> profile;

  routing::LatencyHistogram latency;
  double output_tokens = 0, output_count = 0;

  double expected_latency() const noexcept {
    constexpr double kPrior = 10;
    const double n = latency.weight();
    return (kPrior * avg_latency_ms + n * latency.mean()) / (kPrior + n);
  }
  double p95_latency() const noexcept {
    return latency.weight() >= 20 ? latency.quantile(0.95) : 2 * expected_latency();
  }
  double expected_tokens_out() const noexcept {
    constexpr double kPrior = 10;
    return (kPrior * expected_output + output_tokens) / (kPrior + output_count);
  }
  double cost(double tokens_in, double tokens_out) const noexcept {
    return cost_call + tokens_in / 1000 * cost_input + tokens_out / 1000 * cost_output;
  }
};

struct Circuit {
  TimestampTz open_until = 0;  // 0: closed
  TimestampTz probe_until = 0;
};

struct Settings {
  std::string method = "auto";
  double tau = 0.9, cost_weight = 0.3, latency_weight = 0.1;
  double exploration = -1;  // below 0: the setting ruvector.route_exploration
  std::string explorer = "thompson";
  int k = 100;
  int max_outcomes = 100000;
  bool log_request = true, fail_open = false;
  std::string embedder;  // a qualified, quoted name; empty: the built-in one
  bool tenant_outcomes_only = false;
};

// A trained model and where its agents stand in RouterState::agents (-1: gone).
struct ActiveModel {
  int version = 0;
  routing::ModelKind kind = routing::ModelKind::knn;
  std::size_t dim = 0;
  std::vector<int> position;
  std::optional<routing::LinearQuality> linear;
  std::optional<routing::FastGrnn<float>> fastgrnn;
};

// Expected quality of one agent with the standard deviation of that expectation.
struct Quality {
  double mean = 0;
  double deviation = 0;
};

class RouterState {
 public:
  Settings settings;
  std::vector<Agent> agents;
  std::vector<std::size_t> key_order;  // of agents: as jsonb sorts their names
  std::vector<Circuit> circuits;       // one an agent
  std::optional<ActiveModel> model;

  int find(const std::string& agent) const noexcept;
  // Every agent's expected quality on x; `used` names the model that said so.
  std::vector<Quality> quality(const std::vector<float>& x, std::string& used) const;
  std::size_t outcomes() const noexcept { return outcomes_; }

 private:
  friend RouterState& state_of(SqlSession&, const std::string&, bool);
  friend struct StateLoader;
  std::vector<Quality> from_outcomes(const std::vector<float>& x, std::string& used) const;

  std::map<std::size_t, std::unique_ptr<routing::KnnQuality>> knn_;  // by dimension
  std::map<std::size_t, std::vector<routing::LinearArm>> arms_;
  std::vector<std::pair<double, double>> totals_;  // quality and number an agent
  std::size_t outcomes_ = 0;
  std::uint64_t horizon_ = 0;  // xmin of the snapshot the outcomes were last read with
  std::unordered_set<std::int64_t> recent_;  // ids read that may be read again
  bool agents_stale_ = true, circuits_stale_ = true, outcomes_stale_ = true;
};

// The state of that router for the current user, brought up to date. `read_only`: with the caller's
// snapshot, for functions that must not write. The reference is good until the next call.
RouterState& state_of(SqlSession& sql, const std::string& router, bool read_only);

// A request's vector: the router's embedder, or 128 hashed features.
std::vector<float> embed_request(SqlSession& sql, const Settings& settings,
                                 const std::string& request, bool read_only);
// The components of a vector datum.
std::vector<float> vector_components(Datum vector);
SqlValue sql_vector(SqlSession& sql, const std::vector<float>& x);

}  // namespace rv::pg::route
