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
namespace {

// How often and how long after each other VACUUM asks for an index that others use.
constexpr int kTries = 20;
constexpr long kPause = 5000;  // microseconds

}  // namespace

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

void ServerSurroundings::hide_page(sparse::Block block) {
  call([this, block] { RecordUsedIndexPage(index_, block); });
}

// As VACUUM does with tables: whoever looks at the index holds a lock of it to the end of the
// transaction, also on a standby, to which ours is logged. That may need a transaction id, which a
// parallel VACUUM cannot get.
bool ServerSurroundings::alone(const std::function<void()>& work) {
  if (IsInParallelMode()) return false;
  for (int tries = 0;
       !call([this] { return ConditionalLockRelation(index_, AccessExclusiveLock); });) {
    if (++tries == kTries) return false;
    call([] { pg_usleep(kPause); });
    check_interrupts();
  }
  work();  // when it throws, the transaction's abort releases the lock
  call([this] { UnlockRelation(index_, AccessExclusiveLock); });
  return true;
}

void ServerSurroundings::truncate(sparse::Block end) {
  call([this, end] {
    if (end < RelationGetNumberOfBlocks(index_)) RelationTruncate(index_, end);
  });
}

}  // namespace rv::pg
