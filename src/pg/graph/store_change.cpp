// Changing and deleting nodes and relationships.
//
// Concurrency, READ COMMITTED: a row that another transaction changed meanwhile is waited for; the
// change then applies to its newest version unless a property or label that is set here was set
// there too, which is a serialization failure rather than a lost update. Stricter levels fail with
// 40001 at once, as UPDATE does.
#include <algorithm>

#include "pg/graph/map_datum.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/xact.h"
#include "utils/array.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::MapView;
using graph::NameId;
using graph::NodeId;
using graph::RelationshipId;

namespace {

bool transaction_snapshot() { return IsolationUsesXactSnapshot(); }

// A row as bytes that do not depend on a slot.
struct Row {
  ItemPointerData tid;
  std::vector<NameId> labels;
  std::int32_t type = 0;
  std::int64_t source = 0, target = 0;
  std::string properties;
};

Row copy_row(TupleTableSlot* slot, bool node) {
  bool null;
  Row r;
  r.tid = slot->tts_tid;
  if (node) {
    const Datum labels = call([&] { return slot_getattr(slot, kNodeLabels, &null); });
    auto* array = call([labels] { return DatumGetArrayTypeP(labels); });
    const int n = ARR_NDIM(array) == 1 && !ARR_HASNULL(array) ? ARR_DIMS(array)[0] : 0;
    const auto* ids = reinterpret_cast<const NameId*>(ARR_DATA_PTR(array));
    r.labels.assign(ids, ids + n);
  } else {
    call([&] {
      r.type = DatumGetInt32(slot_getattr(slot, kEdgeType, &null));
      r.source = DatumGetInt64(slot_getattr(slot, kEdgeSource, &null));
      r.target = DatumGetInt64(slot_getattr(slot, kEdgeTarget, &null));
    });
  }
  const Datum map =
      call([&] { return slot_getattr(slot, node ? kNodeProperties : kEdgeProperties, &null); });
  const auto bytes = map_bytes(map);
  r.properties.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return r;
}

MapView view(const std::string& stored) { return MapView(std::as_bytes(std::span(stored))); }

bool same_property(const std::string& a, const std::string& b, const graph::PropertyKey& key) {
  const auto x = view(a).find(key);
  const auto y = view(b).find(key);
  if (!x || !y) return x.has_value() == y.has_value();
  return x->type() == y->type() && std::equal(x->payload().begin(), x->payload().end(),
                                              y->payload().begin(), y->payload().end());
}

bool contains(std::span<const NameId> set, NameId id) {
  return std::find(set.begin(), set.end(), id) != set.end();
}

}  // namespace

bool PgStore::fetch_at(PooledScan* s, ItemPointerData place, std::int64_t id) {
  MemoryContext old = MemoryContextSwitchTo(s->context);
  bool again = false;
  bool all_dead = false;
  bool null;
  const bool found = table_index_fetch_tuple(s->scan->xs_heapfetch, &place, s->scan->xs_snapshot,
                                             s->slot, &again, &all_dead) &&
                     DatumGetInt64(slot_getattr(s->slot, 1, &null)) == id;
  MemoryContextSwitchTo(old);
  return found;
}

void PgStore::refresh_for(std::int64_t touched) {
  if (write_snapshot_ == nullptr || touched_.contains(touched)) write_snapshot();
}

// The newest version of a row that this transaction may see, for a write. A row that was changed
// under the current command id, or made since the last look, needs a new one.
std::optional<TupleTableSlot*> PgStore::find_for_write(Pool which, std::int64_t id,
                                                       PooledScan** scan) {
  refresh_for(touched_key(which == kNodeByKey, id));
  ScanPool& scans = pool(which);
  ItemPointerData place;
  ItemPointerSetInvalid(&place);
  RowTable& table = row_table(which == kNodeByKey);
  if (!table.places->find(id, &place)) ItemPointerSetInvalid(&place);
  for (;;) {
    Snapshot snapshot = write_snapshot_;
    PooledScan* s = nullptr;
    const bool found = call([&] {
      s = scans.acquire(snapshot);
      if (!ItemPointerIsValid(&place)) return fetch_by_id(s, id);
      // A place beyond the end is of an older file.
      const BlockNumber blocks = known_blocks(table.heap, &table.blocks);
      return (ItemPointerGetBlockNumber(&place) < blocks && fetch_at(s, place, id)) ||
             fetch_by_id(s, id);
    });
    *scan = s;
    if (found) return s->slot;
    if (!dirty_) return std::nullopt;
    scans.release(s);
    write_snapshot();
  }
}

// One change of a row: `node` or a relationship, whose labels lists are empty.
void PgStore::change_row(bool node, std::int64_t id, const graph::NodeChange& change) {
  const Pool which = node ? kNodeByKey : kEdgeByKey;
  PooledScan* scan = nullptr;
  const auto slot = find_for_write(which, id, &scan);
  if (!slot) {
    pool(which).release(scan);
    if (refreshed_) fail_serialization();  // it may have gone before the newer snapshot
    throw Error(ErrorCode::constraint_violation,
                std::string(node ? "node " : "relationship ") + std::to_string(id) +
                    " does not exist any more",
                "EntityNotFound", "It was deleted by this query or by a concurrent transaction.");
  }
  ScratchScope scratch(*this);
  Row row = copy_row(*slot, node);
  const graph::KeyTable& keys = session_keys();
  TableWriter& w = writer(node ? kNodeWriter : kEdgeWriter);
  for (;;) {
    builder_.clear();
    if (!change.properties.replace_all) builder_.add_all(view(row.properties));
    for (const auto& p : change.properties.set) {
      if (p.value.is_null()) {
        builder_.remove(keys[p.key].name);
      } else {
        graph::encode_value(builder_.set(keys[p.key].name), p.value);
      }
    }
    encoded_.clear();
    builder_.finish(encoded_);
    std::vector<NameId> labels;
    for (const NameId l : row.labels)
      if (!contains(change.remove_labels, l) || contains(change.add_labels, l)) labels.push_back(l);
    for (const NameId l : change.add_labels)
      if (!contains(labels, l)) labels.push_back(l);
    std::sort(labels.begin(), labels.end());
    if (labels == row.labels && encoded_ == row.properties) break;

    WriteOutcome outcome;
    if (node) {
      const Datum values[] = {Int64GetDatum(id), labels_datum(labels), bytes_datum(encoded_)};
      w.announce(labels);
      outcome = w.update(&row.tid, values, write_snapshot_);
    } else {
      const Datum values[] = {Int64GetDatum(id), Int32GetDatum(row.type), Int64GetDatum(row.source),
                              Int64GetDatum(row.target), bytes_datum(encoded_)};
      w.announce({&row.type, 1});
      outcome = w.update(&row.tid, values, write_snapshot_);
    }
    if (outcome == WriteOutcome::done) {
      if (node && labels != row.labels) {
        for (const NameId l : row.labels)
          if (!contains(labels, l)) remove_node_label(id, l);
        std::vector<NameId> added;
        for (const NameId l : labels)
          if (!contains(row.labels, l)) added.push_back(l);
        insert_node_labels(id, added, false);
      }
      dirty_ = true;
      touched_.insert(touched_key(node, id));
      break;
    }
    if (outcome == WriteOutcome::gone || transaction_snapshot()) fail_serialization();
    if (w.lock(&row.tid, LockTupleNoKeyExclusive, write_snapshot_, *slot) == WriteOutcome::gone)
      fail_serialization();
    Row newest = copy_row(*slot, node);
    if (change.properties.replace_all && newest.properties != row.properties) fail_serialization();
    for (const auto& p : change.properties.set)
      if (!same_property(row.properties, newest.properties, keys[p.key])) fail_serialization();
    row = std::move(newest);
  }
  call([&] { ExecClearTuple(*slot); });
  pool(which).release(scan);
}

void PgStore::change_nodes(std::span<const graph::NodeChange> changes) {
  for (const auto& c : changes) {
    need_write(tables_.node, ACL_SELECT | ACL_UPDATE);
    if (!c.add_labels.empty()) need_write(tables_.node_label, ACL_INSERT);
    if (!c.remove_labels.empty()) need_write(tables_.node_label, ACL_SELECT | ACL_DELETE);
    change_row(true, c.node, c);
    check_interrupts();
  }
}

void PgStore::change_relationships(std::span<const graph::RelationshipChange> changes) {
  need_write(tables_.edge, ACL_SELECT | ACL_UPDATE);
  for (const auto& c : changes) {
    graph::NodeChange change{};
    change.properties = c.properties;
    change_row(false, c.relationship, change);
    check_interrupts();
  }
}

// The node's row is locked: whoever gave it the label has committed, perhaps after this query took
// its snapshot.
void PgStore::remove_node_label(NodeId id, NameId label) {
  ScanPool& scans = pool(kNodeLabelForWrite);
  write_snapshot();  // counts what this query wrote as done
  ItemPointerData tid;
  const bool found = call([&] {
    Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
    PooledScan* s = scans.acquire(latest);
    ScanKeyData keys[2];
    int4_key(&keys[0], 1, label);
    int8_key(&keys[1], 2, id);
    rescan(s, keys, 2);
    const bool any = next_row(s);
    if (any) tid = s->slot->tts_tid;
    ExecClearTuple(s->slot);
    scans.release(s);
    UnregisterSnapshot(latest);
    return any;
  });
  if (found) writer(kNodeLabelWriter).remove(&tid, write_snapshot_);
}

// Deletes a row; false when it is already gone. The slot keeps what the row was.
bool PgStore::remove_row(Writer which, PooledScan* scan) {
  TableWriter& w = writer(which);
  for (;;) {
    ItemPointerData tid = scan->slot->tts_tid;
    const WriteOutcome outcome = w.remove(&tid, write_snapshot_);
    if (outcome == WriteOutcome::done) return true;
    if (transaction_snapshot()) fail_serialization();
    if (outcome == WriteOutcome::gone) return false;
    if (w.lock(&tid, LockTupleExclusive, write_snapshot_, scan->slot) == WriteOutcome::gone)
      return false;
  }
}

// Constraints hold at the end of a statement: CREATE (n:Person) SET n.name = 'Ann' may give what is
// required one clause later.
void PgStore::check_refused() {
  for (const bool node : {true, false}) {
    auto& refused = node ? refused_nodes_ : refused_edges_;
    std::sort(refused.begin(), refused.end());
    refused.erase(std::unique(refused.begin(), refused.end()), refused.end());
    const Pool which = node ? kNodeByKey : kEdgeByKey;
    for (const std::int64_t id : refused) {
      PooledScan* scan = nullptr;
      if (const auto slot = find_for_write(which, id, &scan))
        writer(node ? kNodeWriter : kEdgeWriter).check(*slot);
      call([scan] { ExecClearTuple(scan->slot); });
      pool(which).release(scan);
    }
    refused.clear();
  }
}

void PgStore::delete_relationships(std::span<const RelationshipId> ids) {
  if (ids.empty()) return;
  need_write(tables_.edge, ACL_SELECT | ACL_DELETE);
  std::vector<RelationshipId> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const RelationshipId id : sorted) {
    PooledScan* scan = nullptr;
    if (find_for_write(kEdgeByKey, id, &scan)) {
      remove_row(kEdgeWriter, scan);
      dirty_ = true;
      touched_.insert(touched_key(false, id));
    }
    call([scan] { ExecClearTuple(scan->slot); });
    pool(kEdgeByKey).release(scan);
    check_interrupts();
  }
}

// A relationship of the node that is left in the snapshot.
std::optional<RelationshipId> PgStore::relationship_left(NodeId id, Snapshot snapshot) {
  for (const Pool which : {kOut1, kIn1}) {
    ScanPool& scans = pool(which);
    RelationshipId left = 0;
    const bool any = call([&] {
      PooledScan* s = scans.acquire(snapshot);
      ScanKeyData key;
      int8_key(&key, 1, id);
      rescan(s, &key, 1);
      const char* entry = next_index_entry(s);
      if (entry != nullptr) memcpy(&left, entry + kEdgeEntryId, sizeof left);
      scans.release(s);
      return entry != nullptr;
    });
    if (any) return left;
  }
  return std::nullopt;
}

// The node is locked, so the newest snapshot shows what is left for good. If this query can see it
// too, it is the caller's fault; else a concurrent transaction made it, whose lock was waited for.
// What only this query can see, a concurrent transaction deleted.
void PgStore::need_no_relationships(NodeId id) {
  Snapshot own = write_snapshot();
  Snapshot latest = call([] { return RegisterSnapshot(GetLatestSnapshot()); });
  const auto left = relationship_left(id, latest);
  call([latest] { UnregisterSnapshot(latest); });
  if (!left) {
    if (transaction_snapshot() && relationship_left(id, own)) fail_serialization();
    return;
  }
  ScanPool& scans = pool(kEdgeByKey);
  const bool seen = call([&scans, own, &left, this] {
    PooledScan* s = scans.acquire(own);
    const bool found = fetch_by_id(s, *left);
    ExecClearTuple(s->slot);
    scans.release(s);
    return found;
  });
  if (seen)
    throw Error(ErrorCode::constraint_violation,
                "cannot delete node " + std::to_string(id) + ", because it still has relationships",
                "DeleteConnectedNode", "Delete them first, or use DETACH DELETE.");
  fail_serialization();
}

void PgStore::delete_nodes(std::span<const NodeId> ids) {
  if (ids.empty()) return;
  need_write(tables_.node, ACL_SELECT | ACL_DELETE);
  need_write(tables_.node_label, ACL_SELECT | ACL_DELETE);
  std::vector<NodeId> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const NodeId id : sorted) {
    PooledScan* scan = nullptr;
    if (find_for_write(kNodeByKey, id, &scan)) {
      ScratchScope scratch(*this);
      ItemPointerData tid = scan->slot->tts_tid;
      NodeLockTag lock(tables_.node, id);
      lock.acquire(kDeleteNode);
      const WriteOutcome locked =
          writer(kNodeWriter).lock(&tid, LockTupleExclusive, write_snapshot_, scan->slot);
      lock.release(kDeleteNode);
      if (locked == WriteOutcome::changed_elsewhere && transaction_snapshot()) fail_serialization();
      if (locked != WriteOutcome::gone) {
        const Row row = copy_row(scan->slot, true);
        need_no_relationships(id);
        if (remove_row(kNodeWriter, scan))
          for (const NameId label : row.labels) remove_node_label(id, label);
        dirty_ = true;
        touched_.insert(touched_key(true, id));
      }
    }
    call([scan] { ExecClearTuple(scan->slot); });
    pool(kNodeByKey).release(scan);
    locked_.erase(id);
    check_interrupts();
  }
}

}  // namespace rv::pg
