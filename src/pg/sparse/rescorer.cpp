#include "pg/sparse/rescorer.h"

#include <algorithm>

#include "pg/sparse/extract.h"

extern "C" {
#include "catalog/index.h"
}

namespace rv::pg {

Rescorer::Rescorer(IndexScanDesc scan, Datum query, std::size_t batch)
    : scan_(scan), query_(query), batch_(batch) {
  call([this] {
    info_ = BuildIndexInfo(scan_->indexRelation);
    state_ = CreateExecutorState();
    slot_ = table_slot_create(scan_->heapRelation, nullptr);
    GetPerTupleExprContext(state_)->ecxt_scantuple = slot_;
    fetch_ = table_index_fetch_begin(scan_->heapRelation);
  });
}

void Rescorer::close() {
  call([this] {
    table_index_fetch_end(fetch_);
    ExecDropSingleTupleTableSlot(slot_);
    FreeExecutorState(state_);
  });
}

bool Rescorer::score(const sparse::Row& row, bool cosine, double* value) {
  return call([&] {
    ItemPointerData tid;
    ItemPointerSet(&tid, row.block, row.offset);
    bool again = false, all_dead = false;
    if (!table_index_fetch_tuple(fetch_, &tid, scan_->xs_snapshot, slot_, &again, &all_dead))
      return false;
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(info_, slot_, state_, values, nulls);
    // The operator class's first support function is the distance.
    const double distance =
        nulls[0] ? 0
                 : DatumGetFloat8(FunctionCall2(index_getprocinfo(scan_->indexRelation, 1, 1),
                                                values[0], query_));
    *value = cosine ? 1 - distance : -distance;
    ResetPerTupleExprContext(state_);
    ExecClearTuple(slot_);
    return !nulls[0];
  });
}

void Rescorer::refill(sparse::Search& search) {
  const bool cosine = scoring_of(scan_->indexRelation) == sparse::Scoring::cosine;
  hits_.clear();
  at_ = 0;
  sparse::Hit hit;
  while (hits_.size() < batch_ && !ended_) {
    check_interrupts();
    if (!search.next(hit)) {
      ended_ = true;
    } else if (hit.kind == sparse::Hit::Value::exact || hit.kind == sparse::Hit::Value::bound) {
      // A row that the heavy terms do not touch may still be touched by the light ones.
      ++compared_;
      if (!score(hit.row, cosine, &hit.value)) continue;
      hit.kind = std::isnan(hit.value) ? sparse::Hit::Value::undefined : sparse::Hit::Value::exact;
      hits_.push_back(hit);
    } else {
      hits_.push_back(hit);
    }
  }
  const auto rank = [](const sparse::Hit& h) {
    return h.kind == sparse::Hit::Value::null ? 2 : h.kind == sparse::Hit::Value::undefined ? 1 : 0;
  };
  std::stable_sort(hits_.begin(), hits_.end(), [&rank](const sparse::Hit& a, const sparse::Hit& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : rank(a) == 0 && a.value > b.value;
  });
}

bool Rescorer::next(sparse::Search& search, sparse::Hit& out) {
  if (at_ == hits_.size()) {
    if (ended_) return false;
    refill(search);
    if (hits_.empty()) return false;
  }
  out = hits_[at_++];
  return true;
}

}  // namespace rv::pg
