#include "pg/graph/scan.h"

extern "C" {
#include "access/genam.h"
#include "access/itup.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace rv::pg {

PooledScan* ScanPool::acquire(Snapshot snapshot) {
  if (PooledScan* s = free_; s != nullptr) {
    free_ = s->next_free;
    s->scan->xs_snapshot = snapshot;
    return s;
  }
  MemoryContext old = MemoryContextSwitchTo(context_);
  if (heap_ == nullptr) {
    heap_ = table_open(table_, NoLock);  // the store holds it
    index_rel_ = index_open(index_, AccessShareLock);
  }
  auto* s = static_cast<PooledScan*>(palloc0(sizeof(PooledScan)));
  s->scan = rv_index_beginscan(heap_, index_rel_, snapshot, keys_);
  s->scan->xs_want_itup = index_only_;
  s->context = context_;
  s->slot = table_slot_create(heap_, nullptr);
  s->visibility_map = InvalidBuffer;
  s->next = all_;
  all_ = s;
  MemoryContextSwitchTo(old);
  return s;
}

void ScanPool::close() {
  for (PooledScan* s = all_; s != nullptr; s = s->next) {
    if (BufferIsValid(s->visibility_map)) ReleaseBuffer(s->visibility_map);
    index_endscan(s->scan);
    ExecDropSingleTupleTableSlot(s->slot);
  }
  all_ = free_ = nullptr;
  if (heap_ != nullptr) {
    index_close(index_rel_, NoLock);
    table_close(heap_, NoLock);
    heap_ = index_rel_ = nullptr;
  }
}

void rescan(PooledScan* s, ScanKeyData* keys, int count) {
  MemoryContext old = MemoryContextSwitchTo(s->context);
  index_rescan(s->scan, keys, count, nullptr, 0);
  MemoryContextSwitchTo(old);
}

bool next_row(PooledScan* s) {
  MemoryContext old = MemoryContextSwitchTo(s->context);
  const bool found = index_getnext_slot(s->scan, ForwardScanDirection, s->slot);
  MemoryContextSwitchTo(old);
  return found;
}

const char* next_index_entry(PooledScan* s) {
  const char* data = nullptr;
  MemoryContext old = MemoryContextSwitchTo(s->context);
  while (ItemPointer tid = index_getnext_tid(s->scan, ForwardScanDirection)) {
    const BlockNumber block = ItemPointerGetBlockNumber(tid);
    if (VM_ALL_VISIBLE(s->scan->heapRelation, block, &s->visibility_map)) {
      PredicateLockPage(s->scan->heapRelation, block, s->scan->xs_snapshot);
    } else if (!index_fetch_heap(s->scan, s->slot)) {
      continue;
    }
    IndexTuple entry = s->scan->xs_itup;
    data = reinterpret_cast<const char*>(entry) + IndexInfoFindDataOffset(entry->t_info);
    break;
  }
  MemoryContextSwitchTo(old);
  return data;
}

void int8_key(ScanKeyData* key, AttrNumber column, int64 value) {
  ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void int4_key(ScanKeyData* key, AttrNumber column, int32 value) {
  ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

}  // namespace rv::pg
