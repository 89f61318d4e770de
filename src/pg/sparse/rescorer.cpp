#include "pg/sparse/rescorer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "pg/sparse/extract.h"

extern "C" {
#include "catalog/index.h"
}

namespace rv::pg {

Rescorer::Rescorer(IndexScanDesc scan, Datum query, std::size_t batch, bool rough)
    : scan_(scan),
      query_(query),
      batch_(batch),
      rough_(rough),
      scoring_(scoring_of(scan->indexRelation)) {
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

bool Rescorer::look_up(sparse::Hit* hit, double* distance) {
  ++compared_;
  const bool seen = call([&] {
    ItemPointerData tid;
    ItemPointerSet(&tid, hit->row.block, hit->row.offset);
    bool again = false, all_dead = false;
    if (!table_index_fetch_tuple(fetch_, &tid, scan_->xs_snapshot, slot_, &again, &all_dead))
      return false;
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(info_, slot_, state_, values, nulls);
    // The operator's own function, which keeps with the scan what it needs of the query.
    const ScanKey key = scan_->orderByData;
    *distance = nulls[0] ? 0
                         : DatumGetFloat8(FunctionCall2Coll(&key->sk_func, key->sk_collation,
                                                            values[0], query_));
    ResetPerTupleExprContext(state_);
    ExecClearTuple(slot_);
    return !nulls[0];
  });
  if (!seen) return false;
  hit->value = sparse::distance_of(scoring_, *distance);
  hit->kind = std::isnan(*distance) ? sparse::Hit::Value::undefined : sparse::Hit::Value::exact;
  return true;
}

void Rescorer::refill(sparse::Search& search) {
  hits_.clear();
  at_ = 0;
  sparse::Hit hit;
  while (hits_.size() < batch_ && !ended_) {
    check_interrupts();
    if (!search.next(hit)) {
      ended_ = true;
    } else {
      // A row that the heavy terms do not touch may still be touched by the light ones.
      double distance;
      if (hit.scored() && !look_up(&hit, &distance)) continue;
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
  return batch_ > 0 ? next_of_batch(search, out) : next_in_order(search, out);
}

void Rescorer::compare(sparse::Hit hit) {
  const double least = sparse::distance_of(scoring_, hit.value);
  if (hit.kind == sparse::Hit::Value::exact && !(rough_ && hit.value != 0))
    return waiting_.push({least, hit});
  double distance;
  if (!look_up(&hit, &distance)) return;
  if (hit.kind == sparse::Hit::Value::undefined) return undefined_.push_back(hit);
  if (distance < least)
    throw Error(ErrorCode::corrupted_index,
                "index \"" + std::string(RelationGetRelationName(scan_->indexRelation)) +
                    "\" has a wrong bound for row (" + std::to_string(hit.row.block) + "," +
                    std::to_string(hit.row.offset) + ")",
                {}, "REINDEX it.");
  waiting_.push({distance, hit});
}

// A row that waits is the next when no bound to come says less than its distance.
bool Rescorer::next_in_order(sparse::Search& search, sparse::Hit& out) {
  for (;;) {
    check_interrupts();
    if (!ahead_ && !ended_) {
      sparse::Hit hit;
      if (search.next(hit)) {
        ahead_ = hit;
      } else {
        ended_ = true;
      }
    }
    const bool scored = ahead_ && ahead_->scored();
    if (!waiting_.empty() &&
        (!scored || waiting_.top().distance <= sparse::distance_of(scoring_, ahead_->value))) {
      out = waiting_.top().hit;
      waiting_.pop();
      return true;
    }
    if (scored) {
      compare(*ahead_);
      ahead_.reset();
      continue;
    }
    // Rows without a score are the last, and those that are NULL the very last.
    if (!undefined_.empty() && !(ahead_ && ahead_->kind == sparse::Hit::Value::undefined)) {
      out = undefined_.back();
      undefined_.pop_back();
      return true;
    }
    if (!ahead_) return false;
    out = *ahead_;
    ahead_.reset();
    return true;
  }
}

bool Rescorer::next_of_batch(sparse::Search& search, sparse::Hit& out) {
  if (at_ == hits_.size()) {
    if (ended_) return false;
    refill(search);
    if (hits_.empty()) return false;
  }
  out = hits_[at_++];
  return true;
}

}  // namespace rv::pg
