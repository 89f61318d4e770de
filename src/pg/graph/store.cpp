// PgStore: its life, its tables and snapshots, names, reads of entities by id.
#include "pg/graph/store.h"

#include <algorithm>
#include <numeric>

#include "pg/graph/map_datum.h"
#include "pg/graph/page_reader.h"

extern "C" {
#include "access/xact.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::Arena;
using graph::kNoName;
using graph::NameId;
using graph::NameKind;
using graph::Value;

PgStore::PgStore(std::string_view graph)
    : graph_name_(graph), tables_(open_graph(graph)), names_(tables_) {
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
  for (WalkPool& w : walks_) {
    for (const auto& r : w.all) {
      KeyReader* reader = r.get();
      call([reader] { reader->close(); });
    }
    w.free.clear();
    w.all.clear();
  }
  for (auto& p : index_pools_) call([&p] { p->pool.close(); });
  index_pools_.clear();
  std::fill(std::begin(pools_checked_), std::end(pools_checked_), false);
  indexes_loaded_ = false;
}

void PgStore::close() {
  check_refused();
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

KeyReader* PgStore::acquire_walk(Walk which) {
  const Pool of_same_table = which == kOutWalk ? kOut1 : which == kInWalk ? kIn1 : kLabelNodes;
  WalkPool& w = walks_[which];
  if (w.free.empty()) {
    pool(of_same_table);  // may the caller read it?
    auto& made = w.all.emplace_back(std::make_unique<KeyReader>());
    switch (which) {
      case kOutWalk:
        made->init(tables_.edge, tables_.edge_out, {true, false, true, true}, context_);
        break;
      case kInWalk:
        made->init(tables_.edge, tables_.edge_in, {true, false, true, true}, context_);
        break;
      default:
        made->init(tables_.node_label, tables_.node_label_key, {false, true}, context_);
    }
    w.free.reserve(w.all.size());
    w.free.push_back(made.get());
  }
  KeyReader* r = w.free.back();
  if (!call([r] { return r->usable(); })) return nullptr;
  r->remember();
  w.free.pop_back();
  return r;
}

// `free` has room for all: no allocation.
void PgStore::release_walk(Walk which, KeyReader* reader) noexcept {
  reader->rest();
  walks_[which].free.push_back(reader);
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
    refreshed_ = true;
    dirty_ = true;  // writes must see it as well
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

Datum attribute(HeapTuple row, AttrNumber column, TupleDesc desc) {
  bool null;
  return heap_getattr(row, column, desc, &null);
}

// The bytes of a stored map; what has to be detoasted goes to the current context.
graph::MapView map_in(HeapTuple row, AttrNumber column, TupleDesc desc) {
  return graph::MapView(map_bytes(attribute(row, column, desc)));
}

// The elements of a stored int4[], where they lie: not aligned.
std::span<const std::byte> label_bytes(HeapTuple row, TupleDesc desc) {
  const auto array = map_bytes(attribute(row, kNodeLabels, desc));
  struct {
    std::int32_t dimensions, data_offset;
    Oid element;
    std::int32_t length;
  } head{};
  constexpr std::size_t kData = ARR_OVERHEAD_NONULLS(1) - VARHDRSZ;
  if (array.size() < kData) return {};
  std::memcpy(&head, array.data(), sizeof head);
  if (head.dimensions != 1 || head.data_offset != 0 || head.length < 0) return {};
  const std::size_t bytes = static_cast<std::size_t>(head.length) * sizeof(NameId);
  return bytes > array.size() - kData ? std::span<const std::byte>{} : array.subspan(kData, bytes);
}

std::span<const NameId> labels_in(HeapTuple row, TupleDesc desc, Arena& arena) {
  const auto bytes = label_bytes(row, desc);
  auto* labels = arena.array<NameId>(bytes.size() / sizeof(NameId));
  if (!bytes.empty()) std::memcpy(labels, bytes.data(), bytes.size());
  return {labels, bytes.size() / sizeof(NameId)};
}

bool has_label(HeapTuple row, TupleDesc desc, NameId label) {
  const auto bytes = label_bytes(row, desc);
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(NameId)) {
    NameId l;
    std::memcpy(&l, bytes.data() + at, sizeof l);
    if (l == label) return true;
  }
  return false;
}

graph::RelationshipRef ref_in(HeapTuple row, TupleDesc desc) {
  const auto int8 = [&](AttrNumber column) { return DatumGetInt64(attribute(row, column, desc)); };
  return {int8(kEdgeId), int8(kEdgeSource), int8(kEdgeTarget),
          DatumGetInt32(attribute(row, kEdgeType, desc))};
}

}  // namespace

bool PgStore::fetch_by_id(PooledScan* s, std::int64_t id) {
  ScanKeyData key;
  int8_key(&key, 1, id);
  rescan(s, &key, 1);
  return next_row(s);
}

// Calls visit(i, row, description) inside call() for every id that has a row; ascending by id, each
// id once, with the repeats after them through repeat(i, j): i is as j.
template <class Visit, class Repeat>
void PgStore::for_each_row(bool nodes, std::span<const std::int64_t> ids, Visit visit,
                           Repeat repeat) {
  std::vector<WantedRow> wanted(ids.size());
  bool sorted = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    wanted[i] = {ids[i], static_cast<std::uint32_t>(i)};
    sorted = sorted && (i == 0 || ids[i - 1] < ids[i]);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> repeats;
  if (!sorted) {
    std::sort(wanted.begin(), wanted.end(),
              [](const WantedRow& a, const WantedRow& b) { return a.id < b.id; });
    std::size_t kept = 0;
    for (const WantedRow& w : wanted) {
      if (kept > 0 && wanted[kept - 1].id == w.id) {
        repeats.emplace_back(w.input, wanted[kept - 1].input);
      } else {
        wanted[kept++] = w;
      }
    }
    wanted.resize(kept);
  }
  ScanPool& scans = pool(nodes ? kNodeByKey : kEdgeByKey);
  auto& places = places_[nodes ? 0 : 1];
  if (places == nullptr) places = row_places(nodes ? tables_.node : tables_.edge);
  const std::span<const WantedRow> all(wanted);
  PooledScan* s = nullptr;
  call([&] {
    s = scans.acquire(snapshot_);
    TupleDesc desc = RelationGetDescr(s->scan->heapRelation);
    PageReader pages(s->scan->heapRelation, snapshot_, places.get());
    MemoryContext scratch =
        AllocSetContextCreateInternal(context_, "graph rows", ALLOCSET_SMALL_SIZES);
    MemoryContext old = MemoryContextSwitchTo(scratch);
    HeapTupleData found[PageReader::kRun];
    for (std::size_t k = 0; k < all.size();) {
      const std::size_t n = pages.read(&all[k], all.size() - k, found);
      for (std::size_t i = 0; i < n; ++i)
        if (found[i].t_data != nullptr) visit(all[k + i].input, &found[i], desc);
      for (std::size_t i = 0; i < n; ++i) {
        if (found[i].t_data != nullptr || !fetch_by_id(s, all[k + i].id)) continue;
        bool free_row = false;
        HeapTuple row = ExecFetchSlotHeapTuple(s->slot, false, &free_row);
        visit(all[k + i].input, row, desc);
        pages.learn(ItemPointerGetBlockNumber(&s->slot->tts_tid));
        if (free_row) heap_freetuple(row);
      }
      k += n;
      MemoryContextReset(scratch);
      CHECK_FOR_INTERRUPTS();
    }
    pages.close();
    ExecClearTuple(s->slot);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(scratch);
  });
  scans.release(s);
  for (const auto& [i, j] : repeats) repeat(i, j);
}

void PgStore::read_nodes(std::span<const graph::NodeId> ids, Arena& arena, graph::NodeRecord* out) {
  std::fill(out, out + ids.size(), graph::NodeRecord{});
  for_each_row(
      true, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc) {
        out[i].found = true;
        out[i].labels = labels_in(row, desc, arena);
        out[i].properties =
            to_properties(map_in(row, kNodeProperties, desc), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; });
}

void PgStore::read_node_labels(std::span<const graph::NodeId> ids, Arena& arena,
                               std::span<const NameId>* out, bool* found) {
  std::fill(out, out + ids.size(), std::span<const NameId>{});
  std::fill(found, found + ids.size(), false);
  for_each_row(
      true, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc) {
        found[i] = true;
        out[i] = labels_in(row, desc, arena);
      },
      [&](std::uint32_t i, std::uint32_t j) {
        found[i] = found[j];
        out[i] = out[j];
      });
}

void PgStore::test_by_row(std::span<const graph::NodeId> ids, NameId label, std::int8_t* out) {
  for_each_row(
      true, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc) {
        out[i] = has_label(row, desc, label) ? 1 : 0;
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; });
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
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc) {
        found[i] = true;
        if (keys.empty()) return;
        const graph::MapView map = map_in(row, column, desc);
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
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc) {
        out[i].found = true;
        out[i].ref = ref_in(row, desc);
        out[i].properties =
            to_properties(map_in(row, kEdgeProperties, desc), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; });
}

}  // namespace rv::pg
