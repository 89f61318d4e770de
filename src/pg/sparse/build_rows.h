// Rows of a table on their way into a builder, and what a parallel build shares between processes.
#pragma once

#include "core/sparse/builder.h"
#include "pg/sparse/extract.h"

extern "C" {
#include "access/tableam.h"
#include "nodes/execnodes.h"
#include "port/atomics.h"
}

namespace rv::pg {

class BuildRows {
 public:
  // `counter`: rows of all processes of the build. Only the leader reports progress.
  BuildRows(Relation index, sparse::Builder& builder, pg_atomic_uint64* counter, bool leader)
      : extractor_(index), builder_(builder), counter_(counter), leader_(leader) {}

  // Reads the table, or this process's share of a parallel scan. Returns the rows of the table that
  // it met, indexed or not.
  double read(Relation heap, Relation index, IndexInfo* info, TableScanDesc scan);
  double indexed() const noexcept { return indexed_; }

 private:
  static void row(Relation index, ItemPointer tid, Datum* values, bool* nulls, bool alive,
                  void* state);

  Extractor extractor_;
  sparse::Builder& builder_;
  pg_atomic_uint64* counter_;
  bool leader_;
  sparse::Document document_;
  double indexed_ = 0;
};

}  // namespace rv::pg
