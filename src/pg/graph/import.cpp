// ruvector_graph_import(): nodes and relationships from SQL queries, in bulk.
//
// Rows come as the executor makes them; heap pages are filled many rows at a time. Tables that were
// empty get their indexes built afterwards in one sort, when the caller owns them; others row by
// row. Writers are kept out for the rest of the transaction, so no end of a relationship can go
// meanwhile.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/map/property_codec.h"
#include "pg/base/memory.h"
#include "pg/base/row_stream.h"
#include "pg/base/sql_cursor.h"
#include "pg/graph/catalog.h"
#include "pg/graph/import_edges.h"
#include "pg/graph/import_keys.h"
#include "pg/graph/map_datum.h"
#include "pg/graph/names.h"
#include "pg/graph/sql_value.h"
#include "pg/graph/writer.h"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::graph;

namespace {

// What a row takes in the sort of the largest index. Sorts that fit into memory are as fast without
// parallel workers, whose rows the leader reads from files.
constexpr std::int64_t kSortBytes = 96;
// After so many rows what reading them took is given back.
constexpr std::int64_t kRowsOfMemory = 1000;
// Relationships that wait to be written in order; more than these take too long to sort
// uninterrupted.
constexpr std::size_t kMostWaiting = std::size_t{256} << 20;

class Import {
 public:
  Import(std::string_view graph, std::string key)
      : tables_(find_graph(graph)), names_(tables_), key_(std::move(key)) {
    for (const Oid t : {tables_.node, tables_.node_label, tables_.edge})
      check_table_access(t, ACL_SELECT | ACL_INSERT);
    call([this] {
      PreventCommandIfReadOnly("ruvector_graph_import");
      for (const Oid t : {tables_.node, tables_.node_label, tables_.edge})
        LockRelationOid(t, ShareRowExclusiveLock);
    });
  }

  std::int64_t nodes(const std::string& query);
  std::int64_t edges(const std::string& query);

 private:
  // Where the columns of a query are; -1 when there are none.
  struct Columns {
    int key = -1, label = -1, labels = -1, properties = -1;
    int source = -1, target = -1, type = -1, source_label = -1, target_label = -1;
    std::vector<int> own;  // the others: properties by their names
    std::vector<std::string> names;
  };
  // One row of a query.
  struct Row {
    const Columns& columns;
    TupleDesc desc;
    const Datum* values;
    const bool* nulls;
  };
  Columns columns(TupleDesc desc, bool nodes) const;
  // Calls take(row) for each row of the query; the number of rows.
  template <class Take>
  std::int64_t each(const std::string& query, bool nodes, Take take);
  Value value(const Row& row, int column);  // null where there is no such column
  std::string_view properties(const Row& row);
  void labels_of(const Row& row, std::vector<NameId>& labels);
  bool take_over_indexes(Oid table, TableWriter& writer);
  void rebuild(Oid table, std::int64_t rows);
  static std::int64_t next_id(Oid sequence);
  NameId name_id(bool is_type, const Value& v, const char* column);
  // One end of the edges: its column, and the label that was named last with what is known of it.
  struct End {
    const char* column;
    std::string label;
    KeyMap* keys = nullptr;
  };
  KeyMap* keys_of(End& end, const Value& label);
  std::int64_t resolve(const Value& key, End& end, const Value& label);
  void load_existing();

  GraphTables tables_;
  GraphNames names_;
  std::string key_;
  KeyMap by_key_;
  std::unordered_map<NameId, KeyMap> by_label_;
  End source_{"source", {}}, target_{"target", {}};
  bool existing_loaded_ = false;
  MapBuilder builder_;
  std::string encoded_;
  Arena arena_;
  // Rows of one label or type mostly come together.
  struct LastName {
    std::string text;
    NameId id = kNoName;
  } last_names_[2];

  void remember(const SourceKey& key, std::int64_t id, std::span<const NameId> labels);
};

Import::Columns Import::columns(TupleDesc desc, bool nodes) const {
  Columns c;
  for (int i = 0; i < desc->natts; ++i) {
    const std::string name = NameStr(TupleDescAttr(desc, i)->attname);
    c.names.push_back(name);
    const auto is = [&](const char* reserved, int& where) {
      if (name != reserved) return false;
      where = i;
      return true;
    };
    if (is("properties", c.properties)) continue;
    if (nodes) {
      if (name == key_) c.key = i;
      if (is("label", c.label) || is("labels", c.labels)) continue;
    } else if (is("source", c.source) || is("target", c.target) || is("type", c.type) ||
               is("source_label", c.source_label) || is("target_label", c.target_label)) {
      continue;
    }
    c.own.push_back(i);
  }
  if (nodes && c.label < 0 && c.labels < 0)
    throw Error(ErrorCode::undefined_column,
                "the nodes query must return a column \"label\" or \"labels\"");
  if (!nodes && (c.source < 0 || c.target < 0 || c.type < 0))
    throw Error(ErrorCode::undefined_column,
                "the edges query must return the columns \"source\", \"target\" and \"type\"");
  return c;
}

template <class Take>
std::int64_t Import::each(const std::string& query, bool nodes, Take take) {
  Columns c;
  TupleDesc desc = nullptr;
  std::int64_t count = 0;
  const ScopedContext memory("import");  // of values that are read from out of line
  stream_rows(query, {}, {.taker_writes = true, .description = &desc},
              [&](const Datum* values, const bool* nulls) {
                if (count == 0) c = columns(desc, nodes);
                // An error restores the context at the door it leaves by.
                MemoryContext outer = MemoryContextSwitchTo(memory.get());
                take(Row{c, desc, values, nulls});
                MemoryContextSwitchTo(outer);
                if (++count % kRowsOfMemory != 0) return;
                arena_.clear();
                MemoryContextReset(memory.get());
              });
  return count;
}

Value Import::value(const Row& row, int column) {
  if (column < 0) return {};
  return value_of_datum(row.values[column], row.nulls[column],
                        TupleDescAttr(row.desc, column)->atttypid, arena_);
}

std::string_view Import::properties(const Row& row) {
  const auto& [c, desc, values, nulls] = row;
  builder_.clear();
  const auto set = [this](std::string_view key, const Value& v) {
    if (!v.is_null()) encode_value(builder_.set(key), v);
  };
  if (c.properties >= 0 && !nulls[c.properties]) {
    const Value map = value_of_datum(values[c.properties], false,
                                     TupleDescAttr(desc, c.properties)->atttypid, arena_);
    if (!map.is(Kind::map))
      throw Error(ErrorCode::type_mismatch, "column \"properties\" must be a JSON object");
    for (const auto& e : map.as_map()) set(e.key, e.value);
  }
  for (const int i : c.own) {
    if (nulls[i]) continue;
    const std::string& name = c.names[static_cast<std::size_t>(i)];
    // The types of most columns need no detour.
    switch (TupleDescAttr(desc, i)->atttypid) {
      case INT8OID:
        encode_integer(builder_.set(name), DatumGetInt64(values[i]));
        break;
      case INT4OID:
        encode_integer(builder_.set(name), DatumGetInt32(values[i]));
        break;
      case TEXTOID: {
        const auto bytes = map_bytes(values[i]);
        encode_string(builder_.set(name),
                      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        break;
      }
      default:
        set(name, value_of_datum(values[i], false, TupleDescAttr(desc, i)->atttypid, arena_));
    }
  }
  encoded_.assign(VARHDRSZ, '\0');
  builder_.finish(encoded_);
  SET_VARSIZE(encoded_.data(), encoded_.size());
  return encoded_;
}

// For an empty table that the caller owns indexes can wait until all rows are there.
bool Import::take_over_indexes(Oid table, TableWriter& writer) {
  Relation rel = writer.relation();
  const bool can = call([table, rel] {
    return RelationGetNumberOfBlocks(rel) == 0 && rv_class_ownercheck(table, GetUserId());
  });
  if (can) writer.leave_out_indexes();
  return can;
}

namespace {

bool deduplicates(Oid index) {
  return call([index] {
    Relation rel = index_open(index, AccessShareLock);
    const bool out = BTGetDeduplicateItems(rel);
    index_close(rel, NoLock);
    return out;
  });
}

}  // namespace

// New rows differ in the columns of edge_out and edge_in: looking for equal entries would take an
// eighth of the import. Later it pays, when versions of a row pile up.
void Import::rebuild(Oid table, std::int64_t rows) {
  std::string sql = "REINDEX TABLE " + quoted_relation(table);
  for (const Oid index : {tables_.edge_out, tables_.edge_in}) {
    if (table != tables_.edge || !deduplicates(index)) continue;
    const std::string alter = "ALTER INDEX " + quoted_relation(index);
    sql.insert(0, alter + " SET (deduplicate_items = off); ");
    sql.append("; ").append(alter).append(" RESET (deduplicate_items)");
  }
  const char* text = sql.c_str();
  const bool alone = rows < maintenance_work_mem * std::int64_t{1024} / kSortBytes;
  call([text, alone] {
    CommandCounterIncrement();
    const int level = NewGUCNestLevel();
    if (alone)
      (void)set_config_option("max_parallel_maintenance_workers", "0", PGC_USERSET, PGC_S_SESSION,
                              GUC_ACTION_SAVE, true, 0, false);
    const int r = SPI_execute(text, false, 0);
    if (r < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(r));
    AtEOXact_GUC(false, level);
  });
}

std::int64_t Import::next_id(Oid sequence) {
  return call([sequence] { return nextval_internal(sequence, false); });
}

NameId Import::name_id(bool is_type, const Value& v, const char* column) {
  if (!v.is(Kind::string))
    throw Error(ErrorCode::type_mismatch,
                std::string("column \"") + column + "\" must be a text, and not null");
  LastName& last = last_names_[is_type ? 1 : 0];
  if (last.id == kNoName || last.text != v.as_string()) {
    last.id = names_.intern(is_type, v.as_string());
    last.text = v.as_string();
  }
  return last.id;
}

void Import::remember(const SourceKey& key, std::int64_t id, std::span<const NameId> labels) {
  by_key_.add(key, id);
  for (const NameId l : labels) by_label_[l].add(key, id);
}

void Import::labels_of(const Row& row, std::vector<NameId>& labels) {
  const Columns& c = row.columns;
  labels.clear();
  if (const Value label = value(row, c.label); !label.is_null())
    labels.push_back(name_id(false, label, "label"));
  if (const Value list = value(row, c.labels); !list.is_null()) {
    if (!list.is(Kind::list))
      throw Error(ErrorCode::type_mismatch, "column \"labels\" must be an array of text");
    for (const Value& l : list.as_list()) labels.push_back(name_id(false, l, "labels"));
  }
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
}

std::int64_t Import::nodes(const std::string& query) {
  TableWriter node(tables_.node);
  TableWriter node_label(tables_.node_label);
  const bool late = take_over_indexes(tables_.node, node);
  const bool late_labels = take_over_indexes(tables_.node_label, node_label);
  std::vector<NameId> labels;
  std::string array(ARR_OVERHEAD_NONULLS(1), '\0');
  const std::int64_t count = each(query, true, [&](const Row& row) {
    labels_of(row, labels);
    const std::int64_t id = next_id(tables_.node_ids);
    array.resize(labels.empty() ? ARR_OVERHEAD_NONULLS(0)
                                : ARR_OVERHEAD_NONULLS(1) + labels.size() * sizeof(NameId));
    auto* a = reinterpret_cast<ArrayType*>(array.data());
    SET_VARSIZE(a, array.size());
    a->ndim = labels.empty() ? 0 : 1;
    a->dataoffset = 0;
    a->elemtype = INT4OID;
    if (!labels.empty()) {
      ARR_DIMS(a)[0] = static_cast<int>(labels.size());
      ARR_LBOUND(a)[0] = 1;
      std::memcpy(ARR_DATA_PTR(a), labels.data(), labels.size() * sizeof(NameId));
    }
    const auto map = properties(row);
    const Datum columns[] = {Int64GetDatum(id), PointerGetDatum(a), PointerGetDatum(map.data())};
    node.add(columns);
    for (const NameId l : labels) {
      const Datum pair[] = {Int32GetDatum(l), Int64GetDatum(id)};
      node_label.add(pair);
    }
    if (const Value key = value(row, row.columns.key); !key.is_null())
      remember(key_of(key, key_.c_str()), id, labels);
  });
  node.close();
  node_label.close();
  if (late) rebuild(tables_.node, count);
  if (late_labels) rebuild(tables_.node_label, count);
  return count;
}

// Keys of the nodes that were there before, when an edge asks for one.
void Import::load_existing() {
  existing_loaded_ = true;
  const PropertyKey key(key_);
  struct Node {
    std::int64_t id;
    Datum labels;
    Datum map;
  };
  struct Scan {
    Relation rel;
    TableScanDesc scan;
    TupleTableSlot* slot;
    Snapshot snapshot;
  };
  const Oid table = tables_.node;
  const Scan s = call([table] {
    CommandCounterIncrement();
    Scan out;
    out.rel = table_open(table, AccessShareLock);
    out.snapshot = RegisterSnapshot(GetLatestSnapshot());
    out.scan = table_beginscan(out.rel, out.snapshot, 0, nullptr);
    out.slot = table_slot_create(out.rel, nullptr);
    return out;
  });
  std::vector<NameId> labels;
  for (;;) {
    Node n{};
    const bool more = call([&] {
      if (!table_scan_getnextslot(s.scan, ForwardScanDirection, s.slot)) return false;
      bool null;
      n.id = DatumGetInt64(slot_getattr(s.slot, kNodeId, &null));
      n.labels = PointerGetDatum(DatumGetArrayTypeP(slot_getattr(s.slot, kNodeLabels, &null)));
      n.map = slot_getattr(s.slot, kNodeProperties, &null);
      return true;
    });
    if (!more) break;
    const auto found = MapView(map_bytes(n.map)).find(key);
    if (!found || (found->type() != PropertyType::integer && found->type() != PropertyType::string))
      continue;
    const SourceKey k = found->type() == PropertyType::integer
                            ? SourceKey{true, found->integer(), {}}
                            : source_key(found->string());
    auto* array = DatumGetArrayTypeP(n.labels);
    const int count = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
    const auto* ids = reinterpret_cast<const NameId*>(ARR_DATA_PTR(array));
    labels.assign(ids, ids + count);
    remember(k, n.id, labels);
    check_interrupts();
  }
  call([&s] {
    ExecDropSingleTupleTableSlot(s.slot);
    table_endscan(s.scan);
    UnregisterSnapshot(s.snapshot);
    table_close(s.rel, NoLock);
  });
}

// Keys of the nodes with the label, null when there are none; of all nodes where none is named.
KeyMap* Import::keys_of(End& end, const Value& label) {
  if (label.is_null()) return &by_key_;
  if (!label.is(Kind::string))
    throw Error(ErrorCode::type_mismatch, "source_label and target_label must be texts");
  if (end.keys != nullptr && end.label == label.as_string()) return end.keys;
  const auto it = by_label_.find(names_.find(false, label.as_string()));
  if (it == by_label_.end()) return nullptr;
  end.label = label.as_string();
  return end.keys = &it->second;
}

std::int64_t Import::resolve(const Value& key, End& end, const Value& label) {
  const SourceKey k = key_of(key, end.column);
  for (;;) {
    KeyMap* keys = keys_of(end, label);
    if (const Known* known = keys == nullptr ? nullptr : keys->find(k)) {
      if (!known->ambiguous) return known->id;
      throw Error(ErrorCode::invalid_argument,
                  "several nodes have the key \"" + key_text(k) + "\" that an edge names", {},
                  "Return source_label and target_label from the edges query.");
    }
    if (existing_loaded_) break;
    load_existing();
  }
  throw Error(ErrorCode::undefined_object, "no node has the key \"" + key_text(k) +
                                               "\" that column \"" + end.column +
                                               "\" of the edges query names");
}

std::int64_t Import::edges(const std::string& query) {
  TableWriter edge(tables_.edge);
  const bool late = take_over_indexes(tables_.edge, edge);
  ImportEdges waiting;
  // Half: keys of the nodes and the sort of an index want memory, too.
  const std::size_t most =
      std::min(static_cast<std::size_t>(maintenance_work_mem) * 1024 / 2, kMostWaiting);
  const auto write = [&] {
    waiting.drain([&](const ImportEdges::Edge& e, const char* properties) {
      const Datum columns[] = {Int64GetDatum(next_id(tables_.edge_ids)), Int32GetDatum(e.type),
                               Int64GetDatum(e.source), Int64GetDatum(e.target),
                               PointerGetDatum(properties)};
      edge.add(columns);
    });
    check_interrupts();
  };
  const std::int64_t count = each(query, false, [&](const Row& row) {
    const Columns& c = row.columns;
    const NameId type = name_id(true, value(row, c.type), "type");
    const std::int64_t source = resolve(value(row, c.source), source_, value(row, c.source_label));
    const std::int64_t target = resolve(value(row, c.target), target_, value(row, c.target_label));
    waiting.add(source, target, type, properties(row));
    if (waiting.memory() >= most) write();
  });
  write();
  edge.close();
  if (late) rebuild(tables_.edge, count);
  return count;
}

}  // namespace

// ruvector_graph_import(graph, nodes, edges, key) -> (nodes, relationships)
RV_FUNCTION(rv_graph_import)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(3)) PG_RETURN_NULL();
  const std::string graph(text_argument(fcinfo, 0));
  const auto query = [fcinfo](int n) {
    return PG_ARGISNULL(n) ? std::string() : std::string(text_argument(fcinfo, n));
  };
  const std::string node_query = query(1);
  const std::string edge_query = query(2);
  call([] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
  std::int64_t nodes = 0;
  std::int64_t edges = 0;
  {
    Import import(graph, query(3));
    if (!node_query.empty()) nodes = import.nodes(node_query);
    if (!edge_query.empty()) edges = import.edges(edge_query);
  }
  call([] {
    CommandCounterIncrement();
    SPI_finish();
  });
  return record_datum<2>(fcinfo, {Int64GetDatum(nodes), Int64GetDatum(edges)});
}
