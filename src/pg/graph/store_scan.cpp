// Cursors over nodes, labels and relationships.
#include <algorithm>

#include "pg/graph/map_datum.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/table.h"
#include "utils/rel.h"
}

namespace rv::pg {

using graph::NameId;
using graph::NodeId;
using graph::RelationshipRef;

namespace {

TableScan begin(Oid table, Snapshot snapshot, MemoryContext context) {
  return call([&] {
    MemoryContext old = MemoryContextSwitchTo(context);
    TableScan s;
    s.rel = table_open(table, AccessShareLock);
    s.scan = table_beginscan(s.rel, snapshot, 0, nullptr);
    s.slot = table_slot_create(s.rel, nullptr);
    s.open = true;
    MemoryContextSwitchTo(old);
    return s;
  });
}

// Inside call().
void end(TableScan* s) {
  if (!s->open) return;
  s->open = false;
  table_endscan(s->scan);
  ExecDropSingleTupleTableSlot(s->slot);
  table_close(s->rel, NoLock);
}

template <class T, class Take>
std::size_t fill(TableScan* s, std::span<T> out, Take take) {
  return call([&] {
    std::size_t n = 0;
    if (!s->open) return n;
    while (n < out.size()) {
      if (!table_scan_getnextslot(s->scan, ForwardScanDirection, s->slot)) {
        end(s);
        break;
      }
      if (take(s->slot, out[n])) ++n;
      CHECK_FOR_INTERRUPTS();
    }
    return n;
  });
}

}  // namespace

// Scans that a cursor left before their end; the store ends them.
void PgStore::end_table_scans() {
  for (const auto& scan : table_scans_) {
    TableScan* s = scan.get();
    call([s] { end(s); });
  }
  table_scans_.clear();
}

TableScan* PgStore::begin_table_scan(Oid table) {
  check_table_access(table, ACL_SELECT);
  return table_scans_.emplace_back(std::make_unique<TableScan>(begin(table, snapshot_, context_)))
      .get();
}

class NodeTableCursor final : public graph::NodeCursor {
 public:
  explicit NodeTableCursor(TableScan* scan) : scan_(scan) {}
  std::size_t next(std::span<NodeId> out) override {
    return fill(scan_, out, [](TupleTableSlot* slot, NodeId& id) {
      bool null;
      id = DatumGetInt64(slot_getattr(slot, kNodeId, &null));
      return true;
    });
  }

 private:
  TableScan* scan_;
};

class EdgeTableCursor final : public graph::RelationshipCursor {
 public:
  EdgeTableCursor(TableScan* scan, std::span<const NameId> types)
      : scan_(scan), types_(types.begin(), types.end()) {}
  std::size_t next(std::span<RelationshipRef> out) override {
    return fill(scan_, out, [this](TupleTableSlot* slot, RelationshipRef& r) {
      bool null;
      r.type = DatumGetInt32(slot_getattr(slot, kEdgeType, &null));
      if (!types_.empty() && std::find(types_.begin(), types_.end(), r.type) == types_.end())
        return false;
      r.source = DatumGetInt64(slot_getattr(slot, kEdgeSource, &null));
      r.target = DatumGetInt64(slot_getattr(slot, kEdgeTarget, &null));
      r.id = DatumGetInt64(slot_getattr(slot, kEdgeId, &null));
      return true;
    });
  }

 private:
  TableScan* scan_;
  std::vector<NameId> types_;
};

// Index-only over (label, node).
class LabelCursor final : public graph::NodeCursor {
 public:
  LabelCursor(PgStore& store, NameId label) : store_(store) {
    walk_ = store.acquire_walk(PgStore::kLabelWalk);
    ScanPool* const pool = walk_ == nullptr ? &store.pool(PgStore::kLabelNodes) : nullptr;
    call([&] {
      if (walk_ != nullptr) return walk_->seek({{label}, 1}, store_.snapshot_);
      scan_ = pool->acquire(store_.snapshot_);
      ScanKeyData key;
      int4_key(&key, 1, label);
      rescan(scan_, &key, 1);
    });
  }
  ~LabelCursor() override {
    if (walk_ != nullptr) store_.release_walk(PgStore::kLabelWalk, walk_);
    if (scan_ != nullptr) store_.pools_[PgStore::kLabelNodes].release(scan_);
  }
  LabelCursor(const LabelCursor&) = delete;
  LabelCursor& operator=(const LabelCursor&) = delete;

  std::size_t next(std::span<NodeId> out) override {
    if (done_) return 0;
    const std::size_t n = call([&] {
      std::size_t i = 0;
      for (; i < out.size(); ++i) {
        const char* entry = next_entry();
        if (entry == nullptr) break;
        std::memcpy(&out[i], entry + 8, sizeof(NodeId));  // behind the int4 label, aligned
      }
      CHECK_FOR_INTERRUPTS();
      return i;
    });
    done_ = n < out.size();
    return n;
  }

 private:
  const char* next_entry() {
    if (walk_ == nullptr) return next_index_entry(scan_);
    if (at_ == run_) {
      run_ = walk_->next(&entries_);
      at_ = 0;
      if (run_ == 0) return nullptr;
    }
    return entries_ + KeyReader::kEntryBytes * at_++;
  }

  PgStore& store_;
  KeyReader* walk_ = nullptr;
  PooledScan* scan_ = nullptr;  // instead of it
  const char* entries_ = nullptr;
  std::size_t at_ = 0, run_ = 0;
  bool done_ = false;
};

std::unique_ptr<graph::NodeCursor> PgStore::scan_nodes() {
  return std::make_unique<NodeTableCursor>(begin_table_scan(tables_.node));
}

std::unique_ptr<graph::NodeCursor> PgStore::scan_label(NameId label) {
  return std::make_unique<LabelCursor>(*this, label);
}

std::unique_ptr<graph::RelationshipCursor> PgStore::scan_relationships(
    std::span<const NameId> types) {
  return std::make_unique<EdgeTableCursor>(begin_table_scan(tables_.edge), types);
}

// Property keys have no table: those in use are found by reading every row.
std::vector<NameId> PgStore::names(graph::NameKind kind) {
  if (kind != graph::NameKind::key) return names_.all(kind == graph::NameKind::type);
  std::vector<NameId> out;
  for (const Oid table : {tables_.node, tables_.edge}) {
    const AttrNumber column = table == tables_.node ? kNodeProperties : kEdgeProperties;
    TableScan* scan = begin_table_scan(table);
    char one[1];
    for (;;) {
      ScratchScope scratch(*this);
      const std::size_t n = fill(scan, std::span<char>(one), [&](TupleTableSlot* slot, char&) {
        bool null;
        const graph::MapView map(map_bytes(slot_getattr(slot, column, &null)));
        for (std::size_t i = 0; i < map.size(); ++i) {
          const NameId key = session_keys().intern(map.entry(i).key);
          if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
        }
        return true;
      });
      if (n == 0) break;
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace rv::pg
