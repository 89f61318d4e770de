#include "pg/graph/edge_lists.h"

#include "pg/graph/by_table.h"

namespace rv::pg {
namespace {

auto& all_edges() { return ByTable<std::shared_ptr<KnownEdges>>::session(); }

}  // namespace

void KnownEdges::keep(EdgeLists& lists, graph::NodeId node, std::span<const Neighbour> all) {
  const auto n = static_cast<std::uint64_t>(node) / EdgeLists::kChunk;
  if (node < 0 || n >= kMostChunks) return;
  const std::size_t more = n >= lists.chunks_.size() ? n + 1 - lists.chunks_.size() : 0;
  const bool fresh = more > 0 || lists.chunks_[n] == nullptr;
  const std::size_t room =
      more * sizeof(void*) + (fresh ? sizeof(*lists.chunks_[0]) : 0) + all.size_bytes();
  if (all_edges().bytes() + room > kEdgeListBytes) return;
  if (more > 0) lists.chunks_.resize(n + 1);
  if (fresh) {
    lists.chunks_[n] = std::make_unique<std::array<EdgeLists::List, EdgeLists::kChunk>>();
    bytes_ += more * sizeof(void*) + sizeof(*lists.chunks_[0]);
  }
  (*lists.chunks_[n])[static_cast<std::uint64_t>(node) % EdgeLists::kChunk] = {
      entries_.copy(all).data(), static_cast<std::uint32_t>(all.size())};
}

std::shared_ptr<KnownEdges> known_edges(Oid edge_table, const QuietState& state) {
  auto& edges = all_edges()[edge_table];
  if (edges == nullptr || edges->state() != state) edges = std::make_shared<KnownEdges>(state);
  return edges;
}

void forget_edge_lists(Oid table) noexcept { all_edges().forget(table); }

}  // namespace rv::pg
