// What ruvector_index_check() does for an inverted index.
#include "core/sparse/check.h"

#include "core/sparse/query.h"
#include "pg/am/index_check.h"
#include "pg/sparse/callbacks.h"
#include "pg/storage/buffer_store.h"

namespace rv::pg {

void sparse_check(Relation index, bool want_rows, IndexCheckResult& out) {
  BufferStore store(index, BufferStore::Mode::logged);
  for (const sparse::Finding& f : sparse::check_index(store))
    out.findings.push_back({f.error, f.block, "", f.message});
  store.unpin_all();
  if (!want_rows) return;
  const sparse::IndexView view(store);
  const auto add = [&out](const sparse::Row& r) {
    if (r.kind != sparse::RowKind::dead) out.rows.push_back(row_number(r.block, r.offset));
  };
  std::vector<sparse::Row> rows;
  for (const auto& segment : view.segments()) {
    segment->rows(0, segment->root().docs, rows);
    for (const sparse::Row& r : rows) add(r);
  }
  view.each_pending([&add](const sparse::PendingDocument& d) { add(d.row); });
  store.unpin_all();
}

}  // namespace rv::pg
