// Search that looks at a candidate's neighbourhood as well.
#include <algorithm>
#include <cmath>

#include "core/gnn/embed.h"
#include "core/gnn/nearest.h"
#include "pg/base/row_stream.h"
#include "pg/gnn/arguments.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

const char* operator_of(gnn::Metric metric) {
  switch (metric) {
    case gnn::Metric::l2:
      return "<->";
    case gnn::Metric::cosine:
      return "<=>";
    case gnn::Metric::inner_product:
      break;
  }
  return "<#>";
}

// Larger is nearer: 1 / (1 + distance) for L2, the cosine, or the inner product.
double similarity(gnn::Metric metric, double distance) {
  switch (metric) {
    case gnn::Metric::l2:
      return 1 / (1 + distance);
    case gnn::Metric::cosine:
      return 1 - distance;
    case gnn::Metric::inner_product:
      break;
  }
  return -distance;
}

}  // namespace

RV_FUNCTION(rv_gnn_search)
{
  const int s = PG_NARGS() == 16 ? 1 : 0;  // the form with id_type
  need(fcinfo, 0, "query");
  const Datum query = PG_GETARG_DATUM(0);
  GraphSource t;
  t.nodes = relation_value(fcinfo, 1, "nodes");
  t.edges = relation_value(fcinfo, 2, "edges");
  t.feature = name_value(fcinfo, 3 + s, "feature");
  const auto hops = static_cast<std::size_t>(int_value(fcinfo, 4 + s, "num_hops", 0, 10));
  const auto k = static_cast<std::size_t>(int_value(fcinfo, 5 + s, "k", 1, 100000));
  const double alpha = real_value(fcinfo, 6 + s, "alpha", 0, 1);
  const std::int64_t candidates = int_value(fcinfo, 7 + s, "candidates", 1, 100000);
  const gnn::Metric metric = gnn::parse_metric(text_value(fcinfo, 8 + s, "metric"));
  const double temperature = real_value(fcinfo, 9 + s, "temperature", 1e-6, 1e6);
  graph_columns(fcinfo, 10 + s, t);

  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  const Oid type = column_type(t.nodes, t.id, "id_column");
  Results results(fcinfo, 0, type, "id_type");
  FmgrInfo* info = fcinfo->flinfo;
  const Oid vector_type = call([info] { return get_fn_expr_argtype(info, 0); });
  const SqlValue query_value{vector_type, query, false};
  const Oid feature_type = column_type(t.nodes, t.feature, "feature");
  if (feature_type != vector_type)
    throw Error(ErrorCode::type_mismatch,
                "column \"" + t.feature + "\" of " + relation_name(t.nodes) + " is of type " +
                    type_name_of(feature_type) + ", the query is a vector");
  const std::string schema = session.qualified("x");
  const std::string distance = quoted_name(t.feature) + " OPERATOR(" +
                               schema.substr(0, schema.rfind('.')) + "." + operator_of(metric) +
                               ") $1";
  IdMap met(type);
  std::vector<double> similar;  // NaN: without a vector, or not read yet
  std::vector<bool> there;
  const auto add_rows = [&](const std::string& tail, const std::vector<SqlValue>& parameters) {
    stream_rows(
        "SELECT " + quoted_name(t.id) + ", " + distance + " FROM " + relation_name(t.nodes) + tail,
        parameters, {}, [&](const Datum* v, const bool* nulls) {
          // A row without a vector is no candidate, but messages pass through it.
          if (nulls[0] || (nulls[1] && parameters.size() == 1)) return;
          bool fresh = false;
          const std::uint32_t n = met.add(v[0], type, &fresh);
          if (n >= similar.size()) similar.resize(n + 1, std::nan(""));
          if (n >= there.size()) there.resize(n + 1, false);
          if (there[n])
            throw Error(
                ErrorCode::unique_violation,
                "node " + met.shown(n) + " appears more than once in " + relation_name(t.nodes));
          there[n] = true;
          if (!nulls[1]) similar[n] = similarity(metric, DatumGetFloat8(v[1]));
        });
  };
  // Candidates by the column's index where there is one.
  add_rows(" ORDER BY " + distance + " LIMIT " + std::to_string(candidates), {query_value});
  const std::size_t seeds = met.size();
  if (seeds == 0) return Datum(0);

  // Their neighbourhood, against the edges.
  std::vector<gnn::Edge> edges;
  std::uint32_t done = 0;
  for (std::size_t hop = 0; hop < hops; ++hop) {
    const auto end = static_cast<std::uint32_t>(met.size());
    const auto found = read_in_edges(session, t, met, done, end, work.budget());
    edges.insert(edges.end(), found.begin(), found.end());
    done = end;
  }
  // Edges among the last nodes met are missing: only what leads to candidates counts.
  const gnn::Graph<float> graph = gnn::make_graph<float>(met.size(), edges, t.weight.empty());
  similar.resize(met.size(), std::nan(""));
  if (met.size() > seeds) {
    std::vector<std::uint32_t> later;
    for (std::size_t i = seeds; i < met.size(); ++i) later.push_back(static_cast<std::uint32_t>(i));
    const Oid array_type = call([type] { return get_array_type(type); });
    add_rows(" WHERE " + quoted_name(t.id) + " " + equality_of(type) + " ANY ($2)",
             {query_value, {array_type, met.array(later), false}});
    there.resize(met.size(), false);
    for (const std::uint32_t n : later)
      if (!there[n]) unknown_end(t, met.datum(n), type, t.source);
  }
  // Weights like attention over everything met, the best one being 1.
  double best = -HUGE_VAL;
  for (const double s : similar)
    if (!std::isnan(s)) best = std::max(best, s);
  std::vector<float> start(met.size(), 0.0f);
  for (std::size_t i = 0; i < similar.size(); ++i)
    if (!std::isnan(similar[i]))
      start[i] = static_cast<float>(std::exp((similar[i] - best) / temperature));
  const std::vector<float> spread = gnn::propagate_scores(work.exec(), graph, start, hops, 0.15f);
  float largest = 0;
  for (const float v : spread) largest = std::max(largest, v);

  struct Scored {
    double score;
    std::uint32_t node;
  };
  std::vector<Scored> all;
  const auto graph_score = [&](std::size_t i) {
    return largest > 0 ? static_cast<double>(spread[i] / largest) : 0.0;
  };
  for (std::size_t i = 0; i < met.size(); ++i)
    if (!std::isnan(similar[i]))
      all.push_back(
          {(1 - alpha) * similar[i] + alpha * graph_score(i), static_cast<std::uint32_t>(i)});
  std::sort(all.begin(), all.end(), [&](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : met.before(a.node, b.node);
  });
  for (std::size_t i = 0; i < std::min(k, all.size()); ++i) {
    const std::uint32_t n = all[i].node;
    const Datum values[4] = {results.id(met, n), Float8GetDatum(all[i].score),
                             Float8GetDatum(similar[n]), Float8GetDatum(graph_score(n))};
    results.add(values);
  }
  return Datum(0);
}

// (1 - alpha) similarity(query, embedding) + alpha mean of similarity(query, neighbour).
RV_FUNCTION(rv_gnn_score)
{
  const DenseArg<Vector> query(fcinfo, 0), embedding(fcinfo, 1);
  check_same_dim(query.dim(), embedding.dim(), Vector::kName);
  const double alpha = real_value(fcinfo, 3, "alpha", 0, 1);
  const gnn::Metric metric = gnn::parse_metric(text_value(fcinfo, 4, "metric"));
  const auto n = static_cast<std::size_t>(query.dim());
  const double own = similarity(metric, gnn::distance(metric, query.x(), embedding.x(), n));
  const Datum array = PG_GETARG_DATUM(2);
  struct List {
    Datum* values;
    bool* nulls;
    int count;
  };
  const List list = call([array] {
    List l{};
    ArrayType* a = DatumGetArrayTypeP(array);
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(ARR_ELEMTYPE(a), &length, &by_value, &align);
    deconstruct_array(a, ARR_ELEMTYPE(a), length, by_value, align, &l.values, &l.nulls, &l.count);
    for (int i = 0; i < l.count; ++i)
      if (!l.nulls[i]) l.values[i] = PointerGetDatum(PG_DETOAST_DATUM(l.values[i]));
    return l;
  });
  double total = 0;
  int count = 0;
  for (int i = 0; i < list.count; ++i) {
    if (list.nulls[i]) continue;
    const auto* v = reinterpret_cast<const DenseVarlena<Vector>*>(DatumGetPointer(list.values[i]));
    check_same_dim(query.dim(), v->dim, Vector::kName);
    total += similarity(metric, gnn::distance(metric, query.x(), v->x, n));
    ++count;
  }
  if (count == 0) PG_RETURN_FLOAT8(own);
  PG_RETURN_FLOAT8((1 - alpha) * own + alpha * total / count);
}
