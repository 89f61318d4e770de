#include "pg/am/heap_rows.h"

extern "C" {
#include "catalog/index.h"
}

namespace rv::pg {

HeapRows::HeapRows(IndexScanDesc scan, MemoryContext context) : scan_(scan), context_(context) {}

void HeapRows::open() {
  call([this] {
    MemoryContext old = MemoryContextSwitchTo(context_);
    if (slot_ == nullptr) {
      slot_ = table_slot_create(scan_->heapRelation, nullptr);
      attribute_ = scan_->indexRelation->rd_index->indkey.values[0];
      if (attribute_ == 0) {
        info_ = BuildIndexInfo(scan_->indexRelation);
        state_ = CreateExecutorState();
        GetPerTupleExprContext(state_)->ecxt_scantuple = slot_;
      }
    }
    fetch_ = table_index_fetch_begin(scan_->heapRelation);
    MemoryContextSwitchTo(old);
  });
}

bool HeapRows::fetch(ItemPointerData tid, Datum* value) {
  if (fetch_ == nullptr) open();
  return call([&] {
    bool again = false, dead = false;
    if (!table_index_fetch_tuple(fetch_, &tid, scan_->xs_snapshot, slot_, &again, &dead))
      return false;
    bool null;
    if (attribute_ != 0) {
      *value = slot_getattr(slot_, attribute_, &null);
      return !null;
    }
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    ResetPerTupleExprContext(state_);
    MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(state_));
    FormIndexDatum(info_, slot_, state_, values, nulls);
    MemoryContextSwitchTo(old);
    *value = values[0];
    return !nulls[0];
  });
}

void HeapRows::close() {
  call([this] {
    if (slot_ != nullptr) ExecClearTuple(slot_);
    if (fetch_ != nullptr) table_index_fetch_end(fetch_);
    fetch_ = nullptr;
    if (slot_ != nullptr) ExecDropSingleTupleTableSlot(slot_);
    slot_ = nullptr;
    if (state_ != nullptr) FreeExecutorState(state_);
    state_ = nullptr;
  });
}

}  // namespace rv::pg
