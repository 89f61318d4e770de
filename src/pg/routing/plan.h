// From a request to the agents that may serve it, and the choice among them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/routing/selection.h"
#include "pg/routing/router_state.h"

namespace rv::pg::route {

struct Request {
  std::string text;
  routing::Objective objective = routing::Objective::balanced;
  std::vector<std::string> capabilities, excluded;
  double max_cost = std::nan(""), max_latency_ms = std::nan(""), min_quality = std::nan("");
  std::string budget;                      // empty: none
  std::string tenant;                      // empty: the current user
  double tokens_in = -1, tokens_out = -1;  // below 0: estimated
  std::vector<float> embedding;            // empty: the router's embedder makes it
  std::string router = "default";
  bool explore = true;
};

// Arguments of ruvector_route() and ruvector_route_explain(), which share their order up to
// `embedding` and `router`.
Request request_arguments(FunctionCallInfo fcinfo);

struct Considered {
  std::size_t agent = 0;
  std::string rejected;       // empty: eligible
  bool only_circuit = false;  // rejected for nothing but its open circuit
  bool probe = false;         // its circuit is half open
  routing::Candidate candidate;
};

struct Budget {
  bool exists = false, hard = true;
  double remaining = 0;
  TimestampTz period_start = 0;
};

struct RoutePlan {
  RouterState* state = nullptr;
  std::string model;
  std::vector<Considered> considered;  // one an agent
  std::vector<std::size_t> eligible;   // indexes into `considered`
  routing::Policy policy;
  double tokens_in = 0;
  Budget budget;
};

// Fills in the request's vector and weighs every agent. read_only: for explain.
RoutePlan plan_request(SqlSession& sql, Request& request, bool read_only);
// Eligible agents again after some were rejected by hand.
void collect_eligible(RoutePlan& plan);
// The choice among the eligible; 55000 with every agent's reason when there is none.
routing::Choice choose_agent(const RoutePlan& plan, Rng& rng);
Budget read_budget(SqlSession& sql, const std::string& scope, bool read_only);
// Default exploration, from ruvector.route_exploration.
double default_exploration();

}  // namespace rv::pg::route
