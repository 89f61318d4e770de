// ruvector_graph_pagerank(edge_query, options) and its kin: the algorithms over any SQL query of
// edges, and of nodes where an algorithm asks for their properties. One C function serves all; the
// SQL function's name says which algorithm.
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/algo/algorithm.h"
#include "pg/base/datum.h"
#include "pg/graph/algorithm_host.h"
#include "pg/graph/sql_value.h"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::graph;

namespace {

constexpr long kFetch = 10'000;

std::int64_t integer_of(const Value& v, const char* column) {
  if (!v.is(Kind::integer))
    throw Error(ErrorCode::type_mismatch, std::string("column \"") + column +
                                              "\" of the edge query must be an integer, not null");
  return v.as_integer();
}

constexpr int kMaxColumns = 16;

struct Row {
  Datum values[kMaxColumns];
  bool nulls[kMaxColumns];
};

// Runs a read-only query and passes each row to take(desc, row); start(desc) comes first, also when
// there are no rows. Between the batches, and at the end, next() may look at what was taken.
template <class Start, class Take, class Next>
void each_row(const std::string& query, Start start, Take take, Next next) {
  const char* text = query.c_str();
  Portal portal = call([text] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
    if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    return SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
  });
  for (bool first = true;; first = false) {
    call([portal] { SPI_cursor_fetch(portal, true, kFetch); });
    SPITupleTable* table = SPI_tuptable;
    const TupleDesc desc = table->tupdesc;
    if (first) start(desc);
    for (std::uint64_t i = 0; i < table->numvals; ++i)
      take(desc, call([&] {
             Row r{};
             for (int c = 0; c < desc->natts && c < kMaxColumns; ++c)
               r.values[c] = heap_getattr(table->vals[i], c + 1, desc, &r.nulls[c]);
             return r;
           }));
    next();
    check_interrupts();
    const bool end = table->numvals == 0;
    call([table] { SPI_freetuptable(table); });
    if (end) break;
  }
  call([portal] {
    SPI_cursor_close(portal);
    SPI_finish();
  });
}

Oid type_of(TupleDesc desc, int column) { return TupleDescAttr(desc, column)->atttypid; }

std::int64_t id_in(TupleDesc desc, const Row& row, int column, const char* name, Arena& arena) {
  if (type_of(desc, column) == INT8OID && !row.nulls[column])
    return DatumGetInt64(row.values[column]);
  return integer_of(
      value_of_datum(row.values[column], row.nulls[column], type_of(desc, column), arena), name);
}

// Columns 1 and 2 are the ends, 3, if any, the weight.
Csr read_edges(const std::string& query, bool weights) {
  std::vector<WeightedEdge> edges;
  bool weighted = false;
  Arena arena;
  each_row(
      query,
      [&](TupleDesc desc) {
        if (desc->natts < 2 || desc->natts > 3)
          throw Error(ErrorCode::invalid_argument,
                      "an edge query returns source, target and at most a weight, not " +
                          std::to_string(desc->natts) + " columns");
        weighted = weights && desc->natts > 2;
      },
      [&](TupleDesc desc, const Row& row) {
        WeightedEdge e{id_in(desc, row, 0, "source", arena), id_in(desc, row, 1, "target", arena),
                       1};
        if (weighted) {
          const Value w = value_of_datum(row.values[2], row.nulls[2], type_of(desc, 2), arena);
          if (!w.is_number())
            throw Error(ErrorCode::type_mismatch,
                        "column \"weight\" of the edge query must be a number, not null");
          e.weight = w.as_double();
        }
        edges.push_back(e);
      },
      [&] {
        check_graph_memory(0, edges.size());
        arena.clear();
      });
  return Csr(edges, {}, weighted);
}

// What a query tells of the graph's nodes: the id in its first column, numbers in the others.
class NodeColumns {
 public:
  NodeColumns(const std::string& query, const Csr& graph) {
    Arena arena;
    each_row(
        query,
        [&](TupleDesc desc) {
          if (desc->natts < 2 || desc->natts > kMaxColumns)
            throw Error(ErrorCode::invalid_argument,
                        "a node query returns a node and 1 to " + std::to_string(kMaxColumns - 1) +
                            " columns of numbers, not " + std::to_string(desc->natts) + " columns");
          for (int c = 1; c < desc->natts; ++c) {
            names_.emplace_back(NameStr(TupleDescAttr(desc, c)->attname));
            values_.emplace_back(graph.node_count(), std::numeric_limits<double>::quiet_NaN());
          }
        },
        [&](TupleDesc desc, const Row& row) {
          const Csr::Node n = graph.find(id_in(desc, row, 0, "node", arena));
          if (n == Csr::kNone) return;
          for (std::size_t k = 0; k < names_.size(); ++k) {
            const int c = static_cast<int>(k) + 1;
            const Value v = value_of_datum(row.values[c], row.nulls[c], type_of(desc, c), arena);
            if (v.is_null()) continue;
            if (!v.is_number())
              throw Error(ErrorCode::type_mismatch,
                          "column \"" + names_[k] + "\" of the node query must be a number");
            values_[k][n] = v.as_double();
          }
        },
        [&] { arena.clear(); });
  }
  double at(Csr::Node n, std::string_view name) const {
    for (std::size_t k = 0; k < names_.size(); ++k)
      if (names_[k] == name) return values_[k][n];
    throw Error(ErrorCode::undefined_column,
                "the node query returns no column \"" + std::string(name) + "\"", {},
                "Name the coordinates x and y, or name the columns in the options xProperty and "
                "yProperty, or longitudeProperty and latitudeProperty.");
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> values_;  // NaN: not known
};

// Rows into the function's tuplestore.
class TupleSink final : public RowSink {
 public:
  explicit TupleSink(FunctionCallInfo fcinfo) {
    call([fcinfo] { rv_init_materialized_srf(fcinfo); });
    result_ = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    context_ = call([] {
      return AllocSetContextCreateInternal(CurrentMemoryContext, "algorithm row",
                                           ALLOCSET_DEFAULT_SIZES);
    });
  }
  void row(std::span<const Value> values) override {
    MemoryContext old = MemoryContextSwitchTo(context_);
    Datum datums[8];
    bool nulls[8];
    const TupleDesc desc = result_->setDesc;
    for (std::size_t i = 0; i < values.size() && i < 8; ++i)
      datums[i] = datum_of_value(values[i], TupleDescAttr(desc, i)->atttypid, &nulls[i]);
    call([&] { tuplestore_putvalues(result_->setResult, desc, datums, nulls); });
    MemoryContextSwitchTo(old);
    MemoryContextReset(context_);
  }

 private:
  ReturnSetInfo* result_;
  MemoryContext context_;
};

}  // namespace

RV_FUNCTION(rv_graph_algorithm)
{
  set_up_algorithm_host();
  const Oid function = fcinfo->flinfo->fn_oid;
  const std::string name = call([function]() -> const char* { return get_func_name(function); });
  constexpr std::string_view kPrefix = "ruvector_graph_";
  const Algorithm* algorithm =
      name.starts_with(kPrefix) ? find_algorithm(name.substr(kPrefix.size())) : nullptr;
  const bool with_nodes = algorithm != nullptr && PG_NARGS() == algorithm->ends + 3;
  if (algorithm == nullptr || PG_NARGS() != algorithm->ends + (with_nodes ? 3 : 2))
    throw Error(ErrorCode::undefined_object, "there is no graph algorithm for function " + name);
  const std::string query(text_argument(fcinfo, 0));
  Arena arena;
  Options options(value_of_datum(PG_GETARG_DATUM(PG_NARGS() - 1), false, JSONBOID, arena));
  const auto orientation = orientation_option(options, algorithm->orientation);
  const Csr graph = oriented(read_edges(query, algorithm->weights), orientation);
  std::optional<NodeColumns> nodes;
  if (with_nodes) nodes.emplace(std::string(text_argument(fcinfo, 1)), graph);
  TupleSink rows(fcinfo);
  AlgorithmRun run{graph, {}, {}, options, {}, arena, rows};
  if (nodes)
    run.property = [&nodes](Csr::Node n, std::string_view key) { return nodes->at(n, key); };
  for (int i = 0; i < algorithm->ends; ++i) {
    run.end_ids.push_back(PG_GETARG_INT64((with_nodes ? 2 : 1) + i));
    run.ends.push_back(graph.find(run.end_ids.back()));
  }
  algorithm->run(run);
  return Datum(0);
}
