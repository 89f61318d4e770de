#include "core/graph/algo/csr.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/error.h"

namespace rv::graph {

Csr::Csr(std::vector<WeightedEdge>& edges, std::span<const std::int64_t> extra, bool weighted) {
  if (edges.size() >= kNone || extra.size() >= kNone)
    throw Error(ErrorCode::limit_exceeded, "a graph of " + std::to_string(edges.size()) +
                                               " edges exceeds the limit of " +
                                               std::to_string(kNone - 1));
  ids_.reserve(edges.size() / 4 + extra.size());
  for (const auto& e : edges) {
    if (weighted && std::isnan(e.weight))
      throw Error(ErrorCode::invalid_argument, "weight of the edge from " +
                                                   std::to_string(e.source) + " to " +
                                                   std::to_string(e.target) + " is not a number");
    ids_.push_back(e.source);
    ids_.push_back(e.target);
    // Keeps the list of ids near its final size.
    if (ids_.size() > 1U << 20 && ids_.size() > 4 * edges.size() / 3) {
      std::sort(ids_.begin(), ids_.end());
      ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    }
  }
  ids_.insert(ids_.end(), extra.begin(), extra.end());
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  ids_.shrink_to_fit();
  if (ids_.size() >= kNone)
    throw Error(ErrorCode::limit_exceeded, "a graph of " + std::to_string(ids_.size()) +
                                               " nodes exceeds the limit of " +
                                               std::to_string(kNone - 1));
  std::vector<Arc> arcs;
  arcs.reserve(edges.size());
  // Dense ids, as sequences give them, are found by subtraction.
  const bool dense = !ids_.empty() && ids_.back() - ids_.front() >= 0 &&
                     static_cast<std::size_t>(ids_.back() - ids_.front()) < 4 * ids_.size() + 1024;
  std::vector<Node> table;
  if (dense) {
    table.assign(static_cast<std::size_t>(ids_.back() - ids_.front()) + 1, kNone);
    for (std::size_t i = 0; i < ids_.size(); ++i)
      table[static_cast<std::size_t>(ids_[i] - ids_.front())] = static_cast<Node>(i);
  }
  const auto number = [&](std::int64_t id) {
    return dense ? table[static_cast<std::size_t>(id - ids_.front())] : find(id);
  };
  for (const auto& e : edges) arcs.push_back({number(e.source), number(e.target), e.weight});
  edges.clear();
  edges.shrink_to_fit();
  fill(arcs, weighted);
}

// Counting sort by target, then by source: linear, and stable.
void Csr::fill(const std::vector<Arc>& arcs, bool weighted) {
  const std::size_t n = ids_.size();
  std::vector<std::uint32_t> next(n + 1, 0);
  for (const auto& a : arcs) ++next[a.target + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Arc> by_target(arcs.size());
  for (const auto& a : arcs) by_target[next[a.target]++] = a;
  offsets_.assign(n + 1, 0);
  for (const auto& a : arcs) ++offsets_[a.source + 1];
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  next.assign(offsets_.begin(), offsets_.end());
  targets_.resize(arcs.size());
  if (weighted) weights_.resize(arcs.size());
  for (const auto& a : by_target) {
    const std::uint32_t at = next[a.source]++;
    targets_[at] = a.target;
    if (weighted) weights_[at] = a.weight;
  }
}

Csr::Node Csr::find(std::int64_t id) const noexcept {
  const auto it = std::lower_bound(ids_.begin(), ids_.end(), id);
  return it == ids_.end() || *it != id ? kNone : static_cast<Node>(it - ids_.begin());
}

Csr Csr::reversed() const {
  std::vector<Arc> arcs;
  arcs.reserve(edge_count());
  for (Node u = 0; u < node_count(); ++u)
    for (std::size_t e = begin(u); e < begin(u) + degree(u); ++e)
      arcs.push_back({targets_[e], u, weight(e)});
  Csr out;
  out.ids_ = ids_;
  out.fill(arcs, weighted());
  return out;
}

Csr Csr::undirected(bool simple) const {
  if (edge_count() >= kNone / 2)
    throw Error(ErrorCode::limit_exceeded, "a graph of " + std::to_string(edge_count()) +
                                               " edges is too large to be made undirected");
  std::vector<Arc> arcs;
  arcs.reserve(2 * edge_count());
  for (Node u = 0; u < node_count(); ++u)
    for (std::size_t e = begin(u); e < begin(u) + degree(u); ++e) {
      if (simple && targets_[e] == u) continue;
      arcs.push_back({u, targets_[e], weight(e)});
      if (targets_[e] != u) arcs.push_back({targets_[e], u, weight(e)});
    }
  Csr out;
  out.ids_ = ids_;
  out.fill(arcs, weighted());
  if (!simple) return out;
  std::size_t kept = 0;
  std::size_t from = 0;
  for (Node u = 0; u < node_count(); ++u) {
    const std::size_t end = out.offsets_[u + 1];
    const std::size_t first = kept;
    for (; from < end; ++from) {
      const double w = out.weight(from);
      if (kept > first && out.targets_[kept - 1] == out.targets_[from]) {
        if (weighted()) out.weights_[kept - 1] += w;
        continue;
      }
      out.targets_[kept] = out.targets_[from];
      if (weighted()) out.weights_[kept] = w;
      ++kept;
    }
    out.offsets_[u] = static_cast<std::uint32_t>(first);
  }
  out.offsets_[node_count()] = static_cast<std::uint32_t>(kept);
  out.targets_.resize(kept);
  if (weighted()) out.weights_.resize(kept);
  return out;
}

}  // namespace rv::graph
