#include "pg/graph/attachment.h"

#include <algorithm>
#include <cstdlib>

#include "pg/base/datum.h"
#include "pg/base/relation_watch.h"
#include "pg/base/sql_cursor.h"
#include "pg/graph/names.h"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

constexpr const char* kTable = "attached";

constexpr const char* kMakeTable = R"( (
  number smallint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  kind "char" NOT NULL CHECK (kind IN ('l', 't')),
  name text COLLATE "C" NOT NULL,
  relation text NOT NULL,
  key text NOT NULL,
  source text, target text,
  source_label text COLLATE "C", target_label text COLLATE "C",
  properties jsonb,
  UNIQUE (kind, name)))";

// One row for each property of each mapping, all columns as text.
constexpr const char* kLoad = R"(
SELECT a.number, a.kind = 't', a.name, to_regclass(a.relation)::oid, a.relation,
  quote_ident(a.key), quote_ident(a.source), quote_ident(a.target), s.number, t.number,
  greatest(c.reltuples, 1), p.property, quote_ident(p.col), t2.atttypid::oid,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
    AND i.indkey[0] = t2.attnum)
FROM $A a LEFT JOIN pg_class c ON c.oid = to_regclass(a.relation)
  LEFT JOIN $A s ON s.kind = 'l' AND s.name = a.source_label
  LEFT JOIN $A t ON t.kind = 'l' AND t.name = a.target_label
  LEFT JOIN LATERAL (
    SELECT e.key, e.value FROM jsonb_each_text(a.properties) e
    UNION ALL
    SELECT attname, attname FROM pg_attribute WHERE a.properties IS NULL AND attrelid = c.oid AND attnum > 0
      AND NOT attisdropped AND attname IS DISTINCT FROM a.source AND attname IS DISTINCT FROM a.target
  ) p (property, col) ON true
  LEFT JOIN pg_attribute t2 ON t2.attrelid = c.oid AND t2.attname = p.col
ORDER BY a.number)";

struct Rows {
  const char** cells;  // kCells a row, nullptr for NULL
  std::size_t count;
};
constexpr int kCells = 15;

// Graphs to which nothing is attached, in slots by the numbers of their schemas. A new table is
// news.
struct Unattached {
  Oid schema = InvalidOid;
  std::uint64_t news = 0;
};

}  // namespace

std::vector<Attachment> load_attachments(std::string_view graph, const GraphTables& tables) {
  static Unattached known[16];
  Unattached& unattached = known[tables.schema % 16];
  const std::uint64_t news = relation_news();
  if (unattached.schema == tables.schema && unattached.news == news) return {};
  const Oid table = call([&] { return get_relname_relid(kTable, tables.schema); });
  if (!OidIsValid(table)) {
    unattached = {tables.schema, news};
    return {};
  }
  check_table_access(table, ACL_SELECT);
  std::string sql;
  const std::string name = qualified(graph, kTable);
  for (const char* c = kLoad; *c != '\0'; ++c) {
    if (c[0] == '$' && c[1] == 'A') {
      sql += name;
      ++c;
    } else {
      sql += *c;
    }
  }
  const char* text = sql.c_str();
  const Rows rows = call([&] {
    MemoryContext outer = CurrentMemoryContext;
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    if (SPI_execute(text, true, 0) != SPI_OK_SELECT) elog(ERROR, "attached tables not readable");
    Rows r{nullptr, SPI_processed};
    r.cells = static_cast<const char**>(
        MemoryContextAllocHuge(outer, sizeof(char*) * (r.count + 1) * kCells));
    for (std::size_t i = 0; i < r.count; ++i)
      for (int k = 0; k < kCells; ++k) {
        const char* cell = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, k + 1);
        r.cells[i * kCells + static_cast<std::size_t>(k)] =
            cell == nullptr ? nullptr : MemoryContextStrdup(outer, cell);
      }
    SPI_finish();
    return r;
  });
  std::vector<Attachment> out;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const char** c = rows.cells + i * kCells;
    const auto number = std::atoll(c[0]);
    if (out.empty() || out.back().number != number) {
      Attachment& a = out.emplace_back();
      a.number = number;
      a.is_type = c[1][0] == 't';
      a.text = c[2];
      if (c[3] == nullptr)
        throw Error(ErrorCode::undefined_object,
                    "table " + std::string(c[4]) + ", attached to the graph as \"" + a.text +
                        "\", does not exist",
                    {}, "Detach it with ruvector_graph_detach().");
      a.relation = c[4];
      a.key = c[5];
      if (a.is_type) {
        a.source = c[6];
        a.target = c[7];
        if (c[8] == nullptr || c[9] == nullptr)
          throw Error(ErrorCode::undefined_object, "the labels that relationships of type \"" +
                                                       a.text +
                                                       "\" join are not attached any more");
        a.source_nodes = std::atoll(c[8]);
        a.target_nodes = std::atoll(c[9]);
      }
      a.rows = std::atof(c[10]);
      a.name = find_graph_name(tables, a.is_type, a.text);
    }
    if (c[11] != nullptr)
      out.back().columns.push_back(
          {session_keys().intern(c[11]), c[12],
           c[13] == nullptr ? InvalidOid : static_cast<Oid>(std::strtoul(c[13], nullptr, 10)),
           c[14][0] == 't'});
  }
  for (auto& a : out)
    std::sort(a.columns.begin(), a.columns.end(),
              [](const AttachedColumn& x, const AttachedColumn& y) { return x.key < y.key; });
  return out;
}

namespace {

void need_column(Oid table, const std::string& column, bool integer) {
  const char* name = column.c_str();
  const Oid type = call([&] {
    const AttrNumber n = get_attnum(table, name);
    return n > 0 ? get_atttype(table, n) : InvalidOid;
  });
  if (!OidIsValid(type))
    throw Error(ErrorCode::undefined_column,
                "table " + quoted_relation(table) + " has no column \"" + column + "\"");
  if (integer && type != INT2OID && type != INT4OID && type != INT8OID)
    throw Error(ErrorCode::type_mismatch,
                "column \"" + column + "\" of table " + quoted_relation(table) +
                    " must be smallint, integer or bigint to be a key",
                {}, "Add a column GENERATED ALWAYS AS IDENTITY with a unique index.");
}

struct Mapping {
  std::string graph, name, key;
  Oid table;
  bool is_type;
  std::string source, target, source_label, target_label;
  std::string properties;  // an SQL expression
};

void attach(const Mapping& m) {
  const GraphTables tables = find_graph(m.graph);
  if (call([&] { return get_rel_relkind(m.table) == '\0'; }))
    throw Error(ErrorCode::undefined_object, "the table does not exist");
  need_column(m.table, m.key, true);
  if (m.is_type) {
    need_column(m.table, m.source, true);
    need_column(m.table, m.target, true);
  }
  const std::string attached = qualified(m.graph, kTable);
  if (!call([&] { return OidIsValid(get_relname_relid(kTable, tables.schema)); }))
    run_sql("CREATE TABLE " + attached + kMakeTable);
  const int32 id = make_graph_name(tables, m.is_type, m.name);
  const std::string number = std::to_string(id);
  // A label is stored or attached, not both: scans and indexes of either know one place.
  run_sql("DO $do$ BEGIN IF EXISTS (SELECT FROM " +
          (m.is_type ? qualified(m.graph, "edge") + " WHERE type = " + number
                     : qualified(m.graph, "node_label") + " WHERE label = " + number) +
          ") THEN RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = " +
          literal("\"" + m.name + "\" has stored " + (m.is_type ? "relationships" : "nodes") +
                  " in the graph") +
          "; END IF; END $do$");
  const auto text = [](const std::string& s) { return s.empty() ? "NULL" : literal(s); };
  if (m.is_type)
    for (const auto& label : {m.source_label, m.target_label})
      run_sql("DO $do$ BEGIN IF NOT EXISTS (SELECT FROM " + attached +
              " WHERE kind = 'l' AND name = " + literal(label) +
              ") THEN RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = " +
              literal("no table is attached as label \"" + label + "\"") + "; END IF; END $do$");
  run_sql("INSERT INTO " + attached +
          " (kind, name, relation, key, source, target, source_label, target_label, properties) "
          "VALUES ('" +
          (m.is_type ? "t" : "l") + "', " + literal(m.name) + ", " +
          literal(quoted_relation(m.table)) + ", " + literal(m.key) + ", " + text(m.source) + ", " +
          text(m.target) + ", " + text(m.source_label) + ", " + text(m.target_label) + ", " +
          m.properties + ")");
  // Wrong columns are told now, not by the first query.
  call([] {
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
  });
  for (const Attachment& a : load_attachments(m.graph, tables)) {
    if (a.is_type != m.is_type || a.text != m.name) continue;
    std::string columns = a.key;
    for (const auto& c : a.columns) columns += ", " + c.column;
    run_sql("SELECT " + columns + " FROM " + a.relation + " LIMIT 0");
  }
  call([] { PopActiveSnapshot(); });
  // Plans made before know nothing of the table.
  call([&] { CacheInvalidateRelcacheByRelid(tables.node); });
}

// A map of properties to columns, or NULL for every column by its name.
std::string properties_argument(FunctionCallInfo fcinfo, int n) {
  if (PG_ARGISNULL(n)) return "NULL";
  const Datum d = PG_GETARG_DATUM(n);
  return literal(call(
             [d]() -> const char* { return DatumGetCString(DirectFunctionCall1(jsonb_out, d)); })) +
         "::jsonb";
}

std::string required(FunctionCallInfo fcinfo, int n, const char* name) {
  if (PG_ARGISNULL(n))
    throw Error(ErrorCode::null_not_allowed, std::string("argument ") + name + " must not be null");
  return std::string(text_argument(fcinfo, n));
}

}  // namespace
}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

// ruvector_graph_attach_nodes(graph, label, table, key, properties)
RV_FUNCTION(rv_graph_attach_nodes)
{
  Mapping m;
  m.graph = required(fcinfo, 0, "graph");
  m.name = required(fcinfo, 1, "label");
  if (PG_ARGISNULL(2)) throw Error(ErrorCode::null_not_allowed, "argument table must not be null");
  m.table = PG_GETARG_OID(2);
  m.key = required(fcinfo, 3, "key");
  m.is_type = false;
  m.properties = properties_argument(fcinfo, 4);
  attach(m);
  PG_RETURN_VOID();
}

// ruvector_graph_attach_edges(graph, type, table, source, target, source_label, target_label, key,
// properties)
RV_FUNCTION(rv_graph_attach_edges)
{
  Mapping m;
  m.graph = required(fcinfo, 0, "graph");
  m.name = required(fcinfo, 1, "type");
  if (PG_ARGISNULL(2)) throw Error(ErrorCode::null_not_allowed, "argument table must not be null");
  m.table = PG_GETARG_OID(2);
  m.source = required(fcinfo, 3, "source");
  m.target = required(fcinfo, 4, "target");
  m.source_label = required(fcinfo, 5, "source_label");
  m.target_label = required(fcinfo, 6, "target_label");
  m.key = required(fcinfo, 7, "key");
  m.is_type = true;
  m.properties = properties_argument(fcinfo, 8);
  attach(m);
  PG_RETURN_VOID();
}

// ruvector_graph_detach(graph, name)
RV_FUNCTION(rv_graph_detach)
{
  const std::string graph(text_argument(fcinfo, 0));
  const std::string name(text_argument(fcinfo, 1));
  const GraphTables tables = find_graph(graph);
  const bool any = call([&] { return OidIsValid(get_relname_relid(kTable, tables.schema)); });
  if (any) run_sql("DELETE FROM " + qualified(graph, kTable) + " WHERE name = " + literal(name));
  call([&] { CacheInvalidateRelcacheByRelid(tables.node); });
  PG_RETURN_VOID();
}
