// Which of the eligible agents a request goes to.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rng.h"

namespace rv::routing {

enum class Objective : unsigned char { balanced, cost, latency, quality, quality_per_dollar };
// 22023 for another name.
Objective objective_of(std::string_view name);
const char* objective_name(Objective o) noexcept;

enum class Explorer : unsigned char { thompson, ucb };
// 22023 for another name.
Explorer explorer_of(std::string_view name);

struct Candidate {
  double quality = 0;        // expected, 0..1
  double quality_lower = 0;  // its lower confidence bound
  double deviation = 0;      // of the expected quality, for exploration
  double cost = 0;           // USD for this request
  double latency_ms = 0;     // expected
  double latency_p95_ms = 0;
};

struct Policy {
  Objective objective = Objective::balanced;
  // An agent is adequate when its lower bound reaches max(min_quality, tau * best lower bound).
  double tau = 0.9;
  double min_quality = 0;
  // Weights of cost and latency, each relative to the dearest and slowest candidate, against
  // quality in 'balanced'.
  double cost_weight = 0.3;
  double latency_weight = 0.1;
  // Probability with which a request explores among the adequate agents, and how: Thompson
  // sampling, or the one with the largest upper bound of its quality.
  double exploration = 0;
  Explorer explorer = Explorer::thompson;
};

struct Choice {
  std::size_t chosen = 0;  // index into the candidates
  double propensity = 1;   // probability with which this policy chooses it
  bool explored = false;
  std::vector<std::size_t> fallback;  // the others, best first
  std::vector<double> score;          // of every candidate, higher is better
  std::vector<bool> adequate;
};

// At least one candidate. Without exploration the choice depends on the candidates alone; ties go
// to the earlier one.
Choice choose(std::span<const Candidate> candidates, const Policy& policy, Rng& rng);

}  // namespace rv::routing
