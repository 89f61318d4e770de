// Graphs from vectors: each row's nearest rows, or all pairs within a distance.
#pragma once

#include <functional>
#include <string_view>

#include "core/gnn/tensor.h"

namespace rv::gnn {

enum class Metric : unsigned char { l2, cosine, inner_product };
// 22023 for another name.
Metric parse_metric(std::string_view name);
// As the operators <->, <=> and <#> give it.
double distance(Metric metric, const float* a, const float* b, std::size_t n);

struct Neighbor {
  std::uint32_t row;
  float distance;
};

// The k nearest other rows of each row, nearest first, equal distances by row: k * rows entries
// (fewer rows: as many as there are, `per_row` says how many). Every pair is looked at: candidates
// by a matrix product, their order by the exact distance.
struct NearestRows {
  std::size_t per_row = 0;
  std::vector<Neighbor> entries;
  Charge charge;
};
NearestRows nearest_rows(const Exec& exec, const Tensor<float>& x, std::size_t k, Metric metric);

// emit(a, b, distance) for every pair a < b of rows at most `radius` apart, in order, on the
// calling thread.
void pairs_within(const Exec& exec, const Tensor<float>& x, double radius, Metric metric,
                  const std::function<void(std::uint32_t, std::uint32_t, double)>& emit);

}  // namespace rv::gnn
