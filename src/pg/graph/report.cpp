// ruvector_graph_stats() and ruvector_graph_check(): SQL over the tables of a graph.
#include <string>

#include "pg/base/datum.h"
#include "pg/graph/catalog.h"

extern "C" {
#include "executor/spi.h"
#include "funcapi.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

// $S is the schema of the graph.
constexpr std::string_view kStats = R"(
SELECT 'nodes', NULL::text, count(*), pg_catalog.pg_total_relation_size($T1) + pg_catalog.pg_total_relation_size($T2) FROM $S.node
UNION ALL SELECT 'relationships', NULL, count(*), pg_catalog.pg_total_relation_size($T3) FROM $S.edge
UNION ALL SELECT 'label', n.name, (SELECT count(*) FROM $S.node_label l WHERE l.label = n.id), NULL FROM $S.name n WHERE n.kind = 'l'
UNION ALL SELECT 'type', n.name, coalesce(c.count, 0), NULL FROM $S.name n
  LEFT JOIN (SELECT type, count(*) FROM $S.edge GROUP BY type) c ON c.type = n.id WHERE n.kind = 't')";

constexpr std::string_view kCheck = R"(
SELECT 'relationship without its source node', e.id FROM $S.edge e WHERE NOT EXISTS (SELECT FROM $S.node n WHERE n.id = e.source)
UNION ALL SELECT 'relationship without its target node', e.id FROM $S.edge e WHERE NOT EXISTS (SELECT FROM $S.node n WHERE n.id = e.target)
UNION ALL SELECT 'relationship of a type without a name', e.id FROM $S.edge e WHERE NOT EXISTS (SELECT FROM $S.name m WHERE m.id = e.type AND m.kind = 't')
UNION ALL SELECT 'node with a label without a name', n.id FROM $S.node n
  WHERE EXISTS (SELECT FROM pg_catalog.unnest(n.labels) l WHERE NOT EXISTS (SELECT FROM $S.name m WHERE m.id = l AND m.kind = 'l'))
UNION ALL SELECT 'node with a label that node_label does not have', n.id FROM $S.node n
  WHERE EXISTS (SELECT FROM pg_catalog.unnest(n.labels) l WHERE NOT EXISTS (SELECT FROM $S.node_label x WHERE x.label = l AND x.node = n.id))
UNION ALL SELECT 'node_label without a node of that label', x.node FROM $S.node_label x
  WHERE NOT EXISTS (SELECT FROM $S.node n WHERE n.id = x.node AND x.label = ANY (n.labels))
UNION ALL SELECT 'node with labels out of order', n.id FROM $S.node n
  WHERE n.labels IS DISTINCT FROM ARRAY(SELECT DISTINCT l FROM pg_catalog.unnest(n.labels) l ORDER BY l))";

std::string replaced(std::string_view text, std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "$S") {
      out += quoted(name);
      i += 1;
    } else if (text.substr(i, 2) == "$T") {
      const char which = text[i + 2];
      const char* table = which == '1' ? "node" : which == '2' ? "node_label" : "edge";
      out += literal(qualified(name, table)) + "::pg_catalog.regclass";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Runs the query as the caller and returns its rows.
Datum return_query(FunctionCallInfo fcinfo, std::string_view query) {
  const std::string graph(text_argument(fcinfo, 0));
  find_graph(graph);
  const std::string sql = replaced(query, graph);
  const char* text = sql.c_str();
  call([fcinfo, text] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    if (SPI_execute(text, true, 0) != SPI_OK_SELECT) elog(ERROR, "report of the graph failed");
    for (uint64 i = 0; i < SPI_processed; ++i)
      tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
    SPI_finish();
  });
  return Datum(0);
}

}  // namespace

RV_FUNCTION(rv_graph_stats)
{ return return_query(fcinfo, kStats); }

RV_FUNCTION(rv_graph_check)
{ return return_query(fcinfo, kCheck); }
