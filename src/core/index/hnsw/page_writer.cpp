#include "core/index/hnsw/page_writer.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"

namespace rv::index::hnsw {

Block write_nodes(PageStore& store, const Geometry& geometry, std::size_t count,
                  const FillNode& fill,
                  const std::function<void(std::size_t, std::size_t)>& progress) {
  const Block first = store.blocks();
  const std::uint32_t slots = geometry.node_slots();
  const std::size_t node_bytes = geometry.node_bytes();
  for (std::size_t start = 0; start < count; start += slots) {
    PageEdits edits(store);
    Block block;
    std::byte* page = edits.create(kNodePage, &block);
    const std::size_t here = std::min<std::size_t>(slots, count - start);
    const SlottedPageHeader header{kNoBlock, static_cast<std::uint16_t>(here), 0};
    std::memcpy(page, &header, sizeof header);
    for (std::size_t s = 0; s < here; ++s) fill(start + s, page + sizeof header + s * node_bytes);
    edits.commit();
    if (block != first + start / slots)
      throw Error(ErrorCode::internal, "pages of a new index are not consecutive");
    if ((start / slots) % 64 == 0) {
      store.check_interrupts();
      progress(start, count);
    }
  }
  return first;
}

void change_links(PageStore& store, const Geometry& geometry, NodeId id,
                  const std::function<std::size_t(NodeId* links, std::size_t count)>& change) {
  PageEdits edits(store);
  std::byte* slot = edits.edit(id / geometry.node_slots(), kNodePage) + slot_offset(geometry, id);
  NodeHeader header;
  std::memcpy(&header, slot, sizeof header);
  auto* links = reinterpret_cast<NodeId*>(slot + sizeof header + geometry.code_bytes);
  header.link_count = static_cast<std::uint8_t>(change(links, header.link_count));
  std::memcpy(slot, &header, sizeof header);
  edits.commit();
}

RecordId first_record(PageStore& store, const Geometry& geometry, NodeId id) {
  const std::byte* page = store.pin(id / geometry.node_slots(), kNodePage);
  RecordId record;
  std::memcpy(&record, page + slot_offset(geometry, id) + offsetof(NodeHeader, aux), sizeof record);
  return record;
}

void set_first_record(PageStore& store, const Geometry& geometry, NodeId id, RecordId record) {
  PageEdits edits(store);
  std::byte* page = edits.edit(id / geometry.node_slots(), kNodePage);
  std::memcpy(page + slot_offset(geometry, id) + offsetof(NodeHeader, aux), &record, sizeof record);
  edits.commit();
}

void RecordWriter::put(const RecordHeader& header, const void* entries, std::size_t bytes) {
  const std::size_t slot = written_ % geometry_.aux_slots();
  if (slot == 0) {
    finish();
    edits_ = std::make_unique<PageEdits>(store_);
    Block block;
    page_ = edits_->create(kAuxPage, &block);
    const SlottedPageHeader empty{kNoBlock, 0, 0};
    std::memcpy(page_, &empty, sizeof empty);
    if (block != first_ + written_ / geometry_.aux_slots())
      throw Error(ErrorCode::internal, "pages of a new index are not consecutive");
  }
  std::byte* to = page_ + sizeof(SlottedPageHeader) + slot * geometry_.record_bytes();
  std::memcpy(to, &header, sizeof header);
  if (bytes > 0) std::memcpy(to + sizeof header, entries, bytes);
  const auto used = static_cast<std::uint16_t>(slot + 1);
  std::memcpy(page_ + offsetof(SlottedPageHeader, used), &used, sizeof used);
  ++written_;
}

void RecordWriter::put_rows(NodeId node, const HeapTid* rows, std::size_t count) {
  const auto room = static_cast<std::size_t>(geometry_.rows_per_record());
  for (std::size_t at = 0; at < count; at += room) {
    const std::size_t here = std::min(room, count - at);
    const RecordHeader header{kMoreRows,
                              0,
                              static_cast<std::uint16_t>(here),
                              node,
                              at + here < count ? id(written_ + 1) : kNoRecord,
                              0};
    put(header, rows + at, here * sizeof(HeapTid));
  }
}

void RecordWriter::finish() {
  if (edits_ != nullptr) edits_->commit();
  edits_.reset();
}

Block RecordWriter::page_with_room() const noexcept {
  return written_ % geometry_.aux_slots() == 0
             ? kNoBlock
             : first_ + static_cast<Block>((written_ - 1) / geometry_.aux_slots());
}

}  // namespace rv::index::hnsw
