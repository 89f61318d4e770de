#include "core/learning/audit.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"

namespace rv::learning {

void AuditSet::check() const {
  if (effort.empty()) throw Error(ErrorCode::invalid_argument, "the grid of efforts is empty");
  if (first >= effort.size())
    throw Error(ErrorCode::invalid_argument, "the first effort is not in the grid");
  for (std::size_t i = 0; i < effort.size(); ++i)
    if (effort[i] < 1 || (i > 0 && effort[i] <= effort[i - 1]))
      throw Error(ErrorCode::invalid_argument, "the grid of efforts must ascend from at least 1");
  for (const AuditedQuery& q : query) {
    if (q.recall.size() != effort.size() || q.work.size() != effort.size())
      throw Error(ErrorCode::data_exception, "an audited query has " +
                                                 std::to_string(q.recall.size()) + " recalls for " +
                                                 std::to_string(effort.size()) + " efforts");
    if (!q.margin.empty() && q.margin.size() != effort.size())
      throw Error(ErrorCode::data_exception, "an audited query has " +
                                                 std::to_string(q.margin.size()) + " margins for " +
                                                 std::to_string(effort.size()) + " efforts");
    for (const float r : q.recall)
      if (!(r >= 0 && r <= 1))
        throw Error(ErrorCode::data_exception, "recall must be between 0 and 1");
  }
}

std::size_t AuditSet::at_least(double wanted) const noexcept {
  for (std::size_t i = 0; i < effort.size(); ++i)
    if (effort[i] >= wanted) return i;
  return effort.size() - 1;
}

double recall(std::span<const std::int64_t> found, std::span<const std::int64_t> exact) {
  if (exact.empty()) return 1;
  std::vector<std::int64_t> sorted(found.begin(), found.end());
  std::sort(sorted.begin(), sorted.end());
  std::size_t hits = 0;
  for (const std::int64_t id : exact) hits += std::binary_search(sorted.begin(), sorted.end(), id);
  return static_cast<double>(hits) / static_cast<double>(exact.size());
}

MeanInterval mean_interval(std::span<const double> values) {
  MeanInterval m;
  m.n = values.size();
  if (values.empty()) return m;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / n;
  double variance = 0;
  for (const double v : values) variance += (v - m.mean) * (v - m.mean) / std::max(1.0, n - 1);
  const double log = std::log(4 / 0.05);  // two sides, each with the two terms of the bound
  const double half = n > 1 ? std::sqrt(2 * variance * log / n) + 7 * log / (3 * (n - 1)) : 1.0;
  m.low = std::max(0.0, m.mean - half);
  m.high = std::min(1.0, m.mean + half);
  return m;
}

}  // namespace rv::learning
