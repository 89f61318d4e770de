// Index and table scans that one graph query keeps open and uses again.
//
// A scan is taken from its pool, positioned with a key, read, and given back; it keeps its pins
// until it is used again or the pool is closed. Everything here may ereport: only inside call().
#pragma once

#include "pg/base/guard.h"

extern "C" {
#include "access/relscan.h"
#include "access/skey.h"
#include "executor/tuptable.h"
}

namespace rv::pg {

struct PooledScan {
  IndexScanDesc scan;
  MemoryContext context;  // what the access method allocates while it scans must live as long
  TupleTableSlot* slot;   // of the heap
  Buffer visibility_map;
  PooledScan* next_free;
  PooledScan* next;
};

// Scans of one index with one number of keys. Trivially destructible: close() releases, or the end
// of the transaction.
class ScanPool {
 public:
  // Opens table and index with AccessShareLock at the first acquire().
  void init(Oid table, Oid index, int keys, bool index_only, MemoryContext context) noexcept {
    table_ = table;
    index_ = index;
    keys_ = keys;
    index_only_ = index_only;
    context_ = context;
  }
  PooledScan* acquire(Snapshot snapshot);
  // Its snapshot may go.
  void release(PooledScan* s) noexcept {
    s->scan->xs_snapshot = nullptr;
    s->next_free = free_;
    free_ = s;
  }
  void close();
  Oid table() const noexcept { return table_; }

 private:
  Oid table_ = InvalidOid;
  Oid index_ = InvalidOid;
  int keys_ = 0;
  bool index_only_ = false;
  MemoryContext context_ = nullptr;
  Relation heap_ = nullptr;
  Relation index_rel_ = nullptr;
  PooledScan* free_ = nullptr;
  PooledScan* all_ = nullptr;
};

// Positions the scan on its keys.
void rescan(PooledScan* s, ScanKeyData* keys, int count);

// Puts the next row that the scan's snapshot sees into its slot; false at the end.
bool next_row(PooledScan* s);

// A table from its first to its last page; ended with the store, or when it reaches the end.
struct TableScan {
  Relation rel;
  TableScanDesc scan;
  TupleTableSlot* slot;
  bool open;
};

// The next index entry whose row the scan's snapshot sees; its data (the columns of an index of
// fixed-width columns, one after the other with their alignment), or nullptr at the end.
const char* next_index_entry(PooledScan* s);

void int8_key(ScanKeyData* key, AttrNumber column, int64 value);
void int4_key(ScanKeyData* key, AttrNumber column, int32 value);

}  // namespace rv::pg
