// The pages of an hnsw index as nodes, codes, links and records.
#pragma once

#include <memory>
#include <vector>

#include "core/index/hnsw/layout.h"
#include "core/quant/codec.h"

namespace rv::index::hnsw {

// What an index is made with; kept on the meta page.
struct Options {
  int m = 16;
  int ef_construction = 64;
};

// A view of one node; pointers into a pinned page (page_store.h: no lock).
struct NodeView {
  const NodeHeader* header;
  const std::byte* code;
  const NodeId* links;
  bool used() const noexcept { return (header->flags & kNodeUsed) != 0; }
  bool alive() const noexcept { return (header->flags & (kNodeUsed | kNodeDeleted)) == kNodeUsed; }
};

class Graph {
 public:
  // Writes the meta page and the model of an empty index, into an empty store.
  static void create(PageStore& store, const Options& options, const quant::Codec& codec,
                     std::uint64_t trained_rows);

  // Opens an index: reads and checks the meta page; the model too unless the codec is known.
  explicit Graph(PageStore& store, std::shared_ptr<const quant::Codec> codec = nullptr);

  PageStore& store() const noexcept { return store_; }
  const Meta& meta() const noexcept { return meta_; }
  const Geometry& geometry() const noexcept { return geometry_; }
  const quant::Codec& codec() const noexcept { return *codec_; }
  std::shared_ptr<const quant::Codec> shared_codec() const noexcept { return codec_; }
  // Reads the meta page again: entry point and free space move.
  void refresh();

  Block node_block(NodeId id) const noexcept { return id / node_slots_; }
  std::uint32_t node_slot(NodeId id) const noexcept { return id % node_slots_; }
  NodeId node_id(Block block, std::uint32_t slot) const noexcept {
    return block * node_slots_ + slot;
  }
  // A link whose count was read before its words were written: invariant (7).
  bool unwritten(NodeId id) const noexcept { return id < node_slots_; }
  bool unwritten(const UpperLink& l) const noexcept {
    return l.node < node_slots_ || l.record < aux_slots_;
  }

  Block record_block(RecordId id) const noexcept { return id / aux_slots_; }
  std::uint32_t record_slot(RecordId id) const noexcept { return id % aux_slots_; }
  RecordId record_id(Block block, std::uint32_t slot) const noexcept {
    return block * aux_slots_ + slot;
  }

  // A node by id, pinned. Any id may be passed: one that cannot be gives Error(corrupted_index).
  NodeView node(NodeId id);
  // A hint that node() will be called.
  void touch(NodeId id) {
    store_.touch(node_block(id), sizeof(SlottedPageHeader) + node_slot(id) * node_bytes_,
                 sizeof(NodeHeader) + geometry_.code_bytes);
  }
  const RecordHeader* record(RecordId id);
  // The links of an upper record that can be followed; at most m.
  static const UpperLink* upper_links(const RecordHeader* record) noexcept {
    return reinterpret_cast<const UpperLink*>(record + 1);
  }
  static const HeapTid* rows(const RecordHeader* record) noexcept {
    return reinterpret_cast<const HeapTid*>(record + 1);
  }
  int upper_count(const RecordHeader* record) const noexcept;
  int link_count(const NodeHeader* header) const noexcept;

  // The record of a node at a level >= 1, or kNoRecord.
  RecordId upper_record(NodeId id, int level);

  // Heap rows of a node, read under its page's lock; nothing for a deleted node.
  void heap_rows(NodeId id, std::vector<HeapTid>& out);

  // Slots within a page's content.
  NodeHeader* node_in(std::byte* page, std::uint32_t slot) const noexcept {
    return reinterpret_cast<NodeHeader*>(page + sizeof(SlottedPageHeader) + slot * node_bytes_);
  }
  std::byte* code_of(NodeHeader* header) const noexcept {
    return reinterpret_cast<std::byte*>(header + 1);
  }
  NodeId* links_of(NodeHeader* header) const noexcept {
    return reinterpret_cast<NodeId*>(code_of(header) + geometry_.code_bytes);
  }
  RecordHeader* record_in(std::byte* page, std::uint32_t slot) const noexcept {
    return reinterpret_cast<RecordHeader*>(page + sizeof(SlottedPageHeader) + slot * record_bytes_);
  }

 private:
  void read_meta();
  void read_model();

  PageStore& store_;
  Meta meta_{};
  Geometry geometry_;
  std::uint32_t node_slots_ = 1;
  std::uint32_t aux_slots_ = 1;
  std::size_t node_bytes_ = 0;
  std::size_t record_bytes_ = 0;
  std::shared_ptr<const quant::Codec> codec_;
};

}  // namespace rv::index::hnsw
