// Heap rows by their place, as a scan's snapshot sees them: what re-ranking reads. The table and
// its TOAST table stay open for the life of the scan.
#pragma once

#include <functional>

#include "pg/base/guard.h"

extern "C" {
#include "access/relscan.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
}

namespace rv::pg {

class HeapRows {
 public:
  // `context` must live as long as the scan. The heap relation is opened here when the scan has
  // none (it never has in a bitmap scan).
  HeapRows(IndexScanDesc scan, MemoryContext context);

  // The indexed value of the row at `tid`; false when the snapshot does not see it, or when it is
  // NULL by now. The Datum is valid until the next call.
  bool fetch(ItemPointerData tid, Datum* value);

  // Ends the table access; called from amendscan and amrescan, not on error.
  void close();

 private:
  void open();

  IndexScanDesc scan_;
  MemoryContext context_;
  IndexFetchTableData* fetch_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  IndexInfo* info_ = nullptr;
  EState* state_ = nullptr;
  AttrNumber attribute_ = 0;
};

}  // namespace rv::pg
