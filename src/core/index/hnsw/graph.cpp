#include "core/index/hnsw/graph.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/error.h"
#include "core/index/stored_codec.h"

namespace rv::index::hnsw {

void Graph::create(PageStore& store, const Options& options, const quant::Codec& codec,
                   std::uint64_t trained_rows) {
  Geometry g{store.content_bytes(), options.m, codec.code_bytes()};
  if (g.node_bytes() + sizeof(SlottedPageHeader) > g.content)
    throw Error(ErrorCode::limit_exceeded,
                "an index entry of " + std::to_string(g.node_bytes()) +
                    " bytes does not fit on a page of " +
                    std::to_string(g.content - sizeof(SlottedPageHeader)) + " bytes",
                {}, "Use fewer bits a dimension or a smaller m.");
  Block meta_block = kNoBlock;
  {
    PageEdits edits(store);
    auto* meta = reinterpret_cast<Meta*>(edits.create(kMetaPage, &meta_block));
    meta->magic = kMagic;
    meta->version = kVersion;
    meta->dim = static_cast<std::uint32_t>(codec.dim());
    meta->m = static_cast<std::uint16_t>(options.m);
    meta->ef_construction = static_cast<std::uint16_t>(options.ef_construction);
    meta->code_bytes = static_cast<std::uint32_t>(g.code_bytes);
    meta->node_slots = static_cast<std::uint16_t>(g.node_slots());
    meta->aux_slots = static_cast<std::uint16_t>(g.aux_slots());
    meta->model_block = kNoBlock;
    meta->entry_node = kNoNode;
    meta->entry_record = kNoRecord;
    meta->node_page = meta->free_node_pages = meta->aux_page = meta->free_aux_pages = kNoBlock;
    meta->trained_rows = trained_rows;
    edits.commit();
  }
  if (meta_block != 0) throw Error(ErrorCode::internal, "the meta page is not the first page");

  // The chain is written from its end so that no page changes twice.
  const std::vector<std::byte> model = codec.save();
  const std::size_t room = store.content_bytes() - sizeof(ModelPageHeader);
  const std::size_t pages = (model.size() + room - 1) / room;
  Block next = kNoBlock;
  for (std::size_t i = pages; i-- > 0;) {
    PageEdits edits(store);
    Block block;
    std::byte* page = edits.create(kModelPage, &block);
    const std::size_t bytes = std::min(room, model.size() - i * room);
    const ModelPageHeader header{next, static_cast<std::uint32_t>(bytes)};
    std::memcpy(page, &header, sizeof header);
    std::memcpy(page + sizeof header, model.data() + i * room, bytes);
    edits.commit();
    next = block;
  }
  PageEdits edits(store);
  auto* meta = edits.edit_as<Meta>(0, kMetaPage);
  meta->model_block = next;
  meta->model_bytes = static_cast<std::uint32_t>(model.size());
  edits.commit();
}

Graph::Graph(PageStore& store, std::shared_ptr<const quant::Codec> codec)
    : store_(store), codec_(std::move(codec)) {
  store_.kinds_never_change();  // invariant (1)
  read_meta();
  if (codec_ == nullptr) read_model();
  if (codec_->code_bytes() != meta_.code_bytes ||
      static_cast<std::uint32_t>(codec_->dim()) != meta_.dim)
    store_.fail(0, "the codec does not fit the meta page");
}

void Graph::refresh() { read_meta(); }

void Graph::read_meta() {
  {
    const PageRead page(store_, 0, kMetaPage);
    meta_ = *page.at<Meta>();
  }
  if (meta_.magic != kMagic) store_.fail(0, "not an hnsw index of ruvector");
  if (meta_.version != kVersion)
    store_.fail(0, "index format " + std::to_string(meta_.version) + ", this version reads " +
                       std::to_string(kVersion));
  if (meta_.m < kMinM || meta_.m > kMaxM) store_.fail(0, "m is out of range");
  geometry_ = {store_.content_bytes(), meta_.m, meta_.code_bytes};
  if (meta_.code_bytes == 0 || meta_.code_bytes > geometry_.content ||
      geometry_.node_bytes() + sizeof(SlottedPageHeader) > geometry_.content)
    store_.fail(0, "codes do not fit on a page");
  if (meta_.node_slots != geometry_.node_slots() || meta_.aux_slots != geometry_.aux_slots())
    store_.fail(0, "slots per page do not fit the page size");
  if (meta_.top_level > kMaxLevel) store_.fail(0, "top level is out of range");
  node_slots_ = meta_.node_slots;
  aux_slots_ = meta_.aux_slots;
  node_bytes_ = geometry_.node_bytes();
  record_bytes_ = geometry_.record_bytes();
}

void Graph::read_model() {
  std::vector<std::byte> model;
  Block block = meta_.model_block;
  while (block != kNoBlock && model.size() < meta_.model_bytes) {
    const PageRead page(store_, block, kModelPage);
    const auto* header = page.at<ModelPageHeader>();
    if (header->bytes == 0 || header->bytes > geometry_.content - sizeof(ModelPageHeader))
      store_.fail(block, "model page of an impossible length");
    const std::byte* data = page.at<std::byte>(sizeof(ModelPageHeader));
    model.insert(model.end(), data, data + header->bytes);
    block = header->next;
  }
  if (model.size() != meta_.model_bytes) store_.fail(0, "the model is cut short");
  codec_ = load_codec(store_, meta_.model_block, model);
}

NodeView Graph::node(NodeId id) {
  const Block block = node_block(id);
  const std::byte* page = store_.pin(block, kNodePage);
  const auto* header = node_in(const_cast<std::byte*>(page), node_slot(id));
  const auto* code = reinterpret_cast<const std::byte*>(header + 1);
  return {header, code, reinterpret_cast<const NodeId*>(code + geometry_.code_bytes)};
}

const RecordHeader* Graph::record(RecordId id) {
  const std::byte* page = store_.pin(record_block(id), kAuxPage);
  return record_in(const_cast<std::byte*>(page), record_slot(id));
}

int Graph::upper_count(const RecordHeader* record) const noexcept {
  if (record->kind != kUpperLinks) return 0;
  return std::min<int>(record->count, geometry_.m);
}

int Graph::link_count(const NodeHeader* header) const noexcept {
  return std::min<int>(header->link_count, geometry_.max_links());
}

RecordId Graph::upper_record(NodeId id, int level) {
  RecordId at = node(id).header->aux;
  // A chain holds at most one record a level before its rows; more steps mean a loop.
  for (int steps = 0; at != kNoRecord && steps <= kMaxLevel; ++steps) {
    const RecordHeader* r = record(at);
    if (r->kind != kUpperLinks || r->node != id) return kNoRecord;
    if (r->level == level) return at;
    at = r->next;
  }
  return kNoRecord;
}

void Graph::heap_rows(NodeId id, std::vector<HeapTid>& out) {
  RecordId at;
  {
    const PageRead page(store_, node_block(id), kNodePage);
    const auto* header = node_in(const_cast<std::byte*>(page.bytes()), node_slot(id));
    if ((header->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) return;
    if (header->tid.offset != 0) {
      store_.check_row(node_block(id), table_block(header->tid));
      out.push_back(header->tid);
    }
    at = header->aux;
  }
  std::size_t steps = 0;
  const std::size_t most = static_cast<std::size_t>(store_.blocks()) * aux_slots_;
  while (at != kNoRecord) {
    if (++steps > most) store_.fail(record_block(at), "chain of records without end");
    const PageRead page(store_, record_block(at), kAuxPage);
    const auto* r = record_in(const_cast<std::byte*>(page.bytes()), record_slot(at));
    if (r->kind == kFreeRecord || r->node != id) return;  // freed meanwhile
    if (r->kind == kMoreRows) {
      const int count = std::min<int>(r->count, geometry_.rows_per_record());
      for (int i = 0; i < count; ++i) {
        if (rows(r)[i].offset == 0) continue;
        store_.check_row(record_block(at), table_block(rows(r)[i]));
        out.push_back(rows(r)[i]);
      }
    }
    at = r->next;
  }
}

}  // namespace rv::index::hnsw
