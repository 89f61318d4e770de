// The inverted indexes as ruvector_index_check() and its kin see them.
#include "pg/am/inspect.h"

#include <algorithm>
#include <string>

#include "core/sparse/check.h"
#include "core/sparse/query.h"
#include "pg/sparse/callbacks.h"
#include "pg/storage/buffer_store.h"

namespace rv::pg {
namespace {

void check(Relation index, const std::function<void(const IndexProblem&)>& report) {
  BufferStore store(index, BufferStore::Mode::logged);
  for (const sparse::Finding& f : sparse::check_index(store))
    report({f.error ? "error" : "info", f.block, f.error ? "page" : "space", f.message});
  store.unpin_all();
}

// Calls each(row) for every living row of the index.
template <class F>
void each_row(const sparse::IndexView& view, F each) {
  std::vector<sparse::Row> rows;
  for (const auto& segment : view.segments()) {
    segment->rows(0, segment->root().docs, rows);
    for (const sparse::Row& r : rows)
      if (r.kind != sparse::RowKind::dead) each(r);
  }
  view.each_pending([&each](const sparse::PendingDocument& d) {
    if (d.row.kind != sparse::RowKind::dead) each(d.row);
  });
}

void rows_of(Relation index, std::vector<ItemPointerData>& out) {
  BufferStore store(index, BufferStore::Mode::logged);
  const sparse::IndexView view(store);
  each_row(view, [&out](const sparse::Row& r) {
    ItemPointerData tid;
    ItemPointerSet(&tid, r.block, r.offset);
    out.push_back(tid);
  });
  store.unpin_all();
}

std::string stats(Relation index) {
  BufferStore store(index, BufferStore::Mode::logged);
  const sparse::IndexView view(store);
  const sparse::Meta& meta = view.meta();
  std::uint64_t living = 0, dead = 0, postings = 0, terms = 0, length = 0, scored = 0, pending = 0;
  each_row(view, [&living](const sparse::Row&) { ++living; });
  for (std::uint32_t i = 0; i < meta.segments; ++i) {
    dead += meta.segment[i].dead;
    length += meta.segment[i].length;
    scored += meta.segment[i].scored;
    postings += view.segments()[i]->root().postings;
    terms = std::max<std::uint64_t>(terms, view.segments()[i]->root().terms);
  }
  view.each_pending([&](const sparse::PendingDocument& d) {
    ++pending;
    if (d.row.kind == sparse::RowKind::dead || d.row.kind == sparse::RowKind::null) return;
    length += d.length;
    ++scored;
  });
  const char* scorings[] = {"inner product", "cosine", "bm25"};
  std::string json =
      std::string("{\"scoring\": \"") + scorings[static_cast<int>(meta.scoring)] +
      "\", \"rows\": " + std::to_string(living) + ", \"dead_rows\": " + std::to_string(dead) +
      ", \"segments\": " + std::to_string(meta.segments) +
      ", \"pending_rows\": " + std::to_string(pending) +
      ", \"pending_pages\": " + std::to_string(meta.pending_pages + meta.flushing_pages) +
      ", \"postings\": " + std::to_string(postings) +
      ", \"terms_of_largest_segment\": " + std::to_string(terms) +
      ", \"pruned\": " + (meta.pruned != 0 ? "true" : "false") +
      ", \"waiting_for_recycling\": " + std::to_string(meta.dead) +
      ", \"bytes\": " + std::to_string(std::uint64_t{BLCKSZ} * store.blocks());
  if (meta.scoring == sparse::Scoring::bm25)
    json += ", \"documents\": " + std::to_string(scored) + ", \"average_length\": " +
            std::to_string(scored > 0 ? static_cast<double>(length) / static_cast<double>(scored)
                                      : 0.0);
  store.unpin_all();
  return json + "}";
}

}  // namespace

void register_sparse_inspection() {
  register_inspector({"ruvector_sparse", check, rows_of, stats, nullptr});
  register_inspector({"ruvector_bm25", check, rows_of, stats, nullptr});
}

}  // namespace rv::pg
