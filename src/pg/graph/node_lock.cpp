#include "pg/graph/node_lock.h"

namespace rv::pg {

// In pg_locks: an object of the class that is the graph's table of nodes.
NodeLockTag::NodeLockTag(Oid nodes, graph::NodeId id) {
  const auto number = static_cast<std::uint64_t>(id);
  SET_LOCKTAG_OBJECT(tag_, MyDatabaseId, nodes, static_cast<uint32>(number),
                     static_cast<uint16>(number >> 32));
}

LockAcquireResult NodeLockTag::acquire(LOCKMODE mode) {
  return call([&] { return LockAcquire(&tag_, mode, false, false); });
}

void NodeLockTag::release(LOCKMODE mode) {
  call([&] { LockRelease(&tag_, mode, false); });
}

}  // namespace rv::pg
