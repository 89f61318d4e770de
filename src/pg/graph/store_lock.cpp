// Locks on nodes: against deletion while relationships are made at them, and against others that
// merge there.
//
// A lock on a row dirties its page and is logged, which after a checkpoint means the whole page.
// The first nodes of a transaction are therefore locked in the lock table of the server, which is
// small; all further ones by their rows. The two kinds see each other like this:
// - who locks in the table then looks at the row, and if anybody is busy with it gives the lock
//   back and locks the row instead;
// - who locks a row against deletion by it, or against mergers, holds the lock in the table while
//   doing so: nobody is between the lock there and the look then.
// Keeping a node by its row needs no lock in the table: who deletes locks the row as well.
#include "pg/base/compat.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/xact.h"
#include "storage/lock.h"
}

namespace rv::pg {

using graph::NodeId;

namespace {

// Of the room that each transaction has in the lock table, tables and indexes need some.
int most_locks() { return max_locks_per_xact / 2; }

// How many nodes this transaction locked in the lock table. Those that a subtransaction gave back
// count on.
int& locks_of_transaction() {
  static LocalTransactionId transaction = InvalidLocalTransactionId;
  static int count = 0;
  if (const LocalTransactionId now = rv_local_transaction_id(); now != transaction) {
    transaction = now;
    count = 0;
  }
  return count;
}

}  // namespace

// What a change of the node would meet where the session saw its row last; nothing when no row of
// this id is there.
std::optional<TM_Result> PgStore::node_state(NodeId id) {
  refresh_for(touched_key(true, id));
  RowTable& table = row_table(true);
  Snapshot snapshot = write_snapshot_;
  return call([&] {
    PageReader pages(table.heap, &table.blocks, snapshot, table.places.get());
    const WantedRow wanted{id, 0};
    HeapTupleData row;
    pages.read(&wanted, 1, &row);
    std::optional<TM_Result> state;
    if (row.t_data != nullptr) state = pages.state(&row);
    pages.close();
    return state;
  });
}

bool PgStore::lock_by_table(NodeId id, LOCKMODE mode) {
  int& count = locks_of_transaction();
  if (count >= most_locks()) return false;
  NodeLockTag lock(tables_.node, id);
  const bool held = lock.acquire(mode) == LOCKACQUIRE_ALREADY_HELD;
  const auto state = node_state(id);
  // Whom this transaction locked out before cannot have come since; it may have deleted the node
  // itself.
  if (state == TM_Ok || (held && (state == TM_BeingModified || state == TM_Updated))) {
    if (!held) ++count;
    return true;
  }
  lock.release(mode);
  return false;
}

// `found`: there was a row to lock.
WriteOutcome PgStore::lock_by_row(NodeId id, LockTupleMode mode, bool* found) {
  PooledScan* scan = nullptr;
  WriteOutcome outcome = WriteOutcome::gone;
  *found = find_for_write(kNodeByKey, id, &scan).has_value();
  if (*found) {
    ItemPointerData tid = scan->slot->tts_tid;
    outcome = writer(kNodeWriter).lock(&tid, mode, write_snapshot_, scan->slot);
  }
  call([scan] { ExecClearTuple(scan->slot); });
  pool(kNodeByKey).release(scan);
  return outcome;
}

// A relationship keeps its ends: they are locked against deletion, as foreign keys do it.
void PgStore::lock_endpoint(NodeId id) {
  if (!locked_.insert(id).second || lock_by_table(id, kKeepNode)) return;
  bool found = false;
  if (lock_by_row(id, LockTupleKeyShare, &found) != WriteOutcome::gone) return;
  locked_.erase(id);
  // A concurrent transaction deleted it; perhaps before this query took its newer snapshot.
  if (found || refreshed_) fail_serialization();
  throw Error(ErrorCode::constraint_violation,
              "node " + std::to_string(id) + " of the new relationship does not exist",
              "EntityNotFound");
}

void PgStore::lock_for_merge(NodeId id) {
  if (!merging_.insert(id).second) return;
  if (lock_by_table(id, kMergeAtNode)) {
    locked_.insert(id);  // it keeps the node as well
    return;
  }
  NodeLockTag lock(tables_.node, id);
  lock.acquire(kMergeAtNode);
  bool found = false;
  const WriteOutcome outcome = lock_by_row(id, LockTupleNoKeyExclusive, &found);
  lock.release(kMergeAtNode);
  // A node that is gone is refused where the relationship is created.
  if (outcome != WriteOutcome::gone) locked_.insert(id);
  if (outcome == WriteOutcome::changed_elsewhere && IsolationUsesXactSnapshot())
    fail_serialization();
}

}  // namespace rv::pg
