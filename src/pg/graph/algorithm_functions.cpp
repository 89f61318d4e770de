// ruvector_graph_pagerank(edge_query, options) and its kin: the algorithms over any SQL query of
// edges. One C function serves all; the SQL function's name says which algorithm.
#include <limits>
#include <string>

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

// Columns 1 and 2 are the ends, 3, if any, the weight.
Csr read_edges(const std::string& query, bool weights) {
  std::vector<WeightedEdge> edges;
  const char* text = query.c_str();
  Portal portal = call([text] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
    if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    return SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
  });
  bool weighted = false;
  for (;;) {
    call([portal] { SPI_cursor_fetch(portal, true, kFetch); });
    SPITupleTable* table = SPI_tuptable;
    const TupleDesc desc = table->tupdesc;
    if (desc->natts < 2 || desc->natts > 3)
      throw Error(ErrorCode::invalid_argument,
                  "an edge query returns source, target and at most a weight, not " +
                      std::to_string(desc->natts) + " columns");
    const Oid types[] = {TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 1)->atttypid,
                         desc->natts > 2 ? TupleDescAttr(desc, 2)->atttypid : InvalidOid};
    weighted = weights && desc->natts > 2;
    Arena arena;
    for (std::uint64_t i = 0; i < table->numvals; ++i) {
      struct Row {
        Datum values[3];
        bool nulls[3];
      };
      const Row row = call([&] {
        Row r{};
        for (int c = 0; c < desc->natts; ++c)
          r.values[c] = heap_getattr(table->vals[i], c + 1, desc, &r.nulls[c]);
        return r;
      });
      const auto id = [&](int c, const char* name) {
        if (types[c] == INT8OID && !row.nulls[c]) return DatumGetInt64(row.values[c]);
        return integer_of(value_of_datum(row.values[c], row.nulls[c], types[c], arena), name);
      };
      WeightedEdge e{id(0, "source"), id(1, "target"), 1};
      if (weighted) {
        const Value w = value_of_datum(row.values[2], row.nulls[2], types[2], arena);
        if (!w.is_number())
          throw Error(ErrorCode::type_mismatch,
                      "column \"weight\" of the edge query must be a number, not null");
        e.weight = w.as_double();
      }
      edges.push_back(e);
    }
    check_graph_memory(0, edges.size());
    check_interrupts();
    const bool end = table->numvals == 0;
    call([table] { SPI_freetuptable(table); });
    if (end) break;
  }
  call([portal] {
    SPI_cursor_close(portal);
    SPI_finish();
  });
  return Csr(edges, {}, weighted);
}

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
  if (algorithm == nullptr || PG_NARGS() != algorithm->ends + 2)
    throw Error(ErrorCode::undefined_object, "there is no graph algorithm for function " + name);
  const std::string query(text_argument(fcinfo, 0));
  Arena arena;
  Options options(value_of_datum(PG_GETARG_DATUM(PG_NARGS() - 1), false, JSONBOID, arena));
  const auto orientation = orientation_option(options, algorithm->orientation);
  const Csr graph = oriented(read_edges(query, algorithm->weights), orientation);
  TupleSink rows(fcinfo);
  AlgorithmRun run{graph, {}, {}, options, {}, arena, rows};
  for (int i = 0; i < algorithm->ends; ++i) {
    run.end_ids.push_back(PG_GETARG_INT64(1 + i));
    run.ends.push_back(graph.find(run.end_ids.back()));
  }
  algorithm->run(run);
  return Datum(0);
}
