// Flushing, merging, deletion, recycling.
#include <algorithm>

#include "core/base/error.h"
#include "core/sparse/index.h"
#include "core/sparse/pages.h"
#include "core/sparse/pending.h"
#include "core/sparse/segment_reader.h"
#include "core/sparse/segment_writer.h"
#include "core/sparse/structure_lock.h"

namespace rv::sparse {
namespace {

// Segments of like size are merged when there are this many: each document is rewritten about once
// for every power of it in the size of the index.
constexpr std::uint32_t kFanout = 8;
constexpr std::uint32_t kSmallest = 4096;  // documents; everything below is one tier
// An insertion does not wait for merges that read more than this; VACUUM does them.
constexpr std::uint64_t kMaxInsertMerge = 64 * 1024;
// Unless segments are about to run out.
constexpr std::uint32_t kManySegments = kMaxSegments - 16;

// VACUUM rewrites a segment of which this share is dead.
constexpr double kMostDead = 0.2;
// VACUUM makes a file smaller that has more pages than these beyond the used ones: a share of them,
// and some for what comes.
constexpr std::size_t kMostFreeShare = 8, kMostFreePages = 32;

int tier_of(std::uint32_t docs) noexcept {
  int tier = 0;
  for (std::uint64_t limit = kSmallest; docs > limit; limit *= kFanout) ++tier;
  return tier;
}

// Changes the meta page in one edit.
template <class F>
void edit_meta(index::PageStore& store, F change) {
  index::PageEdits edits(store);
  std::byte* page = edits.edit(0, kMetaPage);
  auto meta = load_at<Meta>(page);
  change(meta);
  store_at(page, meta);
  edits.set_used(page, sizeof meta);
  edits.commit();
}

void bury(Meta& meta, Block root, bool pending, std::uint64_t stamp) {
  if (meta.dead == kMaxDead) throw Error(ErrorCode::internal, "too many pages wait to be recycled");
  meta.dead_entry[meta.dead++] = {root, pending ? 1u : 0u, stamp};
}

std::vector<Block> blocks_of_segment(index::PageStore& store, Scoring scoring, std::uint32_t id,
                                     Block root) {
  std::vector<Block> blocks{root};
  const SegmentReader segment(store, scoring, id, root);
  for (const Extent& e : segment.extents())
    for (std::uint32_t i = 0; i < e.count; ++i) blocks.push_back(e.start + i);
  for (Block next = segment.root().next; next != kNoBlock;
       next = load_at<ExtentPage>(store.pin(next, kExtentPage)).next)
    blocks.push_back(next);
  return blocks;
}

std::vector<Block> blocks_of_dead(index::PageStore& store, Scoring scoring, const DeadEntry& dead) {
  std::vector<Block> blocks;
  if (dead.pending != 0) {
    read_pending(
        store, dead.root, [](const PendingDocument&) {}, &blocks);
  } else {
    const auto id = load_at<SegmentRoot>(store.pin(dead.root, kRootPage)).id;
    blocks = blocks_of_segment(store, scoring, id, dead.root);
  }
  return blocks;
}

}  // namespace

std::vector<Block> blocks_in_use(index::PageStore& store, const Meta& meta) {
  std::vector<Block> all{0};
  const auto add = [&all](const std::vector<Block>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (std::uint32_t i = 0; i < meta.segments; ++i)
    add(blocks_of_segment(store, meta.scoring, meta.segment[i].id, meta.segment[i].root));
  for (std::uint32_t i = 0; i < meta.dead; ++i)
    add(blocks_of_dead(store, meta.scoring, meta.dead_entry[i]));
  for (const Block head : {meta.pending_head, meta.flushing_head}) {
    std::vector<Block> pages;
    read_pending(
        store, head, [](const PendingDocument&) {}, &pages);
    add(pages);
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Makes the pending list the chain to be flushed. False when there is nothing to flush.
bool Index::close_pending() {
  for (;;) {
    const Meta before = read_meta(store_);
    if (before.flushing_head != kNoBlock) return true;  // left by a crash or a cancel
    if (before.pending_head == kNoBlock) return false;
    index::PageEdits edits(store_);
    std::byte* meta_page = edits.edit(0, kMetaPage);
    auto meta = load_at<Meta>(meta_page);
    if (meta.pending_tail != before.pending_tail) continue;
    std::byte* tail = edits.edit(meta.pending_tail, index::kFreePage);
    auto head = load_at<PendingPage>(tail);
    head.full = 1;  // who still knows this tail appends nothing any more
    store_at(tail, head);
    edits.set_used(tail, sizeof head + head.used);
    meta.flushing_head = meta.pending_head;
    meta.flushing_pages = meta.pending_pages;
    meta.pending_head = meta.pending_tail = kNoBlock;
    meta.pending_pages = 0;
    ++meta.generation;
    store_at(meta_page, meta);
    edits.set_used(meta_page, sizeof meta);
    edits.commit();
    return true;
  }
}

void Index::flush_locked() {
  recycle_locked(false);
  if (!close_pending()) return;
  const Meta meta = read_meta(store_);
  if (meta.dead == kMaxDead || meta.segments == kMaxSegments) return;  // old readers hold us up
  Inverter lists;
  DocumentMap map;
  Document d;
  std::uint64_t nulls = 0;
  read_pending(store_, meta.flushing_head, [&](const PendingDocument& p) {
    if (p.row.kind == RowKind::dead) return;
    d.row = p.row;
    d.length = p.length;
    d.terms.clear();
    PendingEntries entries(p);
    for (Term t; entries.next(t);) d.terms.push_back(t);
    lists.add(d);
    map.rows.push_back(d.row);
    if (meta.scoring == Scoring::bm25) map.lengths.push_back(d.length);
    map.length += d.length;
    nulls += d.row.kind == RowKind::null;
  });
  Block root = kNoBlock;
  if (!map.rows.empty())
    root =
        write_segment(store_, meta.scoring, meta.next_segment, map, lists, options_.quantization);
  edit_meta(store_, [&](Meta& m) {
    if (root != kNoBlock)
      m.segment[m.segments++] = {
          m.next_segment++,       root, static_cast<std::uint32_t>(map.rows.size()), 0, map.length,
          map.rows.size() - nulls};
    bury(m, m.flushing_head, true, around_.stamp());
    m.flushing_head = kNoBlock;
    m.flushing_pages = 0;
  });
}

bool Index::flush(bool wait) {
  const StructureLock lock(around_, wait);
  if (!lock.held()) return false;
  flush_locked();
  merge_locked(false);
  return true;
}

// Positions in the meta page of segments that should become one; empty when all is well.
std::vector<std::uint32_t> Index::choose_merge(const Meta& meta, bool everything) const {
  std::vector<std::vector<std::uint32_t>> tiers(16);
  for (std::uint32_t i = 0; i < meta.segments; ++i) {
    const SegmentEntry& s = meta.segment[i];
    // Rewriting it gives space back.
    if (everything && s.dead > kMostDead * s.docs) return {i};
    tiers[static_cast<std::size_t>(std::min(tier_of(s.docs - s.dead), 15))].push_back(i);
  }
  for (const auto& tier : tiers) {
    std::uint64_t docs = 0;
    for (const std::uint32_t i : tier) docs += meta.segment[i].docs;
    // VACUUM need not wait for a full tier where merging is cheap: fewer segments are smaller and
    // faster to search.
    if (tier.size() < (everything && docs <= kMaxInsertMerge ? 2 : kFanout)) continue;
    if (everything || docs <= kMaxInsertMerge || meta.segments >= kManySegments) return tier;
  }
  return {};
}

void Index::merge_locked(bool everything) {
  for (;;) {
    const Meta meta = read_meta(store_);
    const auto chosen = choose_merge(meta, everything);
    if (chosen.empty() || meta.dead + chosen.size() > kMaxDead) return;
    replace_segments(chosen);
  }
}

void Index::replace_segments(const std::vector<std::uint32_t>& positions) {
  const Meta meta = read_meta(store_);
  std::vector<std::unique_ptr<SegmentReader>> readers;
  std::vector<std::unique_ptr<SegmentTerms>> terms;
  std::vector<TermSource*> sources;
  DocumentMap map;
  std::uint64_t nulls = 0;
  for (const std::uint32_t at : positions) {
    const SegmentEntry& s = meta.segment[at];
    readers.push_back(std::make_unique<SegmentReader>(store_, meta.scoring, s.id, s.root));
    const SegmentReader& segment = *readers.back();
    std::vector<Row> rows;
    segment.rows(0, s.docs, rows);
    std::vector<std::uint32_t> lengths(meta.scoring == Scoring::bm25 ? rows.size() : 0);
    if (!lengths.empty()) segment.lengths(0, s.docs, lengths.data());
    std::vector<std::uint32_t> numbers(rows.size(), SegmentTerms::kGone);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].kind == RowKind::dead) continue;
      numbers[i] = static_cast<std::uint32_t>(map.rows.size());
      map.rows.push_back(rows[i]);
      nulls += rows[i].kind == RowKind::null;
      if (lengths.empty()) continue;
      map.lengths.push_back(lengths[i]);
      map.length += lengths[i];
    }
    terms.push_back(std::make_unique<SegmentTerms>(segment, std::move(numbers)));
    sources.push_back(terms.back().get());
  }
  MergedTerms merged(std::move(sources));
  Block root = kNoBlock;
  if (!map.rows.empty())
    root =
        write_segment(store_, meta.scoring, meta.next_segment, map, merged, options_.quantization);
  edit_meta(store_, [&](Meta& m) {
    const std::uint64_t stamp = around_.stamp();
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < m.segments; ++i) {
      if (std::find(positions.begin(), positions.end(), i) == positions.end())
        m.segment[kept++] = m.segment[i];
      else
        bury(m, m.segment[i].root, false, stamp);
    }
    m.segments = kept;
    if (root != kNoBlock)
      m.segment[m.segments++] = {
          m.next_segment++,       root, static_cast<std::uint32_t>(map.rows.size()), 0, map.length,
          map.rows.size() - nulls};
  });
}

Index::DeleteResult Index::remove(const std::function<bool(const Row&)>& is_dead) {
  const StructureLock lock(around_, true);
  const Meta meta = read_meta(store_);
  DeleteResult result;
  const std::uint32_t per_page = rows_per_page(store_);
  std::vector<Row> rows;
  std::vector<std::uint32_t> dead;
  for (std::uint32_t i = 0; i < meta.segments; ++i) {
    const SegmentReader segment(store_, meta.scoring, meta.segment[i].id, meta.segment[i].root);
    std::uint32_t found = 0;
    for (std::uint32_t first = 0; first < segment.root().docs; first += per_page) {
      store_.check_interrupts();
      segment.rows(first, per_page, rows);
      dead.clear();
      for (std::uint32_t at = 0; at < rows.size(); ++at) {
        if (rows[at].kind == RowKind::dead) continue;
        if (is_dead(rows[at]))
          dead.push_back(at);
        else
          ++result.live;
      }
      if (dead.empty()) continue;
      index::PageEdits edits(store_);
      std::byte* page = edits.edit(segment.block_of(first / per_page), kDataPage);
      for (const std::uint32_t at : dead) {
        Row row = rows[at];
        row.kind = RowKind::dead;
        store_row(page + sizeof(DataPage) + at * kRowBytes, row);
      }
      edits.commit();
      found += static_cast<std::uint32_t>(dead.size());
    }
    if (found > 0) {
      edit_meta(store_, [&](Meta& m) { m.segment[i].dead += found; });
      result.deleted += found;
    }
  }
  for (const Block head : {meta.flushing_head, read_meta(store_).pending_head})
    result.deleted += mark_pending(store_, head, is_dead, &result.live);
  return result;
}

// The entry goes first: a crash in between leaves unused pages, which the sweep finds, but never an
// entry whose pages somebody else has by now.
void Index::recycle_locked(bool nobody_reads) {
  bool any = false;
  for (;;) {
    const Meta meta = read_meta(store_);
    std::uint32_t at = 0;
    while (at < meta.dead && !nobody_reads && !around_.everybody_is_past(meta.dead_entry[at].stamp))
      ++at;
    if (at == meta.dead) break;
    const std::vector<Block> blocks = blocks_of_dead(store_, meta.scoring, meta.dead_entry[at]);
    edit_meta(store_, [&](Meta& m) { m.dead_entry[at] = m.dead_entry[--m.dead]; });
    store_.unpin_all();
    for (const Block b : blocks) {
      store_.check_interrupts();
      store_.release(b);
    }
    any = true;
  }
  if (any) around_.pages_released();
}

// Whether the file is larger than it should be once what waits to be recycled is.
bool Index::wasteful() const {
  Meta meta = read_meta(store_);
  meta.dead = 0;
  const std::size_t used = blocks_in_use(store_, meta).size();
  store_.unpin_all();
  return store_.blocks() > used + used / kMostFreeShare + kMostFreePages;
}

// Releases pages that a crash or a cancelled merge left without an owner. Only kinds that are
// written under the structure lock, which we hold, and pending pages of closed generations.
std::uint64_t Index::sweep_locked(bool shrink) {
  const Block end = store_.blocks();
  const Meta meta = read_meta(store_);
  const std::vector<Block> used = blocks_in_use(store_, meta);
  store_.unpin_all();
  // Some room for what comes.
  const auto limit = static_cast<Block>(
      shrink ? used.size() + used.size() / (2 * kMostFreeShare) + kMostFreePages / 2 : end);
  std::vector<Block> hidden;
  std::uint64_t free = 0;
  std::size_t at = 0;
  for (Block b = 1; b < end; ++b) {
    while (at < used.size() && used[at] < b) ++at;
    if (at < used.size() && used[at] == b) continue;
    store_.check_interrupts();
    const PageKind kind = store_.kind_of_block(b);
    std::uint32_t generation = 0;
    if (kind == kPendingPage)
      generation = load_at<PendingPage>(index::PageRead(store_, b, kind).bytes()).generation;
    const bool lost = kind == kRootPage || kind == kExtentPage || kind == kDataPage ||
                      kind == kContinuationPage ||
                      (kind == kPendingPage && generation < meta.generation);
    if (!lost && kind != index::kFreePage) continue;
    if (lost)
      store_.release(b);
    else if (b < limit)
      store_.note_free(b);
    if (b >= limit) {
      around_.hide_page(b);
      hidden.push_back(b);
    }
    ++free;
  }
  around_.pages_released();
  if (!shrink) return free;

  move_down_locked(limit);
  around_.alone([this] {
    recycle_locked(true);
    const Block last = blocks_in_use(store_, read_meta(store_)).back();
    store_.unpin_all();
    around_.truncate(last + 1);
  });
  // What is still there, because somebody came in between, is free like any other page.
  const Block left = store_.blocks();
  for (const Block b : hidden)
    if (b < left) store_.note_free(b);
  around_.pages_released();
  return free > end - left ? free - (end - left) : 0;
}

// Rewrites the segments that reach beyond `limit`, if there is room for them below it.
void Index::move_down_locked(Block limit) {
  const Meta meta = read_meta(store_);
  std::vector<std::uint32_t> high;
  std::size_t pages = 0;
  for (std::uint32_t i = 0; i < meta.segments; ++i) {
    const auto blocks =
        blocks_of_segment(store_, meta.scoring, meta.segment[i].id, meta.segment[i].root);
    if (*std::max_element(blocks.begin(), blocks.end()) < limit) continue;
    high.push_back(i);
    pages += blocks.size();
  }
  const std::vector<Block> used = blocks_in_use(store_, meta);
  store_.unpin_all();
  const auto below =
      static_cast<std::size_t>(std::lower_bound(used.begin(), used.end(), limit) - used.begin());
  if (high.empty() || below + pages > limit || meta.dead + high.size() > kMaxDead) return;
  replace_segments(high);
}

std::uint64_t Index::clean_up() {
  const StructureLock lock(around_, true);
  recycle_locked(false);
  flush_locked();
  merge_locked(true);
  recycle_locked(false);
  // What waits only for readers who do not exist need not wait for the next VACUUM.
  const bool shrink = wasteful() && around_.alone([this] { recycle_locked(true); });
  return sweep_locked(shrink);
}

}  // namespace rv::sparse
