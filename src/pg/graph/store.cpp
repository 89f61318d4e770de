// PgStore: its life, its tables and snapshots, names, reads of entities by id.
#include "pg/graph/store.h"

#include <algorithm>
#include <numeric>

#include "pg/graph/map_datum.h"

extern "C" {
#include "access/xact.h"
#include "utils/array.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::Arena;
using graph::kNoName;
using graph::NameId;
using graph::NameKind;
using graph::Value;

PgStore::PgStore(std::string_view graph)
    : graph_name_(graph), tables_(find_graph(graph)), names_(tables_) {
  context_ = call([] {
    return AllocSetContextCreateInternal(CurrentMemoryContext, "graph store",
                                         ALLOCSET_DEFAULT_SIZES);
  });
  snapshot_ = call([] {
    // As a command of a volatile function: sees what the transaction did before.
    if (!IsInParallelMode()) CommandCounterIncrement();
    return RegisterSnapshot(GetTransactionSnapshot());
  });
  registered_.push_back(snapshot_);
  init_pools();
}

void PgStore::init_pools() {
  const auto init = [this](Pool p, Oid table, Oid index, int keys, bool index_only) {
    pools_[p].init(table, index, keys, index_only, context_);
  };
  const GraphTables& t = tables_;
  init(kNodeByKey, t.node, t.node_key, 1, false);
  init(kEdgeByKey, t.edge, t.edge_key, 1, false);
  init(kLabelNodes, t.node_label, t.node_label_key, 1, true);
  init(kOut1, t.edge, t.edge_out, 1, true);
  init(kOut2, t.edge, t.edge_out, 2, true);
  init(kOut3, t.edge, t.edge_out, 3, true);
  init(kIn1, t.edge, t.edge_in, 1, true);
  init(kIn2, t.edge, t.edge_in, 2, true);
  init(kIn3, t.edge, t.edge_in, 3, true);
  init(kNodeLabelForWrite, t.node_label, t.node_label_key, 2, false);
}

void PgStore::release_tables() {
  for (auto& w : writers_) {
    if (w) w->close();
    w.reset();
  }
  end_table_scans();
  call([this] {
    for (auto& p : pools_) p.close();
  });
  for (auto& p : index_pools_) call([&p] { p->pool.close(); });
  index_pools_.clear();
  std::fill(std::begin(pools_checked_), std::end(pools_checked_), false);
  indexes_loaded_ = false;
}

void PgStore::close() {
  release_tables();
  for (Snapshot s : registered_) call([s] { UnregisterSnapshot(s); });
  registered_.clear();
  call([this] {
    if (dirty_) CommandCounterIncrement();
    MemoryContextDelete(context_);
  });
}

ScanPool& PgStore::pool(Pool which) {
  if (!pools_checked_[which]) {
    check_table_access(pools_[which].table(), ACL_SELECT);
    pools_checked_[which] = true;
  }
  return pools_[which];
}

Snapshot PgStore::write_snapshot() {
  if (write_snapshot_ != nullptr && !dirty_) return write_snapshot_;
  Snapshot last = write_snapshot_;
  Snapshot base = snapshot_;
  write_snapshot_ = call([base, last] {
    CommandCounterIncrement();
    PushCopiedSnapshot(base);
    UpdateActiveSnapshotCommandId();
    Snapshot s = RegisterSnapshot(GetActiveSnapshot());
    PopActiveSnapshot();
    if (last != nullptr && last != base) UnregisterSnapshot(last);
    return s;
  });
  if (last != nullptr && last != base) std::erase(registered_, last);
  registered_.push_back(write_snapshot_);
  dirty_ = false;
  touched_.clear();
  return write_snapshot_;
}

void PgStore::advance() {
  if (refresh_) {
    // Another transaction made what this statement must now see.
    refresh_ = false;
    snapshot_ = call([] {
      CommandCounterIncrement();
      return RegisterSnapshot(GetTransactionSnapshot());
    });
    registered_.push_back(snapshot_);
    return;
  }
  if (write_snapshot_ == nullptr && !dirty_) return;
  snapshot_ = write_snapshot();  // kept from now on: cursors may read with it
}

PgStore::ScratchScope::ScratchScope(PgStore& store) {
  MemoryContext parent = store.context_;
  context_ = call([parent] {
    return AllocSetContextCreateInternal(parent, "graph row", ALLOCSET_SMALL_SIZES);
  });
  outer_ = MemoryContextSwitchTo(context_);
}
PgStore::ScratchScope::~ScratchScope() {
  MemoryContextSwitchTo(outer_);
  MemoryContextDelete(context_);
}
void PgStore::ScratchScope::reset() { MemoryContextReset(context_); }

NameId PgStore::find_name(NameKind kind, std::string_view name) {
  if (kind == NameKind::key) return session_keys().intern(name);
  return names_.find(kind == NameKind::type, name);
}

NameId PgStore::intern_name(NameKind kind, std::string_view name) {
  if (kind == NameKind::key) return session_keys().intern(name);
  const NameId id = names_.intern(kind == NameKind::type, name);
  dirty_ = true;
  return id;
}

std::string_view PgStore::name(NameKind kind, NameId id) {
  if (kind == NameKind::key) return session_keys()[id].name;
  return names_.name(kind == NameKind::type, id);
}

namespace {

// The bytes of a stored map in a slot; what has to be detoasted goes to the current context.
graph::MapView map_in(TupleTableSlot* slot, AttrNumber column) {
  bool null;
  return graph::MapView(map_bytes(slot_getattr(slot, column, &null)));
}

std::span<const NameId> labels_in(TupleTableSlot* slot, Arena& arena) {
  bool null;
  const Datum d = slot_getattr(slot, kNodeLabels, &null);
  auto* array = DatumGetArrayTypeP(d);
  const int n = ARR_NDIM(array) == 1 && !ARR_HASNULL(array) ? ARR_DIMS(array)[0] : 0;
  const auto* ids = reinterpret_cast<const NameId*>(ARR_DATA_PTR(array));
  return arena.copy(std::span<const NameId>(ids, static_cast<std::size_t>(n)));
}

std::int64_t int8_in(TupleTableSlot* slot, AttrNumber column) {
  bool null;
  return DatumGetInt64(slot_getattr(slot, column, &null));
}

graph::RelationshipRef ref_in(TupleTableSlot* slot) {
  bool null;
  return {int8_in(slot, kEdgeId), int8_in(slot, kEdgeSource), int8_in(slot, kEdgeTarget),
          DatumGetInt32(slot_getattr(slot, kEdgeType, &null))};
}

}  // namespace

bool PgStore::fetch_by_id(PooledScan* s, std::int64_t id) {
  ScanKeyData key;
  int8_key(&key, 1, id);
  rescan(s, &key, 1);
  return next_row(s);
}

// Calls visit(i, slot) inside call() for every id that has a row; ascending by id, each id once,
// with the repeats after it through repeat(i, j): i is as j.
template <class Visit, class Repeat>
void PgStore::for_each_row(bool nodes, std::span<const std::int64_t> ids, Visit visit,
                           Repeat repeat) {
  std::vector<std::uint32_t> order(ids.size());
  std::iota(order.begin(), order.end(), 0U);
  if (!std::is_sorted(ids.begin(), ids.end()))
    std::sort(order.begin(), order.end(),
              [&ids](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  ScanPool& scans = pool(nodes ? kNodeByKey : kEdgeByKey);
  const std::span<const std::uint32_t> sorted(order);
  PooledScan* s = nullptr;
  call([&] {
    s = scans.acquire(snapshot_);
    MemoryContext scratch =
        AllocSetContextCreateInternal(context_, "graph rows", ALLOCSET_SMALL_SIZES);
    MemoryContext old = MemoryContextSwitchTo(scratch);
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      const std::uint32_t i = sorted[k];
      if (k > 0 && ids[sorted[k - 1]] == ids[i]) {
        repeat(i, sorted[k - 1]);
        continue;
      }
      if (fetch_by_id(s, ids[i])) visit(i, s->slot);
      if ((k & 63) == 63) {
        MemoryContextReset(scratch);
        CHECK_FOR_INTERRUPTS();
      }
    }
    ExecClearTuple(s->slot);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(scratch);
  });
  scans.release(s);
}

void PgStore::read_nodes(std::span<const graph::NodeId> ids, Arena& arena, graph::NodeRecord* out) {
  std::fill(out, out + ids.size(), graph::NodeRecord{});
  for_each_row(
      true, ids,
      [&](std::uint32_t i, TupleTableSlot* slot) {
        out[i].found = true;
        out[i].labels = labels_in(slot, arena);
        out[i].properties = to_properties(map_in(slot, kNodeProperties), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; });
}

void PgStore::read_node_labels(std::span<const graph::NodeId> ids, Arena& arena,
                               std::span<const NameId>* out, bool* found) {
  std::fill(out, out + ids.size(), std::span<const NameId>{});
  std::fill(found, found + ids.size(), false);
  for_each_row(
      true, ids,
      [&](std::uint32_t i, TupleTableSlot* slot) {
        found[i] = true;
        out[i] = labels_in(slot, arena);
      },
      [&](std::uint32_t i, std::uint32_t j) {
        found[i] = found[j];
        out[i] = out[j];
      });
}

void PgStore::read_properties(bool nodes, std::span<const std::int64_t> ids,
                              std::span<const NameId> keys, Arena& arena, Value* out, bool* found) {
  const std::size_t n = ids.size();
  std::fill(out, out + n * keys.size(), Value());
  std::fill(found, found + n, false);
  const graph::KeyTable& names = session_keys();
  const AttrNumber column = nodes ? kNodeProperties : kEdgeProperties;
  for_each_row(
      nodes, ids,
      [&](std::uint32_t i, TupleTableSlot* slot) {
        found[i] = true;
        if (keys.empty()) return;
        const graph::MapView map = map_in(slot, column);
        for (std::size_t k = 0; k < keys.size(); ++k)
          if (const auto value = map.find(names[keys[k]])) out[k * n + i] = to_value(*value, arena);
      },
      [&](std::uint32_t i, std::uint32_t j) {
        found[i] = found[j];
        for (std::size_t k = 0; k < keys.size(); ++k) out[k * n + i] = out[k * n + j];
      });
}

void PgStore::read_node_properties(std::span<const graph::NodeId> ids, std::span<const NameId> keys,
                                   Arena& arena, Value* out, bool* found) {
  read_properties(true, ids, keys, arena, out, found);
}

void PgStore::read_relationship_properties(std::span<const graph::RelationshipId> ids,
                                           std::span<const NameId> keys, Arena& arena, Value* out,
                                           bool* found) {
  read_properties(false, ids, keys, arena, out, found);
}

void PgStore::read_relationships(std::span<const graph::RelationshipId> ids, Arena& arena,
                                 graph::RelationshipRecord* out) {
  std::fill(out, out + ids.size(), graph::RelationshipRecord{});
  for_each_row(
      false, ids,
      [&](std::uint32_t i, TupleTableSlot* slot) {
        out[i].found = true;
        out[i].ref = ref_in(slot);
        out[i].properties = to_properties(map_in(slot, kEdgeProperties), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; });
}

}  // namespace rv::pg
