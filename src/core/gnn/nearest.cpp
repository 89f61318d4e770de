#include "core/gnn/nearest.h"

#include <cmath>
#include <string>

#include "core/gnn/kernels.h"

namespace rv::gnn {
namespace {

constexpr std::size_t kQueries = 64;  // rows compared at once
constexpr std::size_t kRows = 256;    // with so many others
constexpr std::size_t kSpare = 16;    // candidates beyond k: rounding must not lose one

// The rows moved and scaled so that a product gives the order: mean subtracted for L2 (its sums of
// squares would otherwise cancel), length one for cosine.
Tensor<float> prepared(const Exec& exec, const Tensor<float>& x, Metric metric) {
  const std::size_t n = x.rows(), d = x.columns();
  Tensor<float> y(n, d, exec.budget());
  std::vector<double> mean(d, 0.0);
  if (metric == Metric::l2)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < d; ++j)
        mean[j] += static_cast<double>(x.row(i)[j]) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    double scale = 1;
    if (metric == Metric::cosine) {
      const double s = static_cast<double>(dot(x.row(i), x.row(i), d));
      scale = s > 0 ? 1 / std::sqrt(s) : 0;
    }
    for (std::size_t j = 0; j < d; ++j)
      y.row(i)[j] = static_cast<float>((static_cast<double>(x.row(i)[j]) - mean[j]) * scale);
  }
  return y;
}

// Calls see(query, row, estimate) for queries [begin, end) and every row of x; the estimate orders
// as the distance does, and for L2 is its square.
template <class F>
void compare(const Tensor<float>& y, const std::vector<float>& squares, Metric metric,
             std::size_t begin, std::size_t end, std::size_t first_row, F see) {
  const std::size_t d = y.columns(), queries = end - begin;
  const simd::PackedMatrix packed(y.row(begin), 1, d, d, queries);
  std::vector<float> product(kRows * queries);
  for (std::size_t r = first_row; r < y.rows(); r += kRows) {
    const std::size_t rows = std::min(kRows, y.rows() - r);
    packed.multiply(y.row(r), d, 1, rows, product.data(), queries, false);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t q = 0; q < queries; ++q) {
        const float p = product[i * queries + q];
        see(q, r + i, metric == Metric::l2 ? squares[r + i] + squares[begin + q] - 2 * p : -p);
      }
  }
}

std::vector<float> squared_lengths(const Tensor<float>& y) {
  std::vector<float> s(y.rows());
  for (std::size_t i = 0; i < y.rows(); ++i) s[i] = dot(y.row(i), y.row(i), y.columns());
  return s;
}

bool nearer(const Neighbor& a, const Neighbor& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
}

}  // namespace

Metric parse_metric(std::string_view name) {
  if (name == "l2" || name == "euclidean") return Metric::l2;
  if (name == "cosine") return Metric::cosine;
  if (name == "inner_product" || name == "ip") return Metric::inner_product;
  throw Error(ErrorCode::invalid_argument, "unknown metric \"" + std::string(name) + "\"", {},
              "Known are l2, cosine, inner_product.");
}

double distance(Metric metric, const float* a, const float* b, std::size_t n) {
  switch (metric) {
    case Metric::l2:
      return std::sqrt(static_cast<double>(simd::kernels().l2_squared(a, b, n)));
    case Metric::inner_product:
      return -static_cast<double>(simd::kernels().inner_product(a, b, n));
    case Metric::cosine:
      break;
  }
  const simd::CosineSums s = simd::kernels().cosine_sums(a, b, n);
  const double norm = std::sqrt(static_cast<double>(s.norm_a) * static_cast<double>(s.norm_b));
  if (!(norm > 0)) return 1;
  return 1 - std::clamp(static_cast<double>(s.dot) / norm, -1.0, 1.0);
}

NearestRows nearest_rows(const Exec& exec, const Tensor<float>& x, std::size_t k, Metric metric) {
  const std::size_t n = x.rows();
  NearestRows out;
  out.per_row = n == 0 ? 0 : std::min(k, n - 1);
  if (out.per_row == 0) return out;
  out.charge = Charge(exec.budget(), n * out.per_row * sizeof(Neighbor));
  out.entries.resize(n * out.per_row);
  const Tensor<float> y = prepared(exec, x, metric);
  const std::vector<float> squares = squared_lengths(y);
  const std::size_t keep = std::min(out.per_row + kSpare, n - 1);
  const std::size_t blocks = (n + kQueries - 1) / kQueries;
  exec.for_rows(blocks, 2 * kQueries * n * x.columns() / 8, [&](std::size_t b, std::size_t e) {
    for (std::size_t block = b; block < e; ++block) {
      const std::size_t begin = block * kQueries, end = std::min(begin + kQueries, n);
      std::vector<std::vector<Neighbor>> heaps(end - begin);
      compare(y, squares, metric, begin, end, 0, [&](std::size_t q, std::size_t row, float v) {
        auto& heap = heaps[q];
        if (row == begin + q) return;
        const Neighbor candidate{static_cast<std::uint32_t>(row), v};
        if (heap.size() < keep) {
          heap.push_back(candidate);
          std::push_heap(heap.begin(), heap.end(), nearer);
        } else if (v < heap.front().distance) {
          std::pop_heap(heap.begin(), heap.end(), nearer);
          heap.back() = candidate;
          std::push_heap(heap.begin(), heap.end(), nearer);
        }
      });
      for (std::size_t q = 0; q < heaps.size(); ++q) {
        for (Neighbor& c : heaps[q])
          c.distance =
              static_cast<float>(distance(metric, x.row(begin + q), x.row(c.row), x.columns()));
        std::sort(heaps[q].begin(), heaps[q].end(), nearer);
        std::copy_n(heaps[q].begin(), out.per_row,
                    out.entries.begin() + static_cast<std::ptrdiff_t>((begin + q) * out.per_row));
      }
    }
  });
  return out;
}

void pairs_within(const Exec& exec, const Tensor<float>& x, double radius, Metric metric,
                  const std::function<void(std::uint32_t, std::uint32_t, double)>& emit) {
  const std::size_t n = x.rows();
  const Tensor<float> y = prepared(exec, x, metric);
  const std::vector<float> squares = squared_lengths(y);
  struct Found {
    std::uint32_t a, b;
    double distance;
  };
  const std::size_t blocks = (n + kQueries - 1) / kQueries;
  // A group of blocks at a time: found in parallel, emitted in order.
  const std::size_t group = 16;
  for (std::size_t first = 0; first < blocks; first += group) {
    std::vector<std::vector<Found>> found(std::min(group, blocks - first));
    exec.for_rows(
        found.size(), 2 * kQueries * n * x.columns() / 8, [&](std::size_t b, std::size_t e) {
          for (std::size_t block = b; block < e; ++block) {
            const std::size_t begin = (first + block) * kQueries,
                              end = std::min(begin + kQueries, n);
            compare(y, squares, metric, begin, end, begin,
                    [&](std::size_t q, std::size_t row, float v) {
                      const std::size_t a = begin + q;
                      if (row <= a) return;
                      // The estimate rules out, the distance decides.
                      const double slack =
                          1e-4 * (1 + static_cast<double>(squares[a] + squares[row]));
                      const double limit = metric == Metric::l2       ? radius * radius
                                           : metric == Metric::cosine ? radius - 1
                                                                      : radius;
                      if (static_cast<double>(v) > limit + slack) return;
                      const double d = distance(metric, x.row(a), x.row(row), x.columns());
                      if (d <= radius)
                        found[block].push_back(
                            {static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(row), d});
                    });
            std::sort(found[block].begin(), found[block].end(), [](const Found& l, const Found& r) {
              return l.a != r.a ? l.a < r.a : l.b < r.b;
            });
          }
        });
    for (const auto& block : found)
      for (const Found& f : block) emit(f.a, f.b, f.distance);
    exec.check_interrupts();
  }
}

}  // namespace rv::gnn
