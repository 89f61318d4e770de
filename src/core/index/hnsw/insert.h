// Adding one vector to an index that others read and change (Malkov and Yashunin, PAMI 2018,
// algorithm 1, over codes).
//
// Order of the writes: the node with its links, its records, then one page at a time the links that
// lead to it, then the entry point. A crash in between leaves a node that no link leads to; its
// heap row was never committed.
#pragma once

#include "core/base/rng.h"
#include "core/index/hnsw/search.h"
#include "core/index/hnsw/select.h"

namespace rv::index::hnsw {

class Inserter {
 public:
  explicit Inserter(Graph& graph);

  // The vector must be finite and, for cosine, not zero. `ef_construction` overrides the index's
  // when positive.
  void insert(const float* x, HeapTid tid, Rng& rng, int ef_construction = 0);

 private:
  struct Chain;
  Chain walk_chain(NodeId node, RecordId first);
  bool add_row(NodeId node, HeapTid tid);
  NodeId write_node(HeapTid tid, int level, const std::vector<LinkCandidate>& links);
  RecordId write_record(RecordKind kind, int level, NodeId node, RecordId next, const void* entries,
                        std::size_t entry_bytes, int count);
  void chain_record(NodeId node, RecordId record);
  bool link_back(NodeId to, NodeId node, float distance);
  void link_detour(const std::vector<LinkCandidate>& neighbours, NodeId node);
  void link_back_upper(const UpperCandidate& to, NodeId node, RecordId record, int level);
  void publish_entry(NodeId node, RecordId record, int level);
  bool first_node(HeapTid tid);
  void to_links(const std::vector<Candidate>& found, std::vector<LinkCandidate>& links);
  const std::byte* keep_code(NodeId node);

  Graph& graph_;
  std::unique_ptr<quant::CodeQuery> query_;
  std::unique_ptr<quant::CodeQuery> link_query_;
  Search search_;
  NodeDistances link_distances_;
  NeighbourSelection select_;
  std::vector<std::byte> code_;
  std::vector<std::byte> kept_codes_;  // copies of candidates' codes: pins do not last
  std::size_t kept_ = 0;
  RecordId newest_of_fresh_ = kNoRecord;
};

}  // namespace rv::index::hnsw
