// Free slots of node and auxiliary pages: the page that is being filled, then pages with freed
// slots, then a new page. The meta page holds the heads.
#pragma once

#include "core/index/hnsw/graph.h"

namespace rv::index::hnsw {

// Runs write(edits, page content, slot) on a page with a free slot, which is counted as used, and
// commits. Returns the block and the slot.
struct SlotRef {
  Block block;
  std::uint32_t slot;
};

enum class SlotKind { node, record };

// Finds a page that had a free slot a moment ago; creates one if there is none.
Block page_with_free_slot(Graph& graph, SlotKind kind);
// Moves on from a page that turned out to be full.
void page_is_full(Graph& graph, SlotKind kind, Block block);
// Takes a free slot of an opened page; false when it is full.
bool take_slot(Graph& graph, SlotKind kind, std::byte* page, std::uint32_t* slot);
// Puts pages with freed slots into the chain (vacuum).
void chain_free_page(Graph& graph, SlotKind kind, Block block);

}  // namespace rv::index::hnsw
