// Audited queries: what a search found at several settings, against the exact answer.
//
// A setting is ef_search of hnsw or probes of ivfflat: more of it never lowers recall and costs
// more work. Everything here speaks of "effort" and means either.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rv::learning {

inline constexpr std::size_t kFeatures = 15;
// What a scan has seen after its first effort, in the order of docs/learning.md.
using Features = std::array<float, kFeatures>;

// One query at every effort of a grid that the set shares.
struct AuditedQuery {
  Features features{};
  std::vector<float> recall;  // recall@k, one an effort
  std::vector<float> work;    // distance computations, one an effort
  std::vector<float> margin;  // of the scan after that effort, one an effort; or none
};

struct AuditSet {
  std::vector<int> effort;  // ascending
  std::vector<AuditedQuery> query;
  std::size_t first = 0;  // the effort after which features are read
  // 22023/22000 when the grid does not ascend or a query does not fit it.
  void check() const;
  // Index of the first effort that is at least `wanted`; the last one when there is none.
  std::size_t at_least(double wanted) const noexcept;
};

// |found and exact| / |exact| of the k nearest; 1 when there is nothing to find.
double recall(std::span<const std::int64_t> found, std::span<const std::int64_t> exact);

// Mean with a 95 % interval that holds for bounded values however they are distributed: empirical
// Bernstein (Maurer and Pontil, COLT 2009) over [0, 1].
struct MeanInterval {
  double mean = 0, low = 0, high = 1;
  std::size_t n = 0;
};
MeanInterval mean_interval(std::span<const double> values);

}  // namespace rv::learning
