#include "pg/sparse/build_rows.h"

extern "C" {
#include "commands/progress.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
}

namespace rv::pg {

void BuildRows::row(Relation, ItemPointer tid, Datum* values, bool* nulls, bool, void* state) {
  boundary([&] {
    auto* self = static_cast<BuildRows*>(state);
    self->extractor_.fill(values[0], nulls[0], *tid, self->document_);
    self->builder_.add(self->document_);
    self->indexed_ += 1;
    const std::uint64_t done = pg_atomic_add_fetch_u64(self->counter_, 1);
    if (self->leader_)
      pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(done));
  });
}

double BuildRows::read(Relation heap, Relation index, IndexInfo* info, TableScanDesc scan) {
  return call(
      [&] { return table_index_build_scan(heap, index, info, true, leader_, row, this, scan); });
}

}  // namespace rv::pg
