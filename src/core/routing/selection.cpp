#include "core/routing/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"
#include "core/routing/bandit.h"

namespace rv::routing {
namespace {

constexpr const char* kObjectiveNames[] = {"balanced", "cost", "latency", "quality",
                                           "quality_per_dollar"};

double score_of(const Candidate& c, const Policy& p, double dearest, double slowest) {
  switch (p.objective) {
    case Objective::cost:
      return -c.cost;
    case Objective::latency:
      return -c.latency_p95_ms;
    case Objective::quality:
      return c.quality_lower;
    case Objective::quality_per_dollar:
      // Free agents are ahead of all others, among themselves by quality.
      return c.cost > 0 ? c.quality / c.cost
                        : std::numeric_limits<double>::max() / 2 * (1 + c.quality);
    case Objective::balanced:
      break;
  }
  const double cost = dearest > 0 ? c.cost / dearest : 0;
  const double latency = slowest > 0 ? c.latency_ms / slowest : 0;
  return c.quality - p.cost_weight * cost - p.latency_weight * latency;
}

}  // namespace

Objective objective_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kObjectiveNames); ++i)
    if (name == kObjectiveNames[i]) return static_cast<Objective>(i);
  throw Error(ErrorCode::invalid_argument, "unknown objective \"" + std::string(name) + "\"", {},
              "Use balanced, cost, latency, quality or quality_per_dollar.");
}

Explorer explorer_of(std::string_view name) {
  if (name == "thompson") return Explorer::thompson;
  if (name == "ucb") return Explorer::ucb;
  throw Error(ErrorCode::invalid_argument, "unknown explorer \"" + std::string(name) + "\"", {},
              "Use thompson or ucb.");
}

const char* objective_name(Objective o) noexcept { return kObjectiveNames[static_cast<int>(o)]; }

Choice choose(std::span<const Candidate> candidates, const Policy& policy, Rng& rng) {
  const std::size_t n = candidates.size();
  Choice choice;
  double best_lower = 0;
  double dearest = 0;
  double slowest = 0;
  for (const Candidate& c : candidates) {
    best_lower = std::max(best_lower, c.quality_lower);
    dearest = std::max(dearest, c.cost);
    slowest = std::max(slowest, c.latency_ms);
  }
  // 'balanced' and 'quality' weigh quality themselves; min_quality binds them too.
  const bool relative = policy.objective == Objective::cost ||
                        policy.objective == Objective::latency ||
                        policy.objective == Objective::quality_per_dollar;
  const double bar = std::max(policy.min_quality, relative ? policy.tau * best_lower : 0.0);
  choice.adequate.resize(n);
  choice.score.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    choice.adequate[i] = candidates[i].quality_lower >= bar;
    choice.score[i] = score_of(candidates[i], policy, dearest, slowest);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (choice.adequate[a] != choice.adequate[b]) return static_cast<bool>(choice.adequate[a]);
    // Below the bar the better one first; equal scores by quality.
    if (!choice.adequate[a]) return candidates[a].quality_lower > candidates[b].quality_lower;
    if (choice.score[a] != choice.score[b]) return choice.score[a] > choice.score[b];
    return candidates[a].quality > candidates[b].quality;
  });
  std::vector<std::size_t> pool;
  for (const std::size_t i : order)
    if (choice.adequate[i]) pool.push_back(i);
  choice.chosen = order[0];
  if (policy.exploration > 0 && pool.size() > 1) {
    std::vector<double> means;
    std::vector<double> deviations;
    for (const std::size_t i : pool) {
      means.push_back(candidates[i].quality);
      deviations.push_back(candidates[i].deviation);
    }
    const auto explored = policy.explorer == Explorer::ucb
                              ? largest_bound_probabilities(means, deviations)
                              : largest_probabilities(means, deviations);
    const auto probability = [&](std::size_t k) {
      return (k == 0 ? 1 - policy.exploration : 0) + policy.exploration * explored[k];
    };
    std::size_t k = 0;
    if (rng.uniform() < policy.exploration) {
      choice.explored = true;
      double u = rng.uniform();
      while (k + 1 < pool.size() && u >= explored[k]) u -= explored[k++];
    }
    choice.chosen = pool[k];
    choice.propensity = probability(k);
  }
  for (const std::size_t i : order)
    if (i != choice.chosen) choice.fallback.push_back(i);
  return choice;
}

}  // namespace rv::routing
