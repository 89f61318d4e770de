// Taking heap rows out of an index (VACUUM).
//
//   mark()     removes dead rows; a node without rows is marked deleted: still navigated, not
//   returned repair()   every list of links that leads to a deleted node gets the best of what it
//   has and of
//              what the deleted nodes led to (after FreshDiskANN, arXiv 2105.09613)
//   free()     frees the slots of deleted nodes for later inserts
//
// Searches and inserts go on meanwhile: links are hints (layout.h), so a search that still holds a
// link to a freed node only loses a step, and none needs to be waited for.
#pragma once

#include <functional>
#include <vector>

#include "core/index/hnsw/graph.h"
#include "core/index/hnsw/select.h"
#include "core/index/hnsw/slots.h"
#include "core/index/hnsw/visited.h"

namespace rv::index::hnsw {

class Remover {
 public:
  explicit Remover(Graph& graph);

  using IsDead = std::function<bool(HeapTid)>;
  struct Counts {
    std::uint64_t rows_removed = 0;
    std::uint64_t rows_left = 0;
    std::uint64_t nodes_deleted = 0;  // by this call or found deleted
  };
  // `pause` is called after every page, without a lock: vacuum's cost delay.
  Counts mark(const IsDead& dead, const std::function<void()>& pause);
  void repair(const std::function<void()>& pause);
  void free(const std::function<void()>& pause);

 private:
  template <class Visit>
  void for_pages(PageKind kind, const std::function<void()>& pause, Visit visit);
  bool deleted(NodeId id) const noexcept;
  void remember(NodeId id);
  void clean_rows(NodeId id, const IsDead& dead, Counts& counts);
  template <class Link, class NodeOf, class Follow>
  std::vector<Link> live_beyond(NodeId owner, const std::vector<Link>& links, int most,
                                NodeOf node_of, Follow follow);
  void repair_node(NodeId id);
  void repair_record(RecordId id);
  void move_entry();
  template <class FreeSlot>
  void free_slots(SlotKind kind, const std::function<void()>& pause, FreeSlot free_slot);

  Graph& graph_;
  NeighbourSelection select_;
  std::unique_ptr<quant::CodeQuery> query_;
  std::vector<PageKind> kinds_;  // by block; kFreePage: not known
  std::vector<bool> deleted_;    // by node id
  std::vector<std::byte> codes_;
  // Deleted nodes that a repair goes through at most in search of live ones.
  static constexpr std::size_t kMostSteps = 256;
  VisitedSet seen_;  // scratch
};

// Live heap rows and other sums, for statistics: one pass over the pages.
struct Census {
  std::uint64_t nodes = 0, rows = 0, deleted = 0, free_slots = 0, links = 0, upper_records = 0;
  Block node_pages = 0, aux_pages = 0, model_pages = 0;
  std::vector<std::uint64_t> by_level;
};
Census take_census(Graph& graph);

}  // namespace rv::index::hnsw
