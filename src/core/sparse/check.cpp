#include "core/sparse/check.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/sparse/index.h"
#include "core/sparse/pages.h"
#include "core/sparse/pending.h"
#include "core/sparse/segment_reader.h"

namespace rv::sparse {
namespace {

class Checker {
 public:
  explicit Checker(index::PageStore& store) : store_(store) {}

  std::vector<Finding> run() {
    guarded(0, [this] {
      meta_ = read_meta(store_);
      check_meta();
      for (std::uint32_t i = 0; i < meta_.segments; ++i)
        guarded(meta_.segment[i].root, [this, i] { check_segment(meta_.segment[i]); });
      for (const Block head : {meta_.flushing_head, meta_.pending_head})
        guarded(head, [this, head] { check_pending(head); });
      check_ownership();
    });
    return std::move(findings_);
  }

 private:
  void report(Block block, const std::string& message) {
    findings_.push_back({true, block, message});
  }

  // Damage that makes going on impossible ends the part, not the check.
  template <class F>
  void guarded(Block block, F part) {
    try {
      part();
    } catch (const Error& e) {
      if (e.code() != ErrorCode::corrupted_index && e.code() != ErrorCode::wrong_state) throw;
      report(block, e.what());
    }
  }

  void check_meta() {
    for (std::uint32_t i = 0; i < meta_.segments; ++i) {
      const SegmentEntry& s = meta_.segment[i];
      if (s.id == 0 || s.id >= meta_.next_segment) report(0, "segment id out of range");
      if (s.dead > s.docs || s.scored > s.docs) report(0, "segment counts do not add up");
      for (std::uint32_t j = 0; j < i; ++j)
        if (meta_.segment[j].id == s.id) report(0, "segment id used twice");
    }
    if ((meta_.pending_head == kNoBlock) != (meta_.pending_tail == kNoBlock))
      report(0, "pending list with one end");
  }

  void check_segment(const SegmentEntry& entry) {
    const SegmentReader segment(store_, meta_.scoring, entry.id, entry.root);
    const SegmentRoot& root = segment.root();
    if (root.docs != entry.docs || root.length != entry.length)
      report(entry.root, "segment root and meta page disagree");
    check_documents(segment, entry);
    check_terms(segment);
  }

  void check_documents(const SegmentReader& segment, const SegmentEntry& entry) {
    std::vector<Row> rows;
    segment.rows(0, entry.docs, rows);
    std::uint32_t dead = 0;
    for (const Row& r : rows) {
      dead += r.kind == RowKind::dead;
      if (r.offset == 0 || (r.kind > RowKind::irregular && r.kind != RowKind::dead))
        report(entry.root, "document map with an impossible row");
    }
    if (dead != entry.dead) {
      // A crash between a page of the map and the meta page; counts only steer merging.
      findings_.push_back({false, entry.root,
                           "document map has " + std::to_string(dead) +
                               " dead rows, meta page says " + std::to_string(entry.dead)});
    }
    if (meta_.scoring != Scoring::bm25) return;
    lengths_.resize(entry.docs);
    segment.lengths(0, entry.docs, lengths_.data());
    std::uint64_t length = 0;
    for (const std::uint32_t l : lengths_) length += l;
    if (length != entry.length) report(entry.root, "document lengths do not add up");
  }

  void check_terms(const SegmentReader& segment) {
    std::vector<std::uint64_t> seen(meta_.scoring == Scoring::bm25 ? segment.root().docs : 0);
    std::string previous;
    std::uint64_t terms = 0, postings = 0;
    for (DictionaryCursor at(segment, {}); at.valid(); at.next()) {
      store_.check_interrupts();
      if (terms > 0 && at.key() <= previous)
        report(segment.root_block(), "dictionary is not in order");
      previous = at.key();
      ++terms;
      postings += at.term().df;
      if (const auto found = segment.find(at.key()); !found || found->page != at.term().page)
        report(segment.root_block(), "dictionary levels disagree");
      check_list(segment, at.term(), seen);
    }
    if (terms != segment.root().terms || postings != segment.root().postings)
      report(segment.root_block(), "terms or postings do not add up");
    for (std::size_t d = 0; d < seen.size(); ++d)
      if (seen[d] != lengths_[d]) {
        report(segment.root_block(), "term frequencies of a document do not add up to its length");
        break;
      }
  }

  void check_list(const SegmentReader& segment, const TermEntry& term,
                  std::vector<std::uint64_t>& seen) {
    const Block block_number = segment.block_of(term.page);
    if (term.df == 0) report(block_number, "empty list");
    if (!std::isfinite(term.low) || !(term.step >= 0) || !(term.error >= 0))
      report(block_number, "list with impossible bounds");
    ListCursor list(segment, term);
    BlockView block;
    std::uint64_t found = 0;
    std::int64_t last = -1;
    while (list.next(0xFFFFFFFFu, block)) {
      std::uint32_t escape = 0;
      for (std::uint32_t i = 0; i < block.count; ++i, ++found) {
        const std::uint32_t doc = block.doc(i);
        if (static_cast<std::int64_t>(doc) <= last || doc >= segment.root().docs) {
          report(block_number, "list is not in the order of the documents");
          return;
        }
        last = doc;
        if (block.values != nullptr) {
          float value;
          std::memcpy(&value, block.values + std::size_t{4} * i, sizeof value);
          if (!std::isfinite(value)) report(block_number, "posting with an impossible weight");
        }
        if (meta_.scoring != Scoring::bm25) continue;
        std::uint32_t tf = block.codes[i];
        if (tf == 255) std::memcpy(&tf, block.escapes + std::size_t{4} * escape++, 4);
        if (tf == 0) report(block_number, "posting without an occurrence");
        seen[doc] += tf;
      }
    }
    if (found != term.df) report(block_number, "list is not as long as the dictionary says");
  }

  void check_pending(Block head) {
    read_pending(store_, head, [this, head](const PendingDocument& d) {
      PendingEntries entries(d);
      std::string previous;
      std::uint32_t n = 0;
      std::uint64_t length = 0;
      for (Term t; entries.next(t); ++n) {
        if (n > 0 && t.key <= previous) report(head, "pending document with terms out of order");
        previous = t.key;
        length += t.value;
      }
      if (n != d.terms) report(head, "pending document is not as long as it says");
      if (meta_.scoring == Scoring::bm25 && length != d.length)
        report(head, "term frequencies of a pending document do not add up to its length");
    });
  }

  // Every page has one owner; pages without one are only wasted.
  void check_ownership() {
    const std::vector<Block> used = blocks_in_use(store_, meta_);
    store_.unpin_all();
    const Block end = store_.blocks();
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i] >= end) report(used[i], "reference to a block that does not exist");
      if (i > 0 && used[i] == used[i - 1]) report(used[i], "block belongs to two owners");
    }
    std::size_t at = 0;
    for (Block b = 0; b < end; ++b) {
      while (at < used.size() && used[at] < b) ++at;
      if (at < used.size() && used[at] == b) continue;
      store_.check_interrupts();
      if (store_.kind_of_block(b) != index::kFreePage)
        findings_.push_back({false, b, "page belongs to nobody; VACUUM will recycle it"});
    }
  }

  index::PageStore& store_;
  Meta meta_{};
  std::vector<Finding> findings_;
  std::vector<std::uint32_t> lengths_;
};

}  // namespace

std::vector<Finding> check_index(index::PageStore& store) { return Checker(store).run(); }

}  // namespace rv::sparse
