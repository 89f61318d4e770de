#include "core/index/hnsw/slots.h"

#include "core/base/error.h"

namespace rv::index::hnsw {
namespace {

PageKind page_kind(SlotKind kind) noexcept { return kind == SlotKind::node ? kNodePage : kAuxPage; }
Block& current_page(Meta& meta, SlotKind kind) noexcept {
  return kind == SlotKind::node ? meta.node_page : meta.aux_page;
}
Block& free_chain(Meta& meta, SlotKind kind) noexcept {
  return kind == SlotKind::node ? meta.free_node_pages : meta.free_aux_pages;
}
std::uint32_t slots_of(const Graph& graph, SlotKind kind) noexcept {
  return kind == SlotKind::node ? graph.meta().node_slots : graph.meta().aux_slots;
}

}  // namespace

Block page_with_free_slot(Graph& graph, SlotKind kind) {
  graph.refresh();
  Meta meta = graph.meta();
  if (const Block block = current_page(meta, kind); block != kNoBlock) return block;
  page_is_full(graph, kind, kNoBlock);
  graph.refresh();
  meta = graph.meta();
  return current_page(meta, kind);
}

void page_is_full(Graph& graph, SlotKind kind, Block block) {
  PageStore& store = graph.store();
  PageEdits edits(store);
  auto* meta = edits.edit_as<Meta>(0, kMetaPage);
  Block& current = current_page(*meta, kind);
  if (current != block) return;  // somebody else moved on
  Block& chain = free_chain(*meta, kind);
  if (chain != kNoBlock) {
    // The chained page leaves the chain and becomes the one to fill.
    auto* header = edits.edit_as<SlottedPageHeader>(chain, page_kind(kind));
    current = chain;
    chain = header->next_free == kChainEnd ? kNoBlock : header->next_free;
    header->next_free = kNoBlock;
  } else {
    Block fresh;
    auto* header = reinterpret_cast<SlottedPageHeader*>(edits.create(page_kind(kind), &fresh));
    header->next_free = kNoBlock;
    current = fresh;
  }
  edits.commit();
}

bool take_slot(Graph& graph, SlotKind kind, std::byte* page, std::uint32_t* slot) {
  auto* header = reinterpret_cast<SlottedPageHeader*>(page);
  const std::uint32_t slots = slots_of(graph, kind);
  if (header->used < slots) {
    *slot = header->used++;
    return true;
  }
  if (header->free == 0) return false;
  for (std::uint32_t s = 0; s < slots; ++s) {
    const bool taken = kind == SlotKind::node ? (graph.node_in(page, s)->flags & kNodeUsed) != 0
                                              : graph.record_in(page, s)->kind != kFreeRecord;
    if (taken) continue;
    --header->free;
    *slot = s;
    return true;
  }
  header->free = 0;  // the count was wrong; it is only a hint
  return false;
}

void chain_free_page(Graph& graph, SlotKind kind, Block block) {
  PageEdits edits(graph.store());
  auto* meta = edits.edit_as<Meta>(0, kMetaPage);
  Block& chain = free_chain(*meta, kind);
  if (current_page(*meta, kind) == block) return;
  auto* header = edits.edit_as<SlottedPageHeader>(block, page_kind(kind));
  if (header->next_free != kNoBlock) return;
  header->next_free = chain == kNoBlock ? kChainEnd : chain;
  chain = block;
  edits.commit();
}

}  // namespace rv::index::hnsw
