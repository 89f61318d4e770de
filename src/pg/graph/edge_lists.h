// Neighbours of nodes, kept by the session while the graph's relationships do not change
// (quiet_table.h): a traversal then reads no index for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/graph/arena.h"
#include "core/graph/value.h"
#include "pg/graph/quiet_table.h"

namespace rv::pg {

// A relationship from the side of one of its ends.
struct Neighbour {
  graph::NodeId far;
  graph::RelationshipId id;
};

// Those of one type and direction, by the near end.
class EdgeLists {
 public:
  static constexpr std::uint32_t kUnknown = 0xffffffff;  // not kept
  struct List {
    const Neighbour* entries = nullptr;
    std::uint32_t count = kUnknown;
  };

  // Null when it is not known.
  const List* find(graph::NodeId node) const noexcept {
    const auto n = static_cast<std::uint64_t>(node) / kChunk;
    if (n >= chunks_.size() || chunks_[n] == nullptr) return nullptr;
    const List& list = (*chunks_[n])[static_cast<std::uint64_t>(node) % kChunk];
    return list.count == kUnknown ? nullptr : &list;
  }

 private:
  friend class KnownEdges;
  static constexpr std::uint64_t kChunk = 256;  // as of row_values.h
  std::vector<std::unique_ptr<std::array<List, kChunk>>> chunks_;
};

// Of a graph in one state; a query holds it while it uses it.
class KnownEdges {
 public:
  explicit KnownEdges(const QuietState& state) : state_(state) {}
  const QuietState& state() const noexcept { return state_; }
  EdgeLists& of(bool incoming, graph::NameId type) { return lists_[{incoming, type}]; }
  // Keeps all relationships of a node, unless there is no room.
  void keep(EdgeLists& lists, graph::NodeId node, std::span<const Neighbour> all);
  std::size_t bytes() const noexcept { return bytes_ + entries_.bytes(); }

 private:
  static constexpr std::uint64_t kMostChunks = std::uint64_t{1} << 19;

  QuietState state_;
  std::map<std::pair<bool, graph::NameId>, EdgeLists> lists_;
  graph::Arena entries_;
  std::size_t bytes_ = 0;
};

// Bytes that the lists of the session may take together: what does not fit is not kept.
inline constexpr std::size_t kEdgeListBytes = std::size_t{64} << 20;

// Those of a table of relationships in this state; of another state they are forgotten.
std::shared_ptr<KnownEdges> known_edges(Oid edge_table, const QuietState& state);
// Called by PostgreSQL's invalidation: InvalidOid means all tables.
void forget_edge_lists(Oid table) noexcept;

}  // namespace rv::pg
