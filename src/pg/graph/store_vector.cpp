// Nearest nodes by a vector property: through SQL, whose planner knows the vector indexes.
#include <algorithm>
#include <cmath>

#include "pg/graph/map_datum.h"
#include "pg/graph/store.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "parser/parse_type.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace rv::pg {

using graph::NameId;
using graph::ScoredNode;

namespace {

const char* order_operator(std::string_view metric) {
  if (metric == "cosine") return "<=>";
  if (metric == "l2" || metric == "euclidean") return "<->";
  if (metric == "ip" || metric == "inner_product" || metric == "dot") return "<#>";
  if (metric == "l1") return "<+>";
  throw Error(ErrorCode::invalid_argument, "unknown metric \"" + std::string(metric) + "\"", {},
              "Use cosine, l2, ip or l1.");
}

struct Rows {
  ScoredNode* rows;
  std::size_t count;
};

}  // namespace

bool PgStore::has_vector_index(NameId label, NameId key, std::string_view metric) {
  const std::string_view op = order_operator(metric);
  const auto all = property_indexes(tables_, false);
  return std::any_of(all.begin(), all.end(), [&](const PropertyIndex& x) {
    return x.vector && x.label == label && x.keys.at(0) == session_keys()[key].name &&
           x.order_operator == op;
  });
}

std::vector<ScoredNode> PgStore::nearest_nodes(NameId label, NameId key,
                                               std::span<const float> query, std::size_t k,
                                               std::string_view metric) {
  if (query.empty() || k == 0) return {};
  if (query.size() > static_cast<std::size_t>(kMaxDim))
    throw Error(ErrorCode::limit_exceeded, "vector of " + std::to_string(query.size()) +
                                               " dimensions exceeds the limit of " +
                                               std::to_string(kMaxDim));
  check_table_access(tables_.node, ACL_SELECT);
  const std::string name = session_keys()[key].name;
  const std::string extension = type_schema(tables_.map_type);
  // The expression must be an index's, its length included, for the planner to use the index.
  int dimensions = -1;
  std::string op = metric.empty() ? "<=>" : order_operator(metric);
  for (const auto& x : property_indexes(tables_, false)) {
    if (!x.vector || x.label != label || x.keys.at(0) != name) continue;
    if (!metric.empty() && x.order_operator != op) continue;
    op = x.order_operator;
    dimensions = x.dimensions;
    break;
  }
  std::string vector = extension + ".ruvector_property_vector(properties, " + literal(name) + ")";
  const std::string same_size =
      extension + ".vector_dims(" + vector + ") = " + std::to_string(query.size());
  if (dimensions > 0) {
    if (static_cast<std::size_t>(dimensions) != query.size())
      throw Error(ErrorCode::data_exception, "different vector dimensions " +
                                                 std::to_string(dimensions) + " and " +
                                                 std::to_string(query.size()));
    vector += "::" + extension + ".vector(" + std::to_string(dimensions) + ")";
  }
  const std::string sql =
      "SELECT id, d FROM (SELECT id, " + vector + " OPERATOR(" + extension + "." + op +
      ") $1 AS d FROM " + qualified(graph_name_, "node") + " WHERE " + extension +
      ".ruvector_graph_has_label(labels, " + std::to_string(label) + ")" +
      (dimensions > 0 ? "" : " AND " + same_size) + " ORDER BY " + vector + " OPERATOR(" +
      extension + "." + op + ") $1 LIMIT " + std::to_string(k) + ") t WHERE d IS NOT NULL";
  auto* q = make_dense<Vector>(static_cast<int>(query.size()));
  std::copy(query.begin(), query.end(), q->x);
  const char* text = sql.c_str();
  const std::string type_name = extension + ".vector";
  const char* type_text = type_name.c_str();
  const Datum argument = PointerGetDatum(q);
  const Rows found = call([&] {
    MemoryContext outer = CurrentMemoryContext;
    Oid type;
    int32 typmod;
    rv_parse_type(type_text, &type, &typmod);
    PushActiveSnapshot(snapshot_);
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    Datum values[] = {argument};
    if (SPI_execute_with_args(text, 1, &type, values, nullptr, true, 0) != SPI_OK_SELECT)
      elog(ERROR, "search for the nearest nodes failed");
    Rows out{nullptr, SPI_processed};
    out.rows = static_cast<ScoredNode*>(
        MemoryContextAllocHuge(outer, sizeof(ScoredNode) * (out.count + 1)));
    for (std::size_t i = 0; i < out.count; ++i) {
      bool null;
      out.rows[i].node =
          DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
      out.rows[i].distance =
          DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &null));
    }
    SPI_finish();
    PopActiveSnapshot();
    return out;
  });
  return {found.rows, found.rows + found.count};
}

}  // namespace rv::pg
