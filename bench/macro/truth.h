// True neighbours and recall.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data.h"

namespace rv::bench {

enum class Metric { l2, cosine, ip, l1 };
Metric metric_of(const std::string& name);
const char* operator_of(Metric m);
double distance(Metric m, const float* a, const float* b, std::size_t dim);

// What recall is measured against, per query: the distance of the farthest true neighbour among the
// first k, and how many there are (fewer than k when a filter leaves fewer rows).
struct Truth {
  std::vector<double> limit;
  std::vector<std::size_t> count;
};

// Which rows query q may return: ids in ascending order.
using Candidates = std::function<std::vector<std::size_t>(std::size_t q)>;

// By exhaustive search over the candidates (all rows when empty) on all cores.
Truth search_truth(const Matrix& base, const Matrix& queries, std::size_t k, Metric m,
                   const Candidates& candidates);
// From given ids. Throws when an id is not a row or when there are fewer than k columns.
Truth given_truth(const Ids& ids, const Matrix& base, const Matrix& queries, std::size_t k,
                  Metric m);

// Share of the true neighbours found. A row counts when it is no farther than the farthest true
// neighbour, so ties are no errors; the same id counts once.
double recall_of(const Truth& truth, const Matrix& base, const Matrix& queries, Metric m,
                 std::size_t q, std::vector<std::size_t> ids);

}  // namespace rv::bench
