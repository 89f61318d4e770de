#include "pg/graph/writer.h"

#include <algorithm>

extern "C" {
#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

constexpr int kBatchRows = 1000;
constexpr std::size_t kBatchBytes = 65'536;

}  // namespace

[[noreturn]] void fail_serialization() {
  call([] {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent update"),
                    errhint("Run the transaction again.")));
  });
  throw Error(ErrorCode::internal, "unreachable");
}

TableWriter::TableWriter(Oid table, EState* shared)
    : context_(CurrentMemoryContext), shared_(shared) {
  call([&] {
    PreventCommandIfReadOnly("Cypher update");
    PreventCommandIfParallelMode("Cypher update");
    rel_ = table_open(table, RowExclusiveLock);
  });
}

void TableWriter::prepare() {
  if (estate_ != nullptr) return;
  indexes_ = write_indexes(rel_);
  call([&] {
    MemoryContext old = MemoryContextSwitchTo(context_);
    estate_ = shared_ != nullptr ? shared_ : CreateExecutorState();
    MemoryContextSwitchTo(estate_->es_query_cxt);
    target_ = makeNode(ResultRelInfo);
    InitResultRelInfo(target_, rel_, 0, nullptr, 0);
    const auto count = static_cast<Size>(indexes_->count());
    target_->ri_IndexRelationDescs =
        static_cast<RelationPtr>(palloc0(sizeof(Relation) * (count + 1)));
    target_->ri_IndexRelationInfo =
        static_cast<IndexInfo**>(palloc0(sizeof(IndexInfo*) * (count + 1)));
    slot_ = table_slot_create(rel_, nullptr);
    MemoryContextSwitchTo(old);
  });
}

// In the order of all, so that who waits for others in unique indexes does so in one order.
void TableWriter::open_index(int index) {
  const auto place = std::lower_bound(open_.begin(), open_.end(), index);
  if (place != open_.end() && *place == index) return;
  const auto at = place - open_.begin();
  call([&] { indexes_->open(index, target_, estate_); });
  open_.insert(place, index);
  Relation* const relations = target_->ri_IndexRelationDescs;
  IndexInfo** const infos = target_->ri_IndexRelationInfo;
  std::rotate(relations + at, relations + open_.size() - 1, relations + open_.size());
  std::rotate(infos + at, infos + open_.size() - 1, infos + open_.size());
}

void TableWriter::announce(std::span<const std::int32_t> names) {
  prepare();
  announced_ = true;
  for (int i = 0; i < indexes_->count(); ++i)
    if (indexes_->takes(i, names)) open_index(i);
}

void TableWriter::open_indexes() {
  prepare();
  if (announced_ || open_.size() == static_cast<std::size_t>(indexes_->count())) return;
  for (int i = 0; i < indexes_->count(); ++i) open_index(i);
}

bool TableWriter::can_conflict() const {
  if (!ids_are_new_) return true;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    const IndexInfo* const info = target_->ri_IndexRelationInfo[i];
    const bool primary = target_->ri_IndexRelationDescs[i]->rd_index->indisprimary;
    if (info->ii_ExclusionOps != nullptr || (info->ii_Unique && !primary)) return true;
  }
  return false;
}

void TableWriter::close() {
  flush();
  call([this] {
    if (bulk_ != nullptr) FreeBulkInsertState(bulk_);
    bulk_ = nullptr;
    for (int i = 0; batch_ != nullptr && i < kBatchRows && batch_[i] != nullptr; ++i)
      ExecDropSingleTupleTableSlot(batch_[i]);
    if (estate_ != nullptr) {
      ExecDropSingleTupleTableSlot(slot_);
      // The locks stay, as that of the table: giving each back costs more than the end of the
      // transaction does for all.
      for (int i = 0; i < target_->ri_NumIndices; ++i)
        index_close(target_->ri_IndexRelationDescs[i], NoLock);
      if (shared_ == nullptr) FreeExecutorState(estate_);
    }
    table_close(rel_, NoLock);
  });
}

void TableWriter::fill(TupleTableSlot* slot, std::span<const Datum> values) {
  ExecClearTuple(slot);
  for (std::size_t i = 0; i < values.size(); ++i) {
    slot->tts_values[i] = values[i];
    slot->tts_isnull[i] = false;
  }
  ExecStoreVirtualTuple(slot);
}

// Inside call(), in the context of the row.
void TableWriter::check_constraints(TupleTableSlot* slot) {
  if (rel_->rd_att->constr == nullptr) return;
  if (refused_ == nullptr) {
    ExecConstraints(target_, slot, estate_);
  } else if (!passes(slot)) {
    refused_->push_back(DatumGetInt64(slot->tts_values[0]));
  }
}

bool TableWriter::passes(TupleTableSlot* slot) {
  const TupleConstr* constraints = rel_->rd_att->constr;
  if (checks_ == nullptr) {
    MemoryContext old = MemoryContextSwitchTo(estate_->es_query_cxt);
    checks_ = static_cast<ExprState**>(palloc0(sizeof(ExprState*) * (constraints->num_check + 1)));
    for (int i = 0; i < constraints->num_check; ++i)
      checks_[i] =
          ExecPrepareExpr(static_cast<Expr*>(stringToNode(constraints->check[i].ccbin)), estate_);
    MemoryContextSwitchTo(old);
  }
  ExprContext* context = GetPerTupleExprContext(estate_);
  context->ecxt_scantuple = slot;
  for (int i = 0; i < constraints->num_check; ++i)
    if (!ExecCheck(checks_[i], context)) return false;
  return true;
}

void TableWriter::check(TupleTableSlot* slot) {
  if (rel_->rd_att->constr == nullptr) return;
  prepare();
  call([&] {
    ExecConstraints(target_, slot, estate_);
    ResetPerTupleExprContext(estate_);
  });
}

void TableWriter::insert(std::span<const Datum> values) {
  open_indexes();
  call([&] {
    MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    fill(slot_, values);
    check_constraints(slot_);
    table_tuple_insert(rel_, slot_, GetCurrentCommandId(true), 0, nullptr);
    if (target_->ri_NumIndices > 0)
      rv_insert_index_tuples(target_, slot_, estate_, false, false, nullptr);
    place_ = slot_->tts_tid;
    ExecClearTuple(slot_);
    MemoryContextSwitchTo(old);
    ResetPerTupleExprContext(estate_);
  });
}

bool TableWriter::insert_unless_conflicting(std::span<const Datum> values, ItemPointer other) {
  open_indexes();
  if (!can_conflict()) {
    insert(values);
    return true;
  }
  return call([&] {
    MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    bool inserted = false;
    for (;;) {
      fill(slot_, values);
      check_constraints(slot_);
      if (!rv_check_index_constraints(target_, slot_, estate_, other)) break;
      // As INSERT ... ON CONFLICT DO NOTHING: insert, then see whether somebody was faster.
      const uint32 token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
      table_tuple_insert_speculative(rel_, slot_, GetCurrentCommandId(true), 0, nullptr, token);
      bool conflict = false;
      rv_insert_index_tuples(target_, slot_, estate_, false, true, &conflict);
      table_tuple_complete_speculative(rel_, slot_, token, !conflict);
      SpeculativeInsertionLockRelease(GetCurrentTransactionId());
      if (!conflict) {
        inserted = true;
        place_ = slot_->tts_tid;
        break;
      }
      CHECK_FOR_INTERRUPTS();
    }
    ExecClearTuple(slot_);
    MemoryContextSwitchTo(old);
    ResetPerTupleExprContext(estate_);
    return inserted;
  });
}

void TableWriter::add(std::span<const Datum> values) {
  open_indexes();
  call([&] {
    if (batch_ == nullptr) {
      MemoryContext old = MemoryContextSwitchTo(estate_->es_query_cxt);
      batch_ = static_cast<TupleTableSlot**>(palloc0(sizeof(TupleTableSlot*) * kBatchRows));
      bulk_ = GetBulkInsertState();
      MemoryContextSwitchTo(old);
    }
    if (batch_[batched_] == nullptr) {
      MemoryContext old = MemoryContextSwitchTo(estate_->es_query_cxt);
      batch_[batched_] = table_slot_create(rel_, nullptr);
      MemoryContextSwitchTo(old);
    }
    TupleTableSlot* slot = batch_[batched_];
    fill(slot, values);
    check_constraints(slot);
    ExecMaterializeSlot(slot);
    ResetPerTupleExprContext(estate_);
    ++batched_;
    batched_bytes_ += reinterpret_cast<BufferHeapTupleTableSlot*>(slot)->base.tuple->t_len;
  });
  if (batched_ == kBatchRows || batched_bytes_ > kBatchBytes) flush();
}

void TableWriter::flush() {
  if (batched_ == 0) return;
  call([this] {
    MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    table_multi_insert(rel_, batch_, batched_, GetCurrentCommandId(true), 0, bulk_);
    MemoryContextSwitchTo(old);
    for (int i = 0; i < batched_; ++i) {
      if (with_indexes_ && target_->ri_NumIndices > 0) {
        ResetPerTupleExprContext(estate_);
        rv_insert_index_tuples(target_, batch_[i], estate_, false, false, nullptr);
      }
      ExecClearTuple(batch_[i]);
    }
    ResetPerTupleExprContext(estate_);
    CHECK_FOR_INTERRUPTS();
  });
  batched_ = 0;
  batched_bytes_ = 0;
}

WriteOutcome TableWriter::update(ItemPointer tid, std::span<const Datum> values,
                                 Snapshot snapshot) {
  open_indexes();
  return call([&] {
    CheckCmdReplicaIdentity(rel_, CMD_UPDATE);
    MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    fill(slot_, values);
    check_constraints(slot_);
    TM_FailureData failure;
    LockTupleMode mode;
    bool update_indexes = false;
    const TM_Result r = rv_table_tuple_update(rel_, tid, slot_, GetCurrentCommandId(true), snapshot,
                                              &failure, &mode, &update_indexes);
    if (r == TM_Ok && update_indexes && target_->ri_NumIndices > 0)
      rv_insert_index_tuples(target_, slot_, estate_, true, false, nullptr);
    ExecClearTuple(slot_);
    MemoryContextSwitchTo(old);
    ResetPerTupleExprContext(estate_);
    if (r == TM_Ok) return WriteOutcome::done;
    if (r == TM_Updated) return WriteOutcome::changed_elsewhere;
    if (r == TM_Deleted || r == TM_SelfModified) return WriteOutcome::gone;
    elog(ERROR, "unexpected result %d of an update", static_cast<int>(r));
  });
}

WriteOutcome TableWriter::remove(ItemPointer tid, Snapshot snapshot) {
  return call([&] {
    CheckCmdReplicaIdentity(rel_, CMD_DELETE);
    TM_FailureData failure;
    const TM_Result r = table_tuple_delete(rel_, tid, GetCurrentCommandId(true), snapshot,
                                           InvalidSnapshot, true, &failure, false);
    if (r == TM_Ok) return WriteOutcome::done;
    if (r == TM_Updated) return WriteOutcome::changed_elsewhere;
    if (r == TM_Deleted || r == TM_SelfModified) return WriteOutcome::gone;
    elog(ERROR, "unexpected result %d of a delete", static_cast<int>(r));
  });
}

WriteOutcome TableWriter::lock(ItemPointer tid, LockTupleMode mode, Snapshot snapshot,
                               TupleTableSlot* slot) {
  return call([&] {
    TM_FailureData failure;
    const TM_Result r = table_tuple_lock(
        rel_, tid, snapshot, slot, GetCurrentCommandId(true), mode, LockWaitBlock,
        IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
    if (r == TM_Ok) return failure.traversed ? WriteOutcome::changed_elsewhere : WriteOutcome::done;
    if (r == TM_Updated) return WriteOutcome::changed_elsewhere;
    if (r == TM_Deleted || r == TM_SelfModified) return WriteOutcome::gone;
    elog(ERROR, "unexpected result %d of a row lock", static_cast<int>(r));
  });
}

}  // namespace rv::pg
