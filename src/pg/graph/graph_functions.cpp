// ruvector_create_graph() and the other functions that make and drop what graphs consist of.
#include "core/graph/map/property_schema.h"
#include "core/graph/map/property_text.h"
#include "pg/graph/catalog.h"
#include "pg/graph/ddl.h"
#include "pg/graph/map_datum.h"

extern "C" {
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::graph;

namespace {

void check_new_name(std::string_view name, const char* what) {
  if (name.empty() || name.size() >= NAMEDATALEN)
    throw Error(ErrorCode::invalid_argument, std::string("name of a ") + what + " must have 1 to " +
                                                 std::to_string(NAMEDATALEN - 1) + " bytes, not " +
                                                 std::to_string(name.size()));
}

void declare(FunctionCallInfo fcinfo, bool is_type) {
  const auto graph = text_argument(fcinfo, 0);
  const auto name = text_argument(fcinfo, 1);
  check_new_name(name, is_type ? "relationship type" : "label");
  const GraphTables tables = find_graph(graph);
  const Datum d = PG_GETARG_DATUM(2);
  const char* json = call([d] {
    Jsonb* j = DatumGetJsonbP(d);
    return JsonbToCString(nullptr, &j->root, static_cast<int>(VARSIZE(j)));
  });
  std::string stored;
  parse_map(json, stored);
  check_table_access(tables.name, ACL_SELECT | ACL_INSERT);
  const int32 id = make_graph_name(tables, is_type, name);
  // The view has the label's name; what the graph itself is made of keeps its own.
  const std::string prefixed = (is_type ? "type_" : "label_") + std::string(name);
  const auto relkind = [&tables](const std::string& relation) {
    const char* r = relation.c_str();
    return call([&] {
      const Oid existing = get_relname_relid(r, tables.schema);
      return OidIsValid(existing) ? get_rel_relkind(existing) : '\0';
    });
  };
  const std::string own(name);
  const bool reserved = own == "nodes" || own == "relationships";
  const bool taken = reserved || (relkind(own) != '\0' && relkind(own) != RELKIND_VIEW);
  if (relkind(taken ? prefixed : own) != '\0')
    throw Error(ErrorCode::duplicate_object,
                std::string(is_type ? "relationship type" : "label") + " \"" + own +
                    "\" is already declared",
                {}, "Add further rules with Cypher's CREATE CONSTRAINT.");
  const MapView properties(std::as_bytes(std::span(stored)));
  run_sql(declare_sql(graph, extension_schema(fcinfo), is_type, name, id, properties, taken));
}

}  // namespace

RV_FUNCTION(rv_create_graph)
{
  const auto name = text_argument(fcinfo, 0);
  check_new_name(name, "graph");
  const std::string copy(name);
  if (call([&] { return OidIsValid(get_namespace_oid(copy.c_str(), true)); }))
    throw Error(ErrorCode::duplicate_object,
                OidIsValid(look_up_graph(name).schema) ? "graph \"" + copy + "\" already exists"
                                                       : "schema \"" + copy + "\" already exists",
                "A graph is a schema of its own.");
  run_sql(create_graph_sql(name, extension_schema(fcinfo)));
  PG_RETURN_VOID();
}

RV_FUNCTION(rv_drop_graph)
{
  const auto name = text_argument(fcinfo, 0);
  const bool if_exists = PG_GETARG_BOOL(1);
  if (if_exists && !OidIsValid(look_up_graph(name).schema)) PG_RETURN_VOID();
  const GraphTables tables = find_graph(name);
  const std::string others =
      "SELECT 1 FROM pg_catalog.pg_class WHERE relnamespace = " + std::to_string(tables.schema) +
      " AND relkind IN ('r', 'p', 'f', 'm') AND relname NOT IN ('node', 'node_label', 'edge', "
      "'name', 'attached')";
  const bool foreign = call([&] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPI_execute(others.c_str(), true, 1);
    const bool found = SPI_processed > 0;
    SPI_finish();
    return found;
  });
  if (foreign)
    throw Error(ErrorCode::wrong_state,
                "schema \"" + std::string(name) + "\" holds tables that are not of the graph", {},
                "Drop or move them first.");
  // Quiet about the parts of the graph itself; the caller's setting comes back, also after errors.
  const int level = call([] {
    const int nested = NewGUCNestLevel();
    (void)set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
    return nested;
  });
  run_sql("DROP SCHEMA " + quoted(name) + " CASCADE");
  call([level] { AtEOXact_GUC(true, level); });
  PG_RETURN_VOID();
}

RV_FUNCTION(rv_create_node_label)
{
  declare(fcinfo, false);
  PG_RETURN_VOID();
}

RV_FUNCTION(rv_create_edge_type)
{
  declare(fcinfo, true);
  PG_RETURN_VOID();
}

// Whether a property is as declared: the body of the CHECK constraints.
RV_FUNCTION(rv_graph_property_conforms)
{
  const MapView map(map_bytes(PG_GETARG_DATUM(0)));
  const auto type = parse_declared_type(text_argument(fcinfo, 2));
  PG_RETURN_BOOL(conforms(map.find(PropertyKey(text_argument(fcinfo, 1))), type));
}
