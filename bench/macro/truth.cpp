#include "truth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "core/parallel/worker_pool.h"
#include "core/simd/distance.h"
#include "core/types/dense.h"

namespace rv::bench {

Metric metric_of(const std::string& name) {
  if (name == "l2") return Metric::l2;
  if (name == "cosine") return Metric::cosine;
  if (name == "ip") return Metric::ip;
  if (name == "l1") return Metric::l1;
  throw std::runtime_error("unknown metric " + name + " (l2, cosine, ip, l1)");
}

const char* operator_of(Metric m) {
  switch (m) {
    case Metric::l2:
      return "<->";
    case Metric::cosine:
      return "<=>";
    case Metric::ip:
      return "<#>";
    case Metric::l1:
      break;
  }
  return "<+>";
}

double distance(Metric m, const float* a, const float* b, std::size_t dim) {
  const auto n = static_cast<int>(dim);
  switch (m) {
    case Metric::l2:
      return std::sqrt(l2_squared<Vector>(a, b, n));
    case Metric::cosine:
      return cosine_distance<Vector>(a, b, n);
    case Metric::ip:
      return -inner_product<Vector>(a, b, n);
    case Metric::l1:
      break;
  }
  return l1_distance<Vector>(a, b, n);
}

Truth search_truth(const Matrix& base, const Matrix& queries, std::size_t k, Metric m,
                   const Candidates& candidates) {
  Truth truth;
  truth.limit.assign(queries.rows(), -std::numeric_limits<double>::infinity());
  truth.count.assign(queries.rows(), 0);
  std::vector<std::vector<std::size_t>> chosen(candidates ? queries.rows() : 0);
  for (std::size_t q = 0; q < chosen.size(); ++q) chosen[q] = candidates(q);
  std::vector<std::size_t> all(candidates ? 0 : base.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  simd::kernels();  // chosen before threads need it
  WorkerPool pool(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  pool.for_each_chunk(queries.rows(), 1, nullptr, [&](std::size_t from, std::size_t to) {
    std::vector<double> distances;
    for (std::size_t q = from; q < to; ++q) {
      const auto& rows = candidates ? chosen[q] : all;
      if (rows.empty()) continue;
      distances.resize(rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i)
        distances[i] = distance(m, queries.row(q), base.row(rows[i]), base.dim);
      truth.count[q] = std::min(k, rows.size());
      const auto at = distances.begin() + static_cast<std::ptrdiff_t>(truth.count[q] - 1);
      std::nth_element(distances.begin(), at, distances.end());
      truth.limit[q] = *at;
    }
  });
  return truth;
}

Truth given_truth(const Ids& ids, const Matrix& base, const Matrix& queries, std::size_t k,
                  Metric m) {
  if (ids.dim < k || ids.rows() < queries.rows())
    throw std::runtime_error("the given neighbours are " + std::to_string(ids.rows()) + " x " +
                             std::to_string(ids.dim) + ", needed are " +
                             std::to_string(queries.rows()) + " x " + std::to_string(k));
  Truth truth;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    double limit = -std::numeric_limits<double>::infinity();
    std::size_t count = 0;
    for (std::size_t i = 0; i < k; ++i) {
      const std::int64_t id = ids.row(q)[i];
      if (id < 0) continue;
      if (static_cast<std::size_t>(id) >= base.rows())
        throw std::runtime_error("the given neighbours name row " + std::to_string(id) +
                                 ", the data has " + std::to_string(base.rows()));
      limit = std::max(
          limit, distance(m, queries.row(q), base.row(static_cast<std::size_t>(id)), base.dim));
      ++count;
    }
    truth.limit.push_back(limit);
    truth.count.push_back(count);
  }
  return truth;
}

double recall_of(const Truth& truth, const Matrix& base, const Matrix& queries, Metric m,
                 std::size_t q, std::vector<std::size_t> ids) {
  if (truth.count[q] == 0) return 1;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::size_t found = 0;
  for (const std::size_t id : ids) {
    if (id >= base.rows()) throw std::runtime_error("unknown id " + std::to_string(id));
    const double d = distance(m, queries.row(q), base.row(id), base.dim);
    found += d <= truth.limit[q] + 1e-6 * std::abs(truth.limit[q]);
  }
  return static_cast<double>(std::min(found, truth.count[q])) / static_cast<double>(truth.count[q]);
}

}  // namespace rv::bench
