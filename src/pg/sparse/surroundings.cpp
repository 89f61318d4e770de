#include "pg/sparse/surroundings.h"

#include <exception>

extern "C" {
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/storage.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"
}

namespace rv::pg {

// The heavyweight lock of block 0, which nothing else uses: it may be held for the length of a
// merge, can be cancelled while it is waited for, and is released by the transaction's abort.
bool ServerSurroundings::lock_structure(bool wait) {
  return call([this, wait] {
    if (!wait) return ConditionalLockPage(index_, 0, ExclusiveLock);
    LockPage(index_, 0, ExclusiveLock);
    return true;
  });
}

void ServerSurroundings::unlock_structure() {
  if (std::uncaught_exceptions() > 0) return;  // the transaction's abort does it
  UnlockPage(index_, 0, ExclusiveLock);
}

std::uint64_t ServerSurroundings::stamp() {
  return U64FromFullTransactionId(ReadNextFullTransactionId());
}

bool ServerSurroundings::everybody_is_past(std::uint64_t stamp) {
  return call([this, stamp] {
    return GlobalVisCheckRemovableFullXid(heap_, FullTransactionIdFromU64(stamp));
  });
}

void ServerSurroundings::pages_released() {
  call([this] { IndexFreeSpaceMapVacuum(index_); });
}

// Cutting takes a lock that may need a transaction id, which a parallel VACUUM cannot get.
bool ServerSurroundings::can_shrink() const { return !IsInParallelMode(); }

void ServerSurroundings::hide_page(sparse::Block block) {
  call([this, block] { RecordUsedIndexPage(index_, block); });
}

// As VACUUM does with tables: whoever looks at the index holds a lock of it, also on a standby, to
// which ours is logged.
void ServerSurroundings::cut_off(const std::function<sparse::Block()>& end) {
  if (!call([this] { return ConditionalLockRelation(index_, AccessExclusiveLock); })) return;
  const sparse::Block first = end();
  call([this, first] {
    if (first < RelationGetNumberOfBlocks(index_)) RelationTruncate(index_, first);
    UnlockRelation(index_, AccessExclusiveLock);
  });
}

}  // namespace rv::pg
