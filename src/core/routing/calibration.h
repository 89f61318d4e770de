// The threshold tau of a router ("the cheapest agent whose quality bound reaches tau times the best
// one's"), chosen on requests on which every agent was tried.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/routing/outcomes.h"

namespace rv::routing {

struct TauPoint {
  double tau = 0;
  double quality = 0;       // mean over the rows
  double cost = 0;          // mean, USD
  double strong_share = 0;  // of requests that went to the agent that is dearest on average
};

// The policy's values for tau = 0, 0.005, ... 1 on `rows`. bound: rows x agents.
std::vector<TauPoint> tau_curve(const OutcomeSet& data, std::span<const double> bound,
                                std::span<const std::uint32_t> rows);

struct Calibration {
  TauPoint point;           // on all rows
  double held_out = 0;      // quality relative to the best agent's, each half with the other's tau
  double best_quality = 0;  // of always asking the best single agent
  double best_cost = 0;
  std::size_t rows = 0;
};
// The smallest tau that keeps `target` of the best single agent's quality; or, with target < 0, the
// largest whose share of calls to the dearest agent stays at or below max_strong_share.
Calibration calibrate_tau(const OutcomeSet& data, std::span<const double> bound, double target,
                          double max_strong_share);

}  // namespace rv::routing
