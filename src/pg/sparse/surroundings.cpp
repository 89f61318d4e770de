#include "pg/sparse/surroundings.h"

#include <exception>

extern "C" {
#include "access/transam.h"
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

}  // namespace rv::pg
