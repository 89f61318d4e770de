// Writing the pages of a new index one after the other: nodes, and the records of those that have
// any.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/index/hnsw/layout.h"

namespace rv::index::hnsw {

// Fills one zeroed slot, the i-th of all: node header, code, links.
using FillNode = std::function<void(std::size_t i, std::byte* slot)>;
// Writes `count` nodes to new pages; returns the first block. The i-th node's id is node_at().
Block write_nodes(PageStore& store, const Geometry& geometry, std::size_t count,
                  const FillNode& fill,
                  const std::function<void(std::size_t, std::size_t)>& progress);

// The id of the i-th slot of consecutive pages with `slots` slots each.
inline std::uint32_t slot_id(Block first, std::size_t i, std::uint32_t slots) noexcept {
  return static_cast<std::uint32_t>((first + i / slots) * slots + i % slots);
}

// Where a node's slot begins in the content of its page.
inline std::size_t slot_offset(const Geometry& geometry, NodeId id) noexcept {
  return sizeof(SlottedPageHeader) + id % geometry.node_slots() * geometry.node_bytes();
}
// Changes the links of a node that nobody else sees: change(links, count) has room for all, and
// returns the new count.
void change_links(PageStore& store, const Geometry& geometry, NodeId id,
                  const std::function<std::size_t(NodeId* links, std::size_t count)>& change);
// The head of a node's chain of records.
RecordId first_record(PageStore& store, const Geometry& geometry, NodeId id);
void set_first_record(PageStore& store, const Geometry& geometry, NodeId id, RecordId record);

// Records on consecutive new pages, which nothing else may be written between.
class RecordWriter {
 public:
  RecordWriter(PageStore& store, const Geometry& geometry)
      : store_(store), geometry_(geometry), first_(store.blocks()) {}

  // The id that the i-th record gets.
  RecordId id(std::size_t i) const noexcept { return slot_id(first_, i, geometry_.aux_slots()); }
  RecordId next_id() const noexcept { return id(written_); }
  std::size_t written() const noexcept { return written_; }
  // Entries are links or rows, as header.kind says; header.count of them.
  void put(const RecordHeader& header, const void* entries, std::size_t bytes);
  // Heap rows of a node, in as many records as they take, chained.
  void put_rows(NodeId node, const HeapTid* rows, std::size_t count);
  void finish();
  // After finish(): the last page when it has room, else kNoBlock.
  Block page_with_room() const noexcept;

 private:
  PageStore& store_;
  Geometry geometry_;
  Block first_;
  std::size_t written_ = 0;
  std::byte* page_ = nullptr;
  std::unique_ptr<PageEdits> edits_;
};

}  // namespace rv::index::hnsw
