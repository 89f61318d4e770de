#include "pg/graph/names.h"

#include <algorithm>

#include "pg/base/relation_watch.h"
#include "pg/graph/edge_lists.h"
#include "pg/graph/label_sets.h"
#include "pg/graph/row_places.h"
#include "pg/graph/row_values.h"

extern "C" {
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

using graph::kNoName;
using graph::NameId;

struct Entry {
  NameId id;
  bool is_type;
  bool committed;
  const char* text;
  int length;
};

// Reads the name table under the latest snapshot; the texts live in the current memory context.
struct Entries {
  Entry* rows;
  std::size_t count;
};
Entries read_names(Oid table) {
  return call([table] {
    Entries out{nullptr, 0};
    std::size_t room = 64;
    out.rows = static_cast<Entry*>(palloc(room * sizeof(Entry)));
    Relation rel = table_open(table, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan(rel, snapshot, 0, nullptr);
    TupleTableSlot* slot = table_slot_create(rel, nullptr);
    while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
      if (out.count == room) {
        room *= 2;
        out.rows = static_cast<Entry*>(repalloc(out.rows, room * sizeof(Entry)));
      }
      bool null;
      Entry& e = out.rows[out.count++];
      e.id = DatumGetInt32(slot_getattr(slot, kNameId, &null));
      e.is_type = DatumGetChar(slot_getattr(slot, kNameKind, &null)) == 't';
      char* copy = TextDatumGetCString(slot_getattr(slot, kNameName, &null));
      e.text = copy;
      e.length = static_cast<int>(strlen(copy));
      const Datum xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &null);
      e.committed = !TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
    }
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(rel, NoLock);
    return out;
  });
}

}  // namespace

// Committed names by name table, for the life of the session.
struct SessionNames {
  std::unordered_map<Oid, GraphNames::Table> graphs;

  static SessionNames& get() {
    static auto* const names = [] {
      auto* made = new SessionNames;
      watch_relations(forget);
      return made;
    }();
    return *names;
  }
  // A dropped, truncated or rewritten table; called by PostgreSQL.
  static void forget(Oid table) noexcept {
    forget_row_places(table);
    forget_row_values(table);
    forget_edge_lists(table);
    forget_label_sets(table);
    auto& graphs = get().graphs;
    if (OidIsValid(table)) {
      graphs.erase(table);
    } else {
      graphs.clear();
    }
  }
};

graph::KeyTable& session_keys() {
  static auto* const keys = new graph::KeyTable;
  return *keys;
}

// What the session remembers watches the catalogue before anything is remembered.
GraphNames::GraphNames(const GraphTables& tables) : tables_(tables) { SessionNames::get(); }

void GraphNames::load() {
  check_table_access(tables_.name, ACL_SELECT);
  const Entries entries = read_names(tables_.name);
  auto& session = SessionNames::get().graphs[tables_.name];
  loaded_ = true;
  for (std::size_t i = 0; i < entries.count; ++i) {
    const Entry& e = entries.rows[i];
    Table& to = e.committed ? session : own_;
    std::string text(e.text, static_cast<std::size_t>(e.length));
    to.by_id.emplace(e.id, text);
    to.by_name[e.is_type ? 1 : 0].emplace(std::move(text), e.id);
  }
}

NameId GraphNames::find(bool is_type, std::string_view name) {
  const std::string key(name);
  for (;;) {
    const Table& session = SessionNames::get().graphs[tables_.name];
    for (const Table* t : {&session, static_cast<const Table*>(&own_)}) {
      const auto& names = t->by_name[is_type ? 1 : 0];
      if (const auto it = names.find(key); it != names.end()) return it->second;
    }
    if (loaded_) return kNoName;
    load();
  }
}

NameId GraphNames::intern(bool is_type, std::string_view name) {
  if (const NameId id = find(is_type, name); id != kNoName) return id;
  check_table_access(tables_.name, ACL_INSERT);
  const NameId id = make_graph_name(tables_, is_type, name);
  own_.by_id.emplace(id, std::string(name));
  own_.by_name[is_type ? 1 : 0].emplace(std::string(name), id);
  return id;
}

std::string_view GraphNames::name(bool is_type, NameId id) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    // A name handed out must last as long as the query: the session's entry may be forgotten.
    if (const auto it = own_.by_id.find(id); it != own_.by_id.end()) return it->second;
    const auto& session = SessionNames::get().graphs[tables_.name];
    if (const auto it = session.by_id.find(id); it != session.by_id.end())
      return own_.by_id.emplace(id, it->second).first->second;
    load();
  }
  throw Error(ErrorCode::corrupted_data, std::string(is_type ? "relationship type " : "label ") +
                                             std::to_string(id) + " has no name in the graph");
}

std::size_t GraphNames::count(bool is_type) {
  const Table& session = SessionNames::get().graphs[tables_.name];
  return session.by_name[is_type ? 1 : 0].size() + own_.by_name[is_type ? 1 : 0].size();
}

std::vector<NameId> GraphNames::all(bool is_type) {
  load();
  std::vector<NameId> out;
  const auto& session = SessionNames::get().graphs[tables_.name];
  for (const Table* t : {&session, static_cast<const Table*>(&own_)})
    for (const auto& [text, id] : t->by_name[is_type ? 1 : 0]) out.push_back(id);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace rv::pg
