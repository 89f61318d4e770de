// Best-first search over codes, and its continuation.
//
// A search returns its candidates in batches: first the ef nearest by estimated distance, then, for
// as long as the caller wants more, the next ones. Nothing that was looked at is looked at again.
// When the graph is exhausted, sweep() finds the nodes that no link led to, so that a scan that is
// read to its end returns every row of the index.
#pragma once

#include <vector>

#include "core/index/hnsw/graph.h"
#include "core/index/hnsw/visited.h"

namespace rv::index::hnsw {

struct Candidate {
  float distance;
  float error;
  NodeId node;
};

// Nearer first; ids break ties, so that every run sees one order.
inline bool nearer(const Candidate& a, const Candidate& b) noexcept {
  return a.distance < b.distance || (a.distance == b.distance && a.node < b.node);
}

struct SearchStats {
  std::uint64_t hops = 0;       // nodes whose links were followed
  std::uint64_t distances = 0;  // codes compared
};

// A node and its record on an upper level.
struct UpperCandidate {
  float distance;
  NodeId node;
  RecordId record;
};

// Distances from one query to nodes, a few dozen at a time. Nodes that cannot be used (freed slots)
// are left out.
class NodeDistances {
 public:
  NodeDistances(Graph& graph, quant::CodeQuery& query) : graph_(graph), query_(query) {}

  // Appends to `out` the nodes of `ids` that are in use; `alive` tells which may be returned.
  void operator()(const NodeId* ids, int count, std::vector<Candidate>& out,
                  std::vector<char>* alive = nullptr);
  SearchStats stats;

 private:
  static constexpr int kChunk = 32;
  void compare(const NodeId* ids, int count, std::vector<Candidate>& out, std::vector<char>* alive);

  Graph& graph_;
  quant::CodeQuery& query_;
};

class Search {
 public:
  Search(Graph& graph, quant::CodeQuery& query);

  // Starts afresh. ef >= 1.
  void begin(int ef);
  // The candidates of the last batch, nearest first. Deleted nodes are not among them.
  const std::vector<Candidate>& batch() const noexcept { return batch_; }
  // Finds the next `ef` candidates; false when the graph has no more.
  bool next(int ef);
  // Goes on as if begin() had been asked for this larger ef: the batch is made anew, of what it
  // held and what was left over.
  void widen(int ef);
  // For who walks no further: what was seen and left over, nearest first, as a batch; false when
  // there is nothing.
  bool leftovers();
  // Every node that the search has not seen, nearest first, as one last batch of at most `most`
  // candidates; false when there is none.
  bool sweep(std::size_t most);
  // No further batch can hold anything nearer than this.
  float frontier() const noexcept;

  std::size_t visited() const noexcept { return visited_.size(); }
  std::size_t bytes() const noexcept;
  const SearchStats& stats() const noexcept { return distances_.stats; }

  // The greedy walk from the entry point down to `level` (0: to the nodes themselves); used by
  // insertion too. False when the graph is empty.
  bool descend(int level, UpperCandidate& at);
  // Best-first search on an upper level, from one or several of its nodes.
  std::vector<UpperCandidate> search_level(int level, std::vector<UpperCandidate> from, int ef);

 private:
  bool start(int ef);
  void arrive();
  void expand(NodeId node);
  void grow_beam(std::size_t ef);
  void take_batch();
  bool step_upper(const RecordHeader* record, std::vector<UpperCandidate>& out);
  bool approach_nodes(int ef, UpperCandidate& at);

  Graph& graph_;
  quant::CodeQuery& query_;
  NodeDistances distances_;
  VisitedSet visited_;
  std::vector<Candidate> frontier_;  // min-heap of nodes to expand
  std::vector<Candidate> beam_;      // max-heap of the best of this batch
  std::vector<Candidate> left_;      // seen, not good enough yet
  std::vector<char> left_expand_;    // ... and whether it still is to be expanded
  std::vector<Candidate> batch_;
  static constexpr std::size_t kMostSeeds = 16;
  std::vector<Candidate> seeds_;  // compared on the last upper level
  std::vector<Candidate> found_;  // scratch
  std::vector<char> alive_;       // scratch
  std::vector<NodeId> ids_;       // scratch
  std::size_t ef_ = 0;
};

}  // namespace rv::index::hnsw
