// A graph in compressed sparse rows, read once and then only computed with.
//
// Nodes are numbered 0 .. node_count() - 1 in ascending order of their ids; the edges of a node lie
// together, ascending by target (parallel edges stay apart). 4 bytes an edge, 8 more with weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace rv::graph {

struct WeightedEdge {
  std::int64_t source, target;
  double weight;
};

// Called on the calling thread between steps of work, about every millisecond; may throw.
using Poll = std::function<void()>;

class Csr {
 public:
  using Node = std::uint32_t;
  static constexpr Node kNone = 0xffffffff;

  Csr() = default;
  // `extra` are nodes that need no edge. Weights are kept when `weighted`. 54000 for more than
  // 2^32 - 2 nodes or edges; 22023 for a weight that is not a number.
  Csr(std::vector<WeightedEdge>& edges, std::span<const std::int64_t> extra, bool weighted);

  std::size_t node_count() const noexcept { return ids_.size(); }
  std::size_t edge_count() const noexcept { return targets_.size(); }
  bool weighted() const noexcept { return !weights_.empty(); }
  std::int64_t id(Node n) const { return ids_[n]; }
  std::span<const std::int64_t> ids() const noexcept { return ids_; }
  Node find(std::int64_t id) const noexcept;  // kNone when there is none

  std::size_t begin(Node n) const { return offsets_[n]; }
  std::size_t degree(Node n) const { return offsets_[n + 1] - offsets_[n]; }
  std::span<const Node> neighbors(Node n) const {
    return {targets_.data() + offsets_[n], degree(n)};
  }
  // The weight of edge number e, begin(n) .. begin(n) + degree(n) - 1; 1 without weights.
  double weight(std::size_t e) const { return weights_.empty() ? 1.0 : weights_[e]; }

  Csr reversed() const;
  // Every edge both ways. With `simple`: each pair once, no self-loops, weights added up.
  Csr undirected(bool simple) const;

  // Bytes that a graph of this size takes while it is built.
  static std::size_t bytes_for(std::size_t nodes, std::size_t edges) noexcept {
    return nodes * 24 + edges * (sizeof(WeightedEdge) + 24);
  }

 private:
  struct Arc {
    Node source, target;
    double weight;
  };
  void fill(const std::vector<Arc>& arcs, bool weighted);

  std::vector<std::int64_t> ids_;
  std::vector<std::uint32_t> offsets_;
  std::vector<Node> targets_;
  std::vector<double> weights_;
};

}  // namespace rv::graph
