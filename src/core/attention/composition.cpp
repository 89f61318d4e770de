#include "core/attention/composition.h"

#include <algorithm>
#include <tuple>

namespace rv::attention {
namespace {

constexpr bool wants(unsigned want, Want what) { return (want & static_cast<unsigned>(what)) != 0; }

// Raw scores of row i over [first, last), masked and biased.
void score_row(const Composition& c, std::size_t i, std::size_t first, std::size_t last,
               double* out) {
  if (c.score) {
    c.score(i, first, last, out);
  } else {
    for (std::size_t j = first; j < last; ++j)
      out[j - first] = c.scale * dot(c.q.row(i), c.k.row(j), c.q.cols);
  }
  for (std::size_t j = first; j < last; ++j) {
    if (c.allowed && !c.allowed(i, j))
      out[j - first] = kMasked;
    else if (c.bias)
      out[j - first] += c.bias(i, j);
  }
}

void aggregate_row(const Composition& c, std::size_t i, std::size_t first, const double* weights,
                   std::size_t n, double* out) {
  if (c.aggregate) {
    c.aggregate(i, first, weights, n, out);
    return;
  }
  for (std::size_t j = 0; j < n; ++j)
    if (weights[j] != 0) add_scaled(out, weights[j], c.v.row(first + j), c.v.cols);
}

// Normalisers that look at columns need every score at once.
Evaluated run_whole(const Composition& c, unsigned want, const Poll& poll) {
  Evaluated result;
  Matrix weights(c.queries, c.keys);
  for (std::size_t i = 0; i < c.queries; ++i) {
    if (poll) poll();
    std::size_t first = 0, last = c.keys;
    if (c.range) std::tie(first, last) = c.range(i);
    std::fill_n(weights.row(i), c.keys, kMasked);
    if (first < last) score_row(c, i, first, last, weights.row(i) + first);
  }
  if (wants(want, Want::scores)) result.scores = weights;
  c.normalise_all(weights);
  if (wants(want, Want::output)) {
    result.output = Matrix(c.queries, c.out_cols);
    for (std::size_t i = 0; i < c.queries; ++i)
      aggregate_row(c, i, 0, weights.row(i), c.keys, result.output.row(i));
  }
  if (wants(want, Want::weights)) result.weights = std::move(weights);
  return result;
}

}  // namespace

Evaluated run(const Composition& c, unsigned want, const Poll& poll) {
  if (c.whole) return run_whole(c, want, poll);
  Evaluated result;
  if (wants(want, Want::output)) result.output = Matrix(c.queries, c.out_cols);
  if (wants(want, Want::weights)) result.weights = Matrix(c.queries, c.keys);
  if (wants(want, Want::scores)) {
    result.scores = Matrix(c.queries, c.keys);
    std::fill(result.scores.data.begin(), result.scores.data.end(), kMasked);
  }
  std::vector<double> row(c.keys);
  for (std::size_t i = 0; i < c.queries; ++i) {
    if (poll) poll();
    std::size_t first = 0, last = c.keys;
    if (c.range) std::tie(first, last) = c.range(i);
    if (first >= last) continue;
    score_row(c, i, first, last, row.data());
    if (wants(want, Want::scores))
      std::copy_n(row.data(), last - first, result.scores.row(i) + first);
    if (c.normalise)
      c.normalise(i, first, row.data(), last - first);
    else
      softmax(row.data(), last - first);
    if (wants(want, Want::weights))
      std::copy_n(row.data(), last - first, result.weights.row(i) + first);
    if (wants(want, Want::output))
      aggregate_row(c, i, first, row.data(), last - first, result.output.row(i));
  }
  return result;
}

}  // namespace rv::attention
