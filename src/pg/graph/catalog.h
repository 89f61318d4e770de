// Which tables make up a graph, and who may use them.
//
// A graph is a schema of ordinary tables (docs/graph.md); nothing else is recorded, so dumps,
// replicas and DROP SCHEMA need no help. A schema is a graph when it holds the tables below with
// a column of type cypher_map in `node`.
#pragma once

#include <string>
#include <string_view>

#include "pg/base/guard.h"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace rv::pg {

struct GraphTables {
  Oid schema = InvalidOid;
  Oid node = InvalidOid;
  Oid node_label = InvalidOid;
  Oid edge = InvalidOid;
  Oid name = InvalidOid;
  Oid node_key = InvalidOid;  // primary key indexes
  Oid node_label_key = InvalidOid;
  Oid edge_key = InvalidOid;
  Oid edge_out = InvalidOid;  // (source, type, target, id)
  Oid edge_in = InvalidOid;   // (target, type, source, id)
  Oid name_key = InvalidOid;
  Oid name_by_name = InvalidOid;  // (kind, name)
  Oid node_ids = InvalidOid;      // sequences
  Oid edge_ids = InvalidOid;
  Oid name_ids = InvalidOid;
  Oid map_type = InvalidOid;  // cypher_map
  bool operator==(const GraphTables&) const = default;
};

// Attribute numbers.
inline constexpr AttrNumber kNodeId = 1, kNodeLabels = 2, kNodeProperties = 3;
inline constexpr AttrNumber kEdgeId = 1, kEdgeType = 2, kEdgeSource = 3, kEdgeTarget = 4,
                            kEdgeProperties = 5;
inline constexpr AttrNumber kNameId = 1, kNameKind = 2, kNameName = 3;

// The tables of the graph, for a user who may use its schema (42501); 42704 when there is no graph
// of that name.
GraphTables find_graph(std::string_view name);
// The same, and the table of nodes is locked for reading to the end of the transaction, so that the
// graph stays, and an index of that table that REINDEX CONCURRENTLY replaces stays complete.
GraphTables open_graph(std::string_view name);
// Goes up when what find_graph() says of any graph may have changed.
std::uint64_t graph_news() noexcept;
// All zero when there is none; checks no privilege.
GraphTables look_up_graph(std::string_view name);

// Raises 42501 unless the current user may do this to the table, and 0A000 when it has row
// security that applies to them, or (for writes) triggers: direct access bypasses both.
void check_table_access(Oid table, AclMode mode);

// `text` as an SQL identifier or literal.
std::string quoted(std::string_view text);
std::string literal(std::string_view text);
// "schema"."relation"
std::string qualified(std::string_view schema, std::string_view relation);
// The schema that holds the extension, quoted, found by one of its functions.
std::string extension_schema(FunctionCallInfo fcinfo);
// The schema of a type, quoted.
std::string type_schema(Oid type);

// Runs SQL as the caller, one or more statements.
void run_sql(const std::string& sql);

inline constexpr int32 kNoGraphName = -1;
// The id of a label or relationship type; kNoGraphName when there is none. Reads what is committed
// now, whatever the snapshot of the query is.
int32 find_graph_name(const GraphTables& graph, bool is_type, std::string_view name);
// The same, made when it is missing; safe when two sessions do so at once.
int32 make_graph_name(const GraphTables& graph, bool is_type, std::string_view name);

}  // namespace rv::pg
