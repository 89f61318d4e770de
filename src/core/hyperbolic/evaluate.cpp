#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/hyperbolic/train.h"

namespace rv::hyperbolic {

PoincareEvaluator::PoincareEvaluator(std::size_t dim, std::vector<double> points,
                                     std::vector<Edge> edges, std::vector<std::uint32_t> children)
    : dim_(dim), nodes_(points.size() / dim), points_(std::move(points)), edges_(std::move(edges)) {
  tidy_edges(edges_);
  if (!children.empty()) {
    std::sort(children.begin(), children.end());
    std::erase_if(edges_, [&](const Edge& e) {
      return !std::binary_search(children.begin(), children.end(), e.child);
    });
  }
  if (edges_.empty())
    throw Error(ErrorCode::invalid_argument, "there are no edges between different nodes");
  for (std::size_t i = 0; i < nodes_; ++i) {
    double s = 0;
    for (std::size_t t = 0; t < dim_; ++t) s += points_[i * dim_ + t] * points_[i * dim_ + t];
    if (!(s < 1))
      throw Error(ErrorCode::invalid_argument, "an embedding lies outside the Poincare ball");
    rest_.push_back(1 - s);
  }
  for (std::size_t e = 0; e < edges_.size(); ++e)
    if (e == 0 || edges_[e].child != edges_[e - 1].child) starts_.push_back(e);
  parts_.resize(starts_.size());
  done_.assign(starts_.size(), 0);
  starts_.push_back(edges_.size());
}

// Distances order as delta / (1 - |x|^2) for a fixed child.
PoincareEvaluator::Part PoincareEvaluator::of_child(std::size_t child) const {
  const std::size_t first = starts_[child], last = starts_[child + 1];
  const std::uint32_t u = edges_[first].child;
  const double* at = points_.data() + u * dim_;
  const auto key = [&](std::size_t node) {
    const double* x = points_.data() + node * dim_;
    double s = 0;
    for (std::size_t t = 0; t < dim_; ++t) s += (at[t] - x[t]) * (at[t] - x[t]);
    return s / rest_[node];
  };
  std::vector<double> parents;
  for (std::size_t e = first; e < last; ++e) parents.push_back(key(edges_[e].parent));
  std::sort(parents.begin(), parents.end());
  // Others that are nearer than each parent.
  std::vector<std::size_t> nearer(parents.size() + 1, 0);
  std::size_t next = first;
  for (std::size_t node = 0; node < nodes_; ++node) {
    if (next < last && edges_[next].parent == node) {
      ++next;
      continue;
    }
    if (node == u) continue;
    const double k = key(node);
    ++nearer[static_cast<std::size_t>(std::upper_bound(parents.begin(), parents.end(), k) -
                                      parents.begin())];
  }
  Part part;
  std::size_t others = 0;
  for (std::size_t i = 0; i < parents.size(); ++i) {
    others += nearer[i];
    part.ranks += static_cast<double>(others + 1);
    part.precision += static_cast<double>(i + 1) / static_cast<double>(others + i + 1);
  }
  part.precision /= static_cast<double>(parents.size());
  part.edges = parents.size();
  return part;
}

Reconstruction PoincareEvaluator::run(WorkerPool* pool, StopProbe stop) {
  todo_.clear();
  for (std::size_t c = 0; c < done_.size(); ++c)
    if (done_[c] == 0) todo_.push_back(c);
  const auto some = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      parts_[todo_[i]] = of_child(todo_[i]);
      done_[todo_[i]] = 1;
    }
  };
  std::size_t finished = 0;
  if (pool != nullptr) {
    finished = pool->for_each_chunk(todo_.size(), 1, stop, some);
  } else {
    for (; finished < todo_.size() && !stop(); ++finished) some(finished, finished + 1);
  }
  Reconstruction r{0, 0, finished == todo_.size()};
  if (!r.finished) return r;
  std::size_t edges = 0;
  for (const Part& p : parts_) {
    r.mean_rank += p.ranks;
    r.mean_average_precision += p.precision;
    edges += p.edges;
  }
  r.mean_rank /= static_cast<double>(edges);
  r.mean_average_precision /= static_cast<double>(parts_.size());
  return r;
}

}  // namespace rv::hyperbolic
