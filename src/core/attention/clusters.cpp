// Hashing and clustering of queries and keys.
#include <algorithm>

#include "core/attention/head.h"
#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::attention {

std::vector<std::vector<std::size_t>> lsh_buckets(const Matrix& x, const Params& params) {
  const std::size_t d = x.cols;
  const std::size_t buckets =
      params.count("num_buckets", 2 * std::max<std::size_t>(1, x.rows / 128), 2);
  if (buckets % 2 != 0)
    throw Error(ErrorCode::invalid_argument,
                "parameter \"num_buckets\" must be even, not " + std::to_string(buckets));
  const std::size_t rounds = params.count("num_rounds", 1), half = buckets / 2;
  Tensor rotations;
  if (params.has("rotations")) {
    rotations = params.need_tensor("rotations");
    if (rotations.shape != std::vector<std::size_t>{rounds, d, half})
      throw Error(
          ErrorCode::invalid_argument,
          "parameter \"rotations\" must have the shape [num_rounds, dimensions, num_buckets / 2]");
  } else {
    Rng rng(params.count("seed", 0, 0));
    rotations.data.resize(rounds * d * half);
    for (double& r : rotations.data) r = rng.normal();
  }
  Matrix unit = x;
  normalize_rows(unit);
  std::vector<std::vector<std::size_t>> out(rounds, std::vector<std::size_t>(x.rows));
  for (std::size_t r = 0; r < rounds; ++r) {
    const auto begin = rotations.data.begin() + static_cast<std::ptrdiff_t>(r * d * half);
    const Matrix rotation(d, half, {begin, begin + static_cast<std::ptrdiff_t>(d * half)});
    const Matrix turned = multiply(unit, rotation);
    for (std::size_t i = 0; i < x.rows; ++i) {
      std::size_t best = 0;
      double top = kMasked;
      for (std::size_t b = 0; b < buckets; ++b) {
        const double s = b < half ? turned.at(i, b) : -turned.at(i, b - half);
        if (s > top) {
          top = s;
          best = b;
        }
      }
      out[r][i] = best;
    }
  }
  return out;
}

std::vector<std::size_t> nearest_centroids(const Matrix& x, const Matrix& centroids) {
  const Matrix products = multiply_transposed(x, centroids);
  std::vector<std::size_t> out(x.rows);
  for (std::size_t i = 0; i < x.rows; ++i)
    out[i] = static_cast<std::size_t>(
        std::max_element(products.row(i), products.row(i) + products.cols) - products.row(i));
  return out;
}

Matrix spherical_centroids(const Matrix& x, std::size_t k, std::uint64_t seed) {
  Matrix unit = x;
  normalize_rows(unit);
  Rng rng(seed);
  std::vector<std::size_t> start(x.rows);
  for (std::size_t i = 0; i < x.rows; ++i) start[i] = i;
  for (std::size_t i = 0; i < k; ++i) std::swap(start[i], start[i + rng.below(x.rows - i)]);
  start.resize(k);
  Matrix centroids = rows_of(unit, start);
  for (int iteration = 0; iteration < 10; ++iteration) {
    const auto of = nearest_centroids(unit, centroids);
    Matrix sums(k, x.cols);
    std::vector<std::size_t> members(k, 0);
    for (std::size_t i = 0; i < x.rows; ++i) {
      add_scaled(sums.row(of[i]), 1, unit.row(i), x.cols);
      ++members[of[i]];
    }
    normalize_rows(sums);
    for (std::size_t c = 0; c < k; ++c)
      if (members[c] > 0) std::copy_n(sums.row(c), x.cols, centroids.row(c));
  }
  return centroids;
}

}  // namespace rv::attention
