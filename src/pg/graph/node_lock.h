// A node in the lock table of the server: see store_lock.cpp.
#pragma once

#include "core/graph/value.h"
#include "pg/base/guard.h"

extern "C" {
#include "storage/lock.h"
}

namespace rv::pg {

// Who deletes a node waits for all others, who merges relationships at it for other mergers.
inline constexpr LOCKMODE kKeepNode = RowShareLock;
inline constexpr LOCKMODE kMergeAtNode = ShareUpdateExclusiveLock;
inline constexpr LOCKMODE kDeleteNode = ExclusiveLock;

// Until the end of the transaction, or release().
class NodeLockTag {
 public:
  // `nodes`: the graph's table of nodes.
  NodeLockTag(Oid nodes, graph::NodeId id);
  // Waits as long as it takes.
  LockAcquireResult acquire(LOCKMODE mode);
  void release(LOCKMODE mode);

 private:
  LOCKTAG tag_;
};

}  // namespace rv::pg
