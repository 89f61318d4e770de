// PgStore: its life, its tables and snapshots, names.
#include "pg/graph/store.h"

#include <algorithm>
#include <numeric>

extern "C" {
#include "access/xact.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::NameId;
using graph::NameKind;

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
  // A plan names indexes by their places in the list of all: those that it may name must stay.
  const auto indexes = ordered_indexes(tables_);
  if (!indexes->empty() && indexes->back().on_relationships) hold(tables_.edge);
}

// Most statements need only some of the tables, and to lock and unlock one takes a fiftieth of the
// time of a short one.
void PgStore::hold(Oid table) {
  if (table == tables_.node) return;
  bool& held = table == tables_.edge ? holds_edges_ : holds_labels_;
  if (held) return;
  const std::uint64_t before = graph_news();
  call([table] { LockRelationOid(table, AccessShareLock); });
  held = true;
  if (graph_news() == before) return;
  // Until now its indexes could be replaced, by REINDEX CONCURRENTLY. No scan of them is open yet;
  // those of other tables that are open stay so.
  tables_ = find_graph(graph_name_);
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
  if (write_state_ != nullptr) call([this] { FreeExecutorState(write_state_); });
  write_state_ = nullptr;
  end_table_scans();
  call([this] {
    for (auto& t : row_tables_) close_row_table(t);
    for (auto& p : pools_) p.close();
  });
  for (WalkPool& w : walks_) w.close();
  for (WalkPool& w : index_walks_) w.close();
  index_walks_.clear();
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
    hold(pools_[which].table());
    check_table_access(pools_[which].table(), ACL_SELECT);
    pools_checked_[which] = true;
  }
  return pools_[which];
}

void PgStore::WalkPool::close() {
  call([this] {
    for (const auto& r : all) r->close();
  });
  free.clear();
  all.clear();
}

KeyReader* PgStore::WalkPool::take() {
  KeyReader* const r = free.back();
  if (!call([r] { return r->usable(); })) return nullptr;
  r->remember();
  free.pop_back();
  return r;
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
  return w.take();
}

KeyReader* PgStore::acquire_index_walk(std::uint32_t index) {
  const PropertyIndex& x = seekable_indexes().at(index);
  if (x.on_relationships || x.keys.size() != 1) return nullptr;
  if (index_walks_.size() <= index) index_walks_.resize(index + 1);
  WalkPool& w = index_walks_[index];
  if (w.free.empty()) {
    pool(kNodeByKey);  // may the caller read the table?
    auto& made = w.all.emplace_back(std::make_unique<KeyReader>());
    made->init_bytes(tables_.node, x.index);
    w.free.reserve(w.all.size());
    w.free.push_back(made.get());
  }
  return w.take();
}

void PgStore::release_index_walk(std::uint32_t index, KeyReader* reader) noexcept {
  reader->rest();
  index_walks_[index].free.push_back(reader);
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
  if (store.scratch_ == nullptr)
    store.scratch_ = call([&store] {
      return AllocSetContextCreateInternal(store.context_, "graph row", ALLOCSET_SMALL_SIZES);
    });
  context_ = store.scratch_;
  outer_ = MemoryContextSwitchTo(context_);
}
PgStore::ScratchScope::~ScratchScope() {
  MemoryContextSwitchTo(outer_);
  MemoryContextReset(context_);
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

}  // namespace rv::pg
