// How good a router is: on data where every agent was tried, and off-policy on logged decisions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/routing/outcomes.h"

namespace rv::routing {

struct CostQuality {
  double cost = 0;
  double quality = 0;
};

// Area under the non-decreasing upper hull of the points between the costs `low` and `high`,
// divided by high - low: RouterBench's average improvement in quality (Hu et al., 2024).
double area_under_hull(std::vector<CostQuality> points, double low, double high);

// The policies "largest predicted quality - lambda * cost" for a sweep of lambdas.
std::vector<CostQuality> lambda_sweep(const OutcomeSet& data, std::span<const double> predicted);
// Mean cost and quality of always asking one agent: the zero router's points.
std::vector<CostQuality> single_agents(const OutcomeSet& data);

struct Aiq {
  double router = 0;
  double zero_router = 0;
  double oracle = 0;
};
Aiq aiq(const OutcomeSet& data, std::span<const double> predicted);

// Average performance gap recovered (RouteLLM) of a weak agent 0 and a strong agent 1: mean over
// shares 0..1 of strong calls of (quality - weak's) / (strong's - weak's); requests go to the
// strong one in descending order of predicted gain.
double apgr(const OutcomeSet& data, std::span<const double> predicted);

// A logged decision for off-policy evaluation.
struct Logged {
  double reward = 0;
  double propensity = 1;          // with which the logging policy chose what it chose
  double target_probability = 0;  // with which the policy under evaluation would have
  double model_chosen = 0;        // predicted reward of the logged choice
  double model_target = 0;        // predicted mean reward of the policy's own choices
};

struct PolicyValue {
  double ips = 0;
  double snips = 0;
  double dr = 0;      // doubly robust (Dudik et al., ICML 2011)
  double dr_low = 0;  // 95 % interval of dr
  double dr_high = 0;
  double effective_n = 0;
  std::size_t n = 0;
};
// Weights above `clip` are cut to it (0: never).
PolicyValue evaluate_policy(std::span<const Logged> log, double clip = 0);

}  // namespace rv::routing
