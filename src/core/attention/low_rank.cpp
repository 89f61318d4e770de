// Fewer keys (linformer), landmarks (nystrom), fewer queries (clustered).
#include <algorithm>
#include <cmath>

#include "core/attention/head.h"
#include "core/attention/kernels.h"
#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::attention {
namespace {

Matrix random_projection(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Rng rng(seed);
  Matrix m(rows, cols);
  for (double& x : m.data) x = rng.normal() / std::sqrt(static_cast<double>(rows));
  return m;
}

Matrix segment_means(const Matrix& x, std::size_t segments) {
  Matrix out(segments, x.cols);
  for (std::size_t s = 0; s < segments; ++s) {
    const std::size_t first = s * x.rows / segments, last = (s + 1) * x.rows / segments;
    for (std::size_t i = first; i < last; ++i)
      add_scaled(out.row(s), 1 / static_cast<double>(last - first), x.row(i), x.cols);
  }
  return out;
}

Matrix attention_matrix(const Matrix& q, const Matrix& k, double scale) {
  Matrix a = multiply_transposed(q, k);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) a.at(i, j) *= scale;
    softmax(a.row(i), a.cols);
  }
  return a;
}

// factor * I - a
Matrix minus_from_identity(double factor, Matrix a) {
  for (double& x : a.data) x = -x;
  for (std::size_t i = 0; i < a.rows; ++i) a.at(i, i) += factor;
  return a;
}

// Third-order iteration towards the pseudo-inverse (Xiong et al. 2021, eq. 11).
Matrix pseudo_inverse(const Matrix& a, std::size_t iterations) {
  double rows = 0, cols = 0;
  for (std::size_t i = 0; i < a.rows; ++i) {
    double by_row = 0, by_col = 0;
    for (std::size_t j = 0; j < a.cols; ++j) {
      by_row += std::fabs(a.at(i, j));
      by_col += std::fabs(a.at(j, i));
    }
    rows = std::max(rows, by_row);
    cols = std::max(cols, by_col);
  }
  Matrix z = transposed(a);
  for (double& x : z.data) x /= rows * cols;
  for (std::size_t t = 0; t < iterations; ++t) {
    const Matrix az = multiply(a, z);
    const Matrix inner = multiply(az, minus_from_identity(7, az));
    const Matrix outer = multiply(az, minus_from_identity(15, inner));
    z = multiply(z, minus_from_identity(13, outer));
    for (double& x : z.data) x /= 4;
  }
  return z;
}

std::vector<std::size_t> assignment(const Call& call, std::size_t clusters) {
  if (!call.params.has("assignment")) {
    const Matrix centroids =
        spherical_centroids(call.in.q, clusters, call.params.count("seed", 0, 0));
    Matrix unit = call.in.q;
    normalize_rows(unit);
    return nearest_centroids(unit, centroids);
  }
  auto of = call.params.indices("assignment", clusters);
  if (of.size() != call.in.q.rows)
    throw Error(ErrorCode::invalid_argument, "parameter \"assignment\" must have " +
                                                 std::to_string(call.in.q.rows) + " numbers, not " +
                                                 std::to_string(of.size()));
  return of;
}

}  // namespace

Evaluated linformer(const Call& call) {
  const std::size_t n = call.in.k.rows, k = std::min(n, call.params.count("k", 256));
  const std::uint64_t seed = call.params.count("seed", 0, 0);
  const Matrix e =
      call.params.has("E") ? call.params.need_matrix("E", 0, n) : random_projection(k, n, seed);
  const Matrix f = call.params.has("F") ? call.params.need_matrix("F", e.rows, n) : e;
  Call shorter = call;
  shorter.in.k = multiply(e, call.in.k);
  shorter.in.v = multiply(f, call.in.v);
  return composed("scaled_dot_product", shorter);
}

Evaluated nystrom(const Call& call) {
  const std::size_t m =
      std::min({call.in.q.rows, call.in.k.rows, call.params.count("num_landmarks", 64)});
  const double scale =
      call.params.number("scale", 1 / std::sqrt(static_cast<double>(call.in.q.cols)));
  const Matrix landmarks_q = segment_means(call.in.q, m), landmarks_k = segment_means(call.in.k, m);
  call.poll();
  const Matrix inverse = pseudo_inverse(attention_matrix(landmarks_q, landmarks_k, scale),
                                        call.params.count("pinv_iterations", 6));
  call.poll();
  const Matrix right = multiply(attention_matrix(landmarks_q, call.in.k, scale), call.in.v);
  call.poll();
  Evaluated result;
  result.output =
      multiply(attention_matrix(call.in.q, landmarks_k, scale), multiply(inverse, right));
  return result;
}

// Every query takes the attention of its cluster's mean; improved (topk > 0): exact weights on the
// cluster's topk keys, sharing the mass the cluster gave them.
Evaluated clustered(const Call& call) {
  const Matrix& q = call.in.q;
  const std::size_t n = call.in.k.rows;
  const std::size_t clusters = std::min(q.rows, call.params.count("num_clusters", 100));
  const std::size_t top = std::min(n, call.params.count("topk", 0, 0));
  const double scale = call.params.number("scale", 1 / std::sqrt(static_cast<double>(q.cols)));
  const auto of = assignment(call, clusters);
  Matrix centroids(clusters, q.cols);
  std::vector<double> members(clusters, 0.0);
  for (std::size_t i = 0; i < q.rows; ++i) ++members[of[i]];
  for (std::size_t i = 0; i < q.rows; ++i)
    add_scaled(centroids.row(of[i]), 1 / members[of[i]], q.row(i), q.cols);
  const Matrix shared = attention_matrix(centroids, call.in.k, scale);
  std::vector<std::vector<std::size_t>> best(clusters);
  for (std::size_t c = 0; c < clusters && top > 0; ++c) {
    std::vector<std::size_t> order(n);
    for (std::size_t j = 0; j < n; ++j) order[j] = j;
    const double* a = shared.row(c);
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
        [a](std::size_t x, std::size_t y) { return a[x] != a[y] ? a[x] > a[y] : x < y; });
    best[c].assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top));
  }
  Evaluated result;
  const bool weights = (call.options.want & static_cast<unsigned>(Want::weights)) != 0;
  if (weights) result.weights = Matrix(q.rows, n);
  result.output = Matrix(q.rows, call.in.v.cols);
  std::vector<double> row(n), exact(top);
  for (std::size_t i = 0; i < q.rows; ++i) {
    call.poll();
    std::copy_n(shared.row(of[i]), n, row.data());
    double mass = 0;
    for (std::size_t t = 0; t < top; ++t) {
      const std::size_t j = best[of[i]][t];
      mass += row[j];
      exact[t] = scale * dot(q.row(i), call.in.k.row(j), q.cols);
    }
    softmax(exact.data(), top);
    for (std::size_t t = 0; t < top; ++t) row[best[of[i]][t]] = mass * exact[t];
    for (std::size_t j = 0; j < n; ++j)
      add_scaled(result.output.row(i), row[j], call.in.v.row(j), call.in.v.cols);
    if (weights) std::copy_n(row.data(), n, result.weights.row(i));
  }
  return result;
}

}  // namespace rv::attention
