// MERGE of relationships when several transactions do it at once.
//
// A relationship has no unique index. Who is about to create one locks a node at its end against
// the others, and then looks whether one of them committed what the snapshot of the query does not
// show. It is the end with the smaller id, so that both directions meet; others may still add
// relationships to it by CREATE.
#include <algorithm>

#include "pg/graph/store.h"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::kNewNode;
using graph::NodeId;
using graph::RelationshipId;

namespace {

// Whether no transaction that could have written anything ended since the snapshot was taken: the
// same ones are in progress, and none began and ended. This transaction is in neither list.
bool nothing_committed_since(Snapshot snapshot) {
  return call([snapshot] {
    Snapshot latest = GetLatestSnapshot();
    return latest->xmax == snapshot->xmax && latest->xcnt == snapshot->xcnt &&
           (latest->xcnt == 0 ||
            memcmp(latest->xip, snapshot->xip, latest->xcnt * sizeof(TransactionId)) == 0);
  });
}

}  // namespace

// Those of the type between the two ends, or at the only end that exists, ascending.
void PgStore::relationships_between(const graph::NewRelationship& r, Snapshot snapshot,
                                    std::vector<RelationshipId>& out) {
  const Pool which = r.source == kNewNode ? kIn2 : r.target == kNewNode ? kOut2 : kOut3;
  ScanPool& scans = pool(which);
  ScanKeyData keys[3];
  int8_key(&keys[0], 1, which == kIn2 ? r.target : r.source);
  int4_key(&keys[1], 2, r.type);
  int8_key(&keys[2], 3, r.target);
  PooledScan* s = call([&] {
    PooledScan* taken = scans.acquire(snapshot);
    rescan(taken, keys, which == kOut3 ? 3 : 2);
    return taken;
  });
  while (const char* entry = call([s] { return next_index_entry(s); })) {
    RelationshipId id;
    std::memcpy(&id, entry + kEdgeEntryId, sizeof id);
    out.push_back(id);
    check_interrupts();
  }
  scans.release(s);
  std::sort(out.begin(), out.end());
}

bool PgStore::claim_relationships(std::span<const graph::NewRelationship> relationships) {
  if (relationships.empty()) return true;
  need_write(tables_.node, ACL_SELECT);
  std::vector<NodeId> nodes;
  for (const auto& r : relationships)
    nodes.push_back(r.source == kNewNode   ? r.target
                    : r.target == kNewNode ? r.source
                                           : std::min(r.source, r.target));
  std::sort(nodes.begin(), nodes.end());
  for (const NodeId id : nodes) lock_for_merge(id);
  if (nothing_committed_since(snapshot_)) return true;
  Snapshot own = write_snapshot();
  Snapshot latest = call([] { return RegisterSnapshot(GetLatestSnapshot()); });
  bool made = false;
  for (const auto& r : relationships) {
    std::vector<RelationshipId> known, now;
    relationships_between(r, own, known);
    relationships_between(r, latest, now);
    made = made || !std::includes(known.begin(), known.end(), now.begin(), now.end());
  }
  call([latest] { UnregisterSnapshot(latest); });
  if (!made) return true;
  if (IsolationUsesXactSnapshot()) fail_serialization();
  refresh_ = true;
  return false;
}

}  // namespace rv::pg
