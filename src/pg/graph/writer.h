// Writes rows of one table as the executor does: CHECK constraints, indexes, unique checks,
// command ids, waiting for concurrent transactions. No SQL is planned.
#pragma once

#include <span>
#include <vector>

#include "pg/base/guard.h"
#include "pg/graph/write_indexes.h"

extern "C" {
#include "access/tableam.h"
#include "nodes/execnodes.h"
}

namespace rv::pg {

enum class WriteOutcome {
  done,
  changed_elsewhere,  // a concurrent transaction changed the row and committed
  gone,               // a concurrent transaction deleted it, or this command did
};

// 40001: a concurrent transaction was in the way; the same transaction can work when run again.
[[noreturn]] void fail_serialization();

class TableWriter {
 public:
  // Takes RowExclusiveLock; 25006 in a read-only transaction. The privileges are the caller's
  // to check. Writers of one statement can share a state of the executor, which outlives them.
  explicit TableWriter(Oid table, EState* shared = nullptr);
  // Without close() PostgreSQL cleans up at the end of the transaction, as after an error.
  ~TableWriter() = default;
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;
  void close();

  Relation relation() const noexcept { return rel_; }

  // The rows that come next, until other ones are announced, have these labels or this type: only
  // the indexes that take them are opened. Without a word all are.
  void announce(std::span<const std::int32_t> names);
  // The ids of new rows are new: the primary key cannot conflict.
  void ids_are_new() noexcept { ids_are_new_ = true; }

  // One row; none of the columns is NULL.
  void insert(std::span<const Datum> values);
  // False, and nothing inserted, when a unique index holds a conflicting row that this
  // transaction or a committed one wrote, at `conflict`; waits for transactions in progress.
  bool insert_unless_conflicting(std::span<const Datum> values, ItemPointer conflict);
  // Where the row is that one of these two inserted last.
  const ItemPointerData& place() const noexcept { return place_; }

  // Buffered rows, written together by flush(); the values may go after add().
  void add(std::span<const Datum> values);
  void flush();
  // No index entries: the caller builds the indexes anew. Before the first add().
  void leave_out_indexes() noexcept { with_indexes_ = false; }

  // From now on a row that a CHECK constraint refuses is written all the same, and its first
  // column, an id, noted in `refused`: the caller calls check() when the row is complete.
  void defer_checks(std::vector<std::int64_t>* refused) noexcept { refused_ = refused; }
  // Raises 23514 when the row violates a constraint.
  void check(TupleTableSlot* slot);

  // Replaces or deletes the row version at `tid`, as `snapshot` sees it.
  WriteOutcome update(ItemPointer tid, std::span<const Datum> values, Snapshot snapshot);
  WriteOutcome remove(ItemPointer tid, Snapshot snapshot);
  // Locks the row; with changed_elsewhere, `slot` holds its newest version, which is locked.
  WriteOutcome lock(ItemPointer tid, LockTupleMode mode, Snapshot snapshot, TupleTableSlot* slot);

 private:
  void prepare();
  // Before a row is written: prepare(), and the indexes of which announce() did not speak.
  void open_indexes();
  void open_index(int index);
  bool can_conflict() const;
  void fill(TupleTableSlot* slot, std::span<const Datum> values);
  void check_constraints(TupleTableSlot* slot);
  bool passes(TupleTableSlot* slot);

  Relation rel_;
  MemoryContext context_;
  // Once a row is written: who only locks or deletes rows needs no indexes.
  std::shared_ptr<WriteIndexes> indexes_;
  EState* shared_;
  EState* estate_ = nullptr;
  ResultRelInfo* target_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  BulkInsertStateData* bulk_ = nullptr;
  TupleTableSlot** batch_ = nullptr;
  int batched_ = 0;
  std::size_t batched_bytes_ = 0;
  bool with_indexes_ = true;
  bool announced_ = false;
  bool ids_are_new_ = false;
  std::vector<int> open_;  // the indexes that are open, by their numbers, ascending
  std::vector<std::int64_t>* refused_ = nullptr;
  ItemPointerData place_{};
  ExprState** checks_ = nullptr;  // the CHECK constraints, once they were needed
};

}  // namespace rv::pg
