// Meta page and insertion into the pending list.
#include <algorithm>

#include "core/base/error.h"
#include "core/sparse/index.h"
#include "core/sparse/pages.h"
#include "core/sparse/pending.h"
#include "core/sparse/segment_writer.h"
#include "core/sparse/structure_lock.h"

namespace rv::sparse {
namespace {

// Appends a record to a page that has room for it.
void append(index::PageEdits& edits, std::byte* page, const std::vector<std::byte>& bytes) {
  auto head = load_at<PendingPage>(page);
  std::memcpy(page + sizeof head + head.used, bytes.data(), bytes.size());
  head.used += static_cast<std::uint32_t>(bytes.size());
  ++head.docs;
  store_at(page, head);
  edits.set_used(page, sizeof head + head.used);
}

bool fits(const index::PageStore& store, const PendingPage& head, std::size_t bytes) noexcept {
  return head.full == 0 && head.used + bytes <= pending_room(store);
}

// Makes the pages first .. last, `pages` of them, the end of the pending list.
void extend_pending(index::PageEdits& edits, std::byte* meta_page, Meta& meta, std::byte* tail_page,
                    Block first, Block last, std::uint32_t pages) {
  if (tail_page != nullptr) {
    auto head = load_at<PendingPage>(tail_page);
    head.next = first;
    head.full = 1;
    store_at(tail_page, head);
    edits.set_used(tail_page, sizeof head + head.used);
  } else {
    meta.pending_head = first;
  }
  meta.pending_tail = last;
  meta.pending_pages += pages;
  store_at(meta_page, meta);
  edits.set_used(meta_page, sizeof meta);
}

}  // namespace

Meta read_meta(index::PageStore& store) {
  const index::PageRead page(store, 0, kMetaPage);
  const auto meta = load_at<Meta>(page.bytes());
  if (meta.magic != kMagic || meta.segments > kMaxSegments || meta.dead > kMaxDead ||
      static_cast<std::uint32_t>(meta.scoring) > static_cast<std::uint32_t>(Scoring::bm25))
    store.fail(0, "damaged meta page");
  if (meta.version != kVersion)
    store.fail(0, "index format " + std::to_string(meta.version) + ", this version reads " +
                      std::to_string(kVersion));
  return meta;
}

void create_index(index::PageStore& store, Scoring scoring) {
  Meta meta{};
  meta.magic = kMagic;
  meta.version = kVersion;
  meta.scoring = scoring;
  meta.next_segment = 1;
  meta.pending_head = meta.pending_tail = meta.flushing_head = kNoBlock;
  index::PageEdits edits(store);
  Block block;
  std::byte* page = edits.create(kMetaPage, &block);
  if (block != 0) throw Error(ErrorCode::internal, "the meta page is not the first page");
  store_at(page, meta);
  edits.set_used(page, sizeof meta);
  edits.commit();
}

void install_first_segment(index::PageStore& store, const DocumentMap& map, TermSource& terms,
                           const Options& options) {
  const Meta meta = read_meta(store);
  if (map.rows.empty()) return;
  const Block root =
      write_segment(store, meta.scoring, meta.next_segment, map, terms, options.quantization);
  index::PageEdits edits(store);
  std::byte* page = edits.edit(0, kMetaPage);
  auto m = load_at<Meta>(page);
  std::uint64_t nulls = 0;
  for (const Row& r : map.rows) nulls += r.kind == RowKind::null;
  m.segment[0] = {
      m.next_segment++,       root, static_cast<std::uint32_t>(map.rows.size()), 0, map.length,
      map.rows.size() - nulls};
  m.segments = 1;
  m.pruned = options.pruned ? 1 : 0;
  store_at(page, m);
  edits.set_used(page, sizeof m);
  edits.commit();
}

// False when the page takes nothing more or has no room.
bool Index::place_on_tail(Block tail, const std::vector<std::byte>& bytes) {
  {
    const index::PageRead page(store_, tail, index::kFreePage);
    if (page.kind() == kContinuationPage) return false;  // the end of a large document
    if (page.kind() != kPendingPage) store_.fail(tail, "not a page of the pending list");
    if (!fits(store_, load_at<PendingPage>(page.bytes()), bytes.size())) return false;
  }
  index::PageEdits edits(store_);
  std::byte* page = edits.edit(tail, kPendingPage);
  if (!fits(store_, load_at<PendingPage>(page), bytes.size())) return false;
  append(edits, page, bytes);
  edits.commit();
  return true;
}

// A new page behind `tail`, which was the last one; false when it is not any more.
bool Index::place_on_new_page(Block tail, const std::vector<std::byte>& bytes) {
  index::PageEdits edits(store_);
  std::byte* meta_page = edits.edit(0, kMetaPage);
  auto meta = load_at<Meta>(meta_page);
  if (meta.pending_tail != tail) return false;
  std::byte* tail_page = nullptr;
  if (tail != kNoBlock) {
    tail_page = edits.edit(tail, index::kFreePage);
    auto head = load_at<PendingPage>(tail_page);
    // Somebody may have made room: the chain was closed and begun anew on the same block.
    if (fits(store_, head, bytes.size())) {
      append(edits, tail_page, bytes);
      edits.commit();
      return true;
    }
  }
  Block block;
  std::byte* page = edits.create(kPendingPage, &block);
  store_at(page, PendingPage{kNoBlock, meta.generation, 0, 0, 0, block, 0});
  append(edits, page, bytes);
  extend_pending(edits, meta_page, meta, tail_page, block, block, 1);
  edits.commit();
  return true;
}

// A document that no page holds: its continuation is written first, from the end, and becomes part
// of the list together with its first page. The structure lock tells the sweep of clean_up() that
// the loose pages are no leftovers.
void Index::insert_large(const std::vector<std::byte>& bytes) {
  const StructureLock lock(around_, true);
  const std::size_t room = pending_room(store_);
  Block next = kNoBlock, last = kNoBlock;
  std::uint32_t pages = 0;
  for (std::size_t at = (bytes.size() - 1) / room * room; at > 0; at -= room) {
    const std::size_t part = std::min(room, bytes.size() - at);
    index::PageEdits edits(store_);
    Block block;
    std::byte* page = edits.create(kContinuationPage, &block);
    store_at(page, PendingPage{next, 0, static_cast<std::uint32_t>(part), 0, 1, block, 0});
    std::memcpy(page + sizeof(PendingPage), bytes.data() + at, part);
    edits.commit();
    next = block;
    if (last == kNoBlock) last = block;
    ++pages;
    store_.check_interrupts();
  }
  for (;;) {
    const Block tail = read_meta(store_).pending_tail;
    index::PageEdits edits(store_);
    std::byte* meta_page = edits.edit(0, kMetaPage);
    auto meta = load_at<Meta>(meta_page);
    if (meta.pending_tail != tail) continue;
    std::byte* tail_page = tail == kNoBlock ? nullptr : edits.edit(tail, index::kFreePage);
    Block block;
    std::byte* page = edits.create(kPendingPage, &block);
    store_at(page,
             PendingPage{next, meta.generation, static_cast<std::uint32_t>(room), 1, 1, block, 0});
    std::memcpy(page + sizeof(PendingPage), bytes.data(), room);
    // The document's own last page ends the list now.
    extend_pending(edits, meta_page, meta, tail_page, block, last, pages + 1);
    edits.commit();
    return;
  }
}

// Before the first pruned document is there: scans must not trust its bounds.
void Index::note_pruning() {
  index::PageEdits edits(store_);
  std::byte* page = edits.edit(0, kMetaPage);
  auto meta = load_at<Meta>(page);
  meta.pruned = 1;
  store_at(page, meta);
  edits.set_used(page, sizeof meta);
  edits.commit();
}

void Index::insert(const Document& d) {
  const std::vector<std::byte> bytes = encode_pending(d);
  for (;;) {
    const Meta meta = read_meta(store_);
    if (options_.pruned && meta.pruned == 0) note_pruning();
    if (bytes.size() > pending_room(store_)) {
      insert_large(bytes);
      break;
    }
    const Block tail = meta.pending_tail;
    if (tail != kNoBlock && place_on_tail(tail, bytes)) return;
    if (place_on_new_page(tail, bytes)) break;
    store_.check_interrupts();
  }
  if (read_meta(store_).pending_pages > options_.pending_pages) flush(false);
}

}  // namespace rv::sparse
