// ruvector_gnn_layer: one layer over arrays, for small graphs, tests and imported weights.
#include <algorithm>

#include "core/gnn/layer.h"
#include "pg/base/spi.h"
#include "pg/gnn/arguments.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

struct Weights {
  std::string name;
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;
};

// {"weight": [[..], ..], "bias": [..], "eps": 0.1}: matrices, rows and numbers.
std::vector<Weights> read_weights(SqlSession& session, Datum jsonb) {
  const SqlRows rows = session.run(
      "SELECT w.key, r.n, CASE pg_catalog.jsonb_typeof(r.value) WHEN 'array' THEN "
      "ARRAY(SELECT e.value::pg_catalog.float8 FROM pg_catalog.jsonb_array_elements_text(r.value) "
      "e) "
      "ELSE ARRAY[(r.value OPERATOR(pg_catalog.#>>) '{}')::pg_catalog.float8] END "
      "FROM pg_catalog.jsonb_each($1) w, LATERAL pg_catalog.jsonb_array_elements("
      "CASE pg_catalog.jsonb_typeof(w.value OPERATOR(pg_catalog.->) 0) WHEN 'array' THEN w.value "
      "ELSE pg_catalog.jsonb_build_array(w.value) END) WITH ORDINALITY r(value, n) "
      "ORDER BY w.key, r.n",
      {{JSONBOID, jsonb, false}}, true);
  std::vector<Weights> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.text(i, 0);
    if (out.empty() || out.back().name != name) out.push_back({name, 0, 0, {}});
    bool null = false;
    const Datum d = rows.datum(i, 2, &null);
    struct Numbers {
      const float8* x;
      int count;
      bool nulls;
    };
    const Numbers a = call([d] {
      ArrayType* array = DatumGetArrayTypeP(d);
      return Numbers{reinterpret_cast<const float8*>(ARR_DATA_PTR(array)),
                     ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)),
                     ARR_HASNULL(array) && array_contains_nulls(array)};
    });
    Weights& w = out.back();
    const auto columns = static_cast<std::size_t>(a.count);
    if (a.nulls || (w.rows > 0 && columns != w.columns))
      throw Error(ErrorCode::data_exception,
                  "weights \"" + name + "\" must be numbers in rows of equal length");
    ++w.rows;
    w.columns = columns;
    for (int j = 0; j < a.count; ++j) w.values.push_back(static_cast<float>(a.x[j]));
  }
  return out;
}

// Columns of x and units from the weights' shapes, where the parameters do not say them.
void infer_sizes(gnn::Attributes& attributes, const std::vector<Weights>& weights) {
  const auto has = [&](const char* name) {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const auto& a) { return a.first == name; });
  };
  std::size_t heads = 1;
  for (const auto& [name, value] : attributes)
    if (name == "heads") heads = std::max<std::size_t>(1, std::strtoul(value.c_str(), nullptr, 10));
  for (const Weights& w : weights) {
    if ((w.name == "weight" || w.name == "weight_neighbor" || w.name == "weight_2" ||
         w.name == "weight_source") &&
        !has("out"))
      attributes.emplace_back("out", std::to_string(w.rows / heads));
    if ((w.name == "weight_1" || w.name == "weight_pool") && !has("hidden"))
      attributes.emplace_back("hidden", std::to_string(w.rows));
    if (w.name == "weight_hh" && !has("hidden"))
      attributes.emplace_back("hidden", std::to_string(w.columns));
  }
}

struct VectorArray {
  Datum* values;
  int count;
  Oid element;
  int16 length;
  char align;
};

}  // namespace

RV_FUNCTION(rv_gnn_layer)
{
  gnn::Attributes attributes{{"type", text_value(fcinfo, 0, "type")}};
  need(fcinfo, 1, "x");
  const Datum x_datum = PG_GETARG_DATUM(1);
  const VectorArray x_array = call([x_datum] {
    VectorArray a{};
    ArrayType* array = DatumGetArrayTypeP(x_datum);
    bool by_value;
    bool* nulls;
    a.element = ARR_ELEMTYPE(array);
    get_typlenbyvalalign(a.element, &a.length, &by_value, &a.align);
    if (array_contains_nulls(array))
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("x must not contain NULL")));
    deconstruct_array(array, a.element, a.length, by_value, a.align, &a.values, &nulls, &a.count);
    for (int i = 0; i < a.count; ++i) a.values[i] = PointerGetDatum(PG_DETOAST_DATUM(a.values[i]));
    return a;
  });
  const auto n = static_cast<std::size_t>(x_array.count);
  std::size_t columns = 0;
  gnn::Tensor<float> x;
  for (std::size_t i = 0; i < n; ++i) {
    const auto* v =
        reinterpret_cast<const DenseVarlena<Vector>*>(DatumGetPointer(x_array.values[i]));
    const auto dim = static_cast<std::size_t>(v->dim);
    if (i == 0) {
      columns = dim;
      x = gnn::Tensor<float>(n, columns);
    } else if (dim != columns) {
      throw Error(ErrorCode::data_exception, "x[" + std::to_string(i + 1) + "] has " +
                                                 std::to_string(dim) + " dimensions, x[1] has " +
                                                 std::to_string(columns));
    }
    std::copy_n(v->x, columns, x.row(i));
  }

  const std::vector<int> src = int_array(fcinfo, 2, "src"), dst = int_array(fcinfo, 3, "dst");
  if (src.size() != dst.size())
    throw Error(ErrorCode::invalid_argument, "src has " + std::to_string(src.size()) +
                                                 " elements, dst " + std::to_string(dst.size()));
  FloatArray edge_weights{nullptr, 0};
  if (!PG_ARGISNULL(6)) {
    edge_weights = float_array_argument(fcinfo, 6);
    if (static_cast<std::size_t>(edge_weights.count) != src.size())
      throw Error(ErrorCode::invalid_argument, "edge_weights has " +
                                                   std::to_string(edge_weights.count) +
                                                   " elements, src " + std::to_string(src.size()));
  }
  std::vector<gnn::Edge> edges;
  for (std::size_t e = 0; e < src.size(); ++e) {
    for (const int end : {src[e], dst[e]})
      if (end < 1 || static_cast<std::size_t>(end) > n)
        throw Error(ErrorCode::invalid_argument, "edge " + std::to_string(e + 1) +
                                                     " refers to node " + std::to_string(end) +
                                                     ", x has nodes 1 to " + std::to_string(n));
    const float w = edge_weights.values != nullptr ? edge_weights.values[e] : 1.0f;
    if (!std::isfinite(w)) throw Error(ErrorCode::data_exception, "edge_weights must be finite");
    edges.push_back(
        {static_cast<std::uint32_t>(src[e] - 1), static_cast<std::uint32_t>(dst[e] - 1), w});
  }

  need(fcinfo, 4, "weights");
  need(fcinfo, 5, "params");
  gnn::Tensor<float> y;
  {
    SqlSession session(schema_of_function(fcinfo));
    const std::vector<Weights> weights = read_weights(session, PG_GETARG_DATUM(4));
    const SqlRows rows = session.run("SELECT a.key, a.value FROM pg_catalog.jsonb_each_text($1) a",
                                     {{JSONBOID, PG_GETARG_DATUM(5), false}}, true);
    for (std::size_t i = 0; i < rows.size(); ++i)
      attributes.emplace_back(rows.text(i, 0), rows.text(i, 1));
    infer_sizes(attributes, weights);
    if (n > 0) {
      gnn::Layer<float> layer(gnn::parse_layer(attributes, columns, 1), 0);
      for (gnn::Parameter<float>& p : layer.parameters()) {
        const auto w = std::find_if(weights.begin(), weights.end(),
                                    [&](const Weights& v) { return v.name == p.name; });
        if (w == weights.end()) {
          if (p.name.rfind("bias", 0) == 0 || p.name == "eps") continue;
          throw Error(ErrorCode::invalid_argument, "weights lack \"" + p.name + "\"", {},
                      "It is a matrix of " + std::to_string(p.value.rows()) + " rows and " +
                          std::to_string(p.value.columns()) + " columns.");
        }
        if (w->rows != p.value.rows() || w->columns != p.value.columns())
          throw Error(ErrorCode::invalid_argument,
                      "weights \"" + p.name + "\" are " + std::to_string(w->rows) + " x " +
                          std::to_string(w->columns) + ", the layer needs " +
                          std::to_string(p.value.rows()) + " x " +
                          std::to_string(p.value.columns()));
        std::copy(w->values.begin(), w->values.end(), p.value.data());
      }
      for (const Weights& w : weights)
        if (std::none_of(layer.parameters().begin(), layer.parameters().end(),
                         [&](const auto& p) { return p.name == w.name; }))
          throw Error(ErrorCode::invalid_argument, "the layer has no weights \"" + w.name + "\"");
      Workspace work;
      const auto graph = gnn::make_graph<float>(n, edges, edge_weights.values == nullptr);
      gnn::Adjacencies<float> adjacencies(graph, false);
      gnn::Tape<float> tape(work.exec(), false);
      const gnn::Var out = layer.forward(tape, {tape.borrowed(x), nullptr}, adjacencies, 0);
      const gnn::Tensor<float>& value = tape.value(out);
      y = gnn::Tensor<float>(value.rows(), value.columns());
      std::copy_n(value.data(), value.size(), y.data());
    }
  }
  std::vector<Datum> out;
  for (std::size_t i = 0; i < n; ++i) {
    auto* v = make_dense<Vector>(static_cast<int>(y.columns()));
    for (std::size_t j = 0; j < y.columns(); ++j) {
      if (!std::isfinite(y.row(i)[j]))
        throw Error(ErrorCode::out_of_range, "the result is not finite");
      v->x[j] = y.row(i)[j];
    }
    out.push_back(PointerGetDatum(v));
  }
  Datum* values = out.data();
  return call([&] {
    return PointerGetDatum(construct_array(values, static_cast<int>(n), x_array.element,
                                           x_array.length, false, x_array.align));
  });
}
