// Graphs and the adjacencies that layers use.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "core/gnn/tensor.h"

namespace rv::gnn {

// A message flows from `source` to `target`.
struct Edge {
  std::uint32_t source, target;
  float weight;
};

// A graph, or the part of one that the outputs of some targets depend on.
//
// In a part, nodes are numbered by their distance to the targets: the targets first, then what is
// one hop away, and so on; within[h] is how many are at most h hops away. Only nodes nearer than
// the last hop have their in-edges. What a node's degree is in the whole graph is kept beside.
template <class T>
struct Graph {
  std::size_t nodes = 0;
  Csr<T> in;                   // in-edges of the first in.rows nodes, by source id
  std::vector<T> in_weight;    // per node, sum of the weights of its in-edges in the whole graph
  std::vector<T> loop_weight;  // per node, of these its self-loops
  std::vector<T> row_scale;    // sampled: edges a row has over edges it was given; or empty
  std::vector<std::size_t> within;  // empty: the whole graph

  // Rows a layer has to give when `hops` more hops follow it.
  std::size_t rows_at(std::size_t hops) const noexcept {
    if (within.empty()) return nodes;
    return within[std::min(hops, within.size() - 1)];
  }
};

// The whole graph of `nodes` nodes. Edges of one row are sorted by source, then weight. `unit`: all
// weights are one, none is stored.
template <class T>
Graph<T> make_graph(std::size_t nodes, std::span<const Edge> edges, bool unit);

// Adds the reverse of every edge whose reverse is not there: a table that stores an undirected edge
// once and one that stores it in both directions give the same graph.
template <class T>
Graph<T> make_undirected(const Graph<T>& graph);

// Adds an edge of weight one from each node to itself where there is none.
template <class T>
void add_self_loops(Graph<T>& graph);

enum class Adjacency : unsigned char {
  raw,              // the weights
  mean,             // weights over their row's sum
  mean_with_self,   // the same with one edge from the node to itself more
  symmetric,        // w / sqrt(d_i d_j), d: sum of in-weights
  symmetric_loops,  // the same for A + I; an existing self-loop keeps its weight (GCN)
  attention,        // no weights; self-loops replaced by exactly one (GAT)
};
template <class T>
Csr<T> prepare(const Graph<T>& graph, Adjacency kind);

// The adjacencies of one graph, made when first asked for.
template <class T>
class Adjacencies {
 public:
  Adjacencies(const Graph<T>& graph, bool training) : graph_(graph), training_(training) {}
  const Graph<T>& graph() const noexcept { return graph_; }
  const Csr<T>& get(Adjacency kind) {
    auto& slot = made_[kind];
    if (slot == nullptr) {
      slot = std::make_unique<Csr<T>>(prepare(graph_, kind));
      if (training_) slot->build_transposed();
    }
    return *slot;
  }

 private:
  const Graph<T>& graph_;
  bool training_;
  std::map<Adjacency, std::unique_ptr<Csr<T>>> made_;
};

// A part of `whole` and where its nodes are there.
template <class T>
struct Part {
  Graph<T> graph;
  std::vector<std::uint32_t> nodes;
};

// The targets and everything within `hops` hops against the edges. fanout[h] is how many in-edges
// a node at distance h keeps, sampled without replacement (beyond the list or <= 0: all); the
// sample depends on (seed, node) alone. Targets must be distinct.
template <class T>
Part<T> neighborhood(const Graph<T>& whole, std::span<const std::uint32_t> targets,
                     std::size_t hops, std::span<const int> fanout, std::uint64_t seed);

// k of the n numbers below n, ascending, each set equally likely (Floyd's method).
std::vector<std::size_t> sample_without_replacement(std::size_t n, std::size_t k,
                                                    std::uint64_t seed);

}  // namespace rv::gnn
