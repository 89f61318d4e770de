// Functions over a graph without a model: message passing, sampling, embeddings, nearest-row
// graphs.
#include "core/gnn/embed.h"
#include "core/gnn/nearest.h"
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

void add_rows(Results& results, const IdMap& ids, const gnn::Tensor<float>& y, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) {
    const Datum values[2] = {results.id(ids, static_cast<std::uint32_t>(i)),
                             results.vector(y.row(i), y.columns())};
    results.add(values);
  }
}

}  // namespace

RV_FUNCTION(rv_message_pass)
{
  GraphSource t;
  const int s = PG_NARGS() == 13 ? 1 : 0;  // the form with node_ids
  t.nodes = relation_value(fcinfo, 0, "nodes");
  t.edges = relation_value(fcinfo, 1, "edges");
  t.feature = name_value(fcinfo, 2 + s, "feature");
  const auto hops = static_cast<std::size_t>(int_value(fcinfo, 3 + s, "num_hops", 1, 100));
  const gnn::Aggregator how = gnn::parse_aggregator(text_value(fcinfo, 4 + s, "aggregator"));
  const std::string normalize = text_value(fcinfo, 5 + s, "normalization");
  const bool self_loops = bool_value(fcinfo, 6 + s, "self_loops");
  graph_columns(fcinfo, 7 + s, t);
  if (normalize != "none" && normalize != "row" && normalize != "sym")
    throw Error(ErrorCode::invalid_argument, "unknown normalization \"" + normalize + "\"", {},
                "Known are none, row, sym.");
  const bool sums = how == gnn::Aggregator::sum || how == gnn::Aggregator::mean;
  if (normalize != "none" && !sums)
    throw Error(ErrorCode::invalid_argument,
                "normalization \"" + normalize + "\" needs the aggregator sum or mean");
  t.signed_weights = how == gnn::Aggregator::sum && normalize == "none";

  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  const bool part = s == 1 && !PG_ARGISNULL(2);
  GraphData data =
      part ? read_neighborhood(session, t, PG_GETARG_DATUM(2), array_element_type(fcinfo, 2), hops,
                               normalize == "sym", work.budget())
           : read_graph(session, t, work.budget());
  Results results(fcinfo, 0, data.ids->type(), "node_ids");
  if (data.ids->size() > 0) {
    if (self_loops) gnn::add_self_loops(data.graph);
    gnn::Adjacencies<float> adjacencies(data.graph, false);
    gnn::Tensor<float> value = std::move(data.features.dense);
    for (std::size_t hop = 1; hop <= hops; ++hop) {
      gnn::Tape<float> tape(work.exec(), false);
      gnn::Var x;
      if (value.empty()) {
        // Sparse features: the first hop makes them dense.
        const gnn::Csr<float>& from = data.features.sparse;
        gnn::Tensor<float> full =
            gnn::Tensor<float>::zeros(from.rows, from.columns, &work.budget());
        for (std::size_t i = 0; i < from.rows; ++i)
          for (std::size_t e = from.offset[i]; e < from.offset[i + 1]; ++e)
            full.row(i)[from.index[e]] = from.weight(e);
        x = tape.constant(std::move(full));
      } else {
        x = tape.borrowed(value);
      }
      const std::size_t rows = data.graph.rows_at(hops - hop);
      const gnn::Var y =
          normalize == "sym"
              ? gnn::propagate(tape, adjacencies.get(gnn::Adjacency::symmetric), rows, x)
          : normalize == "row" ? gnn::aggregate(tape, gnn::Aggregator::mean, adjacencies, rows, x)
                               : gnn::aggregate(tape, how, adjacencies, rows, x);
      value = tape.take(y);
    }
    add_rows(results, *data.ids, value, value.rows());
  }
  return Datum(0);
}

RV_FUNCTION(rv_neighbor_sample)
{
  GraphSource t;
  t.edges = relation_value(fcinfo, 0, "edges");
  need(fcinfo, 1, "seeds");
  const std::vector<int> fanout = int_array(fcinfo, 2, "fanout");
  if (fanout.empty())
    throw Error(
        ErrorCode::invalid_argument, "fanout must have an element for each hop", {},
        "For example ARRAY[10, 5]: ten in-edges of each seed, five of each of their sources.");
  const std::uint64_t seed = seed_value(fcinfo, 3);
  edge_columns(fcinfo, 4, t);
  const Oid type = column_type(t.edges, t.source, "source_column");
  const Oid seed_type = array_element_type(fcinfo, 1);
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  IdMap ids(type);
  if (!ids.accepts(seed_type))
    throw Error(ErrorCode::type_mismatch, "seeds are of type " + type_name_of(seed_type) +
                                              ", column \"" + t.source + "\" of " +
                                              relation_name(t.edges) + " is " + type_name_of(type));
  Results results(fcinfo, 0, type, "seeds");
  struct Elements {
    Datum* values;
    bool* nulls;
    int count;
  };
  const Datum array = PG_GETARG_DATUM(1);
  const Elements list = call([&] {
    Elements e{};
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(seed_type, &length, &by_value, &align);
    deconstruct_array(DatumGetArrayTypeP(array), seed_type, length, by_value, align, &e.values,
                      &e.nulls, &e.count);
    return e;
  });
  // Nodes at the present distance.
  std::vector<std::uint32_t> frontier;
  for (int i = 0; i < list.count; ++i) {
    if (list.nulls[i]) throw Error(ErrorCode::null_not_allowed, "seeds must not contain NULL");
    bool fresh = false;
    const std::uint32_t n = ids.add(list.values[i], seed_type, &fresh);
    if (fresh) frontier.push_back(n);
  }
  std::vector<bool> met(ids.size(), true);
  for (std::size_t hop = 0; hop < fanout.size() && !frontier.empty(); ++hop) {
    // All sources, of which a sample is kept; the map of this hop alone, in order of the frontier.
    IdMap local(type);
    bool fresh = false;
    for (const std::uint32_t n : frontier) local.add(ids.datum(n), type, &fresh);
    auto edges = read_in_edges(session, t, local, 0, static_cast<std::uint32_t>(frontier.size()),
                               work.budget());
    std::sort(edges.begin(), edges.end(), [&](const gnn::Edge& a, const gnn::Edge& b) {
      if (a.target != b.target) return a.target < b.target;
      return local.before(a.source, b.source);
    });
    std::vector<std::uint32_t> next;
    for (std::size_t begin = 0; begin < edges.size();) {
      std::size_t end = begin;
      while (end < edges.size() && edges[end].target == edges[begin].target) ++end;
      const std::uint32_t target = frontier[edges[begin].target];
      const std::size_t degree = end - begin;
      const std::size_t limit = fanout[hop] > 0 ? static_cast<std::size_t>(fanout[hop]) : degree;
      for (const std::size_t pick :
           gnn::sample_without_replacement(degree, limit, mix64(seed ^ mix64(ids.key(target))))) {
        const std::uint32_t source = ids.add(local.datum(edges[begin + pick].source), type, &fresh);
        if (source >= met.size()) met.resize(source + 1, false);
        if (!met[source]) {
          met[source] = true;
          next.push_back(source);
        }
        const Datum values[3] = {results.id(ids, source), results.id(ids, target),
                                 Int32GetDatum(static_cast<int32>(hop) + 1)};
        results.add(values);
      }
      begin = end;
    }
    frontier = std::move(next);
  }
  return Datum(0);
}

RV_FUNCTION(rv_fastrp)
{
  const int s = PG_NARGS() == 10 ? 1 : 0;  // the form with id_type
  GraphSource t;
  t.edges = relation_value(fcinfo, 0, "edges");
  gnn::FastRpOptions options;
  options.dimensions = static_cast<std::size_t>(int_value(fcinfo, 1 + s, "dimensions", 1, kMaxDim));
  need(fcinfo, 2 + s, "iteration_weights");
  const FloatArray weights = float_array_argument(fcinfo, 2 + s);
  if (weights.count < 1 || weights.count > 100)
    throw Error(ErrorCode::invalid_argument,
                "iteration_weights must have between 1 and 100 elements, not " +
                    std::to_string(weights.count));
  options.iteration_weights.assign(weights.values, weights.values + weights.count);
  options.normalization_strength = real_value(fcinfo, 3 + s, "normalization_strength", -2, 2);
  options.seed = seed_value(fcinfo, 4 + s);
  edge_columns(fcinfo, 5 + s, t);
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  const GraphData data = read_graph(session, t, work.budget());
  Results results(fcinfo, 0, data.ids->type(), "id_type");
  work.require(3 * sizeof(float) * data.ids->size() * options.dimensions, "FastRP");
  const auto y = gnn::fastrp(work.exec(), data.graph, data.keys(), options);
  add_rows(results, *data.ids, y, y.rows());
  return Datum(0);
}

RV_FUNCTION(rv_node2vec)
{
  const int s = PG_NARGS() == 16 ? 1 : 0;  // the form with id_type
  GraphSource t;
  t.edges = relation_value(fcinfo, 0, "edges");
  gnn::Node2VecOptions o;
  const auto count = [&](int n, const char* name, std::int64_t most) {
    return static_cast<std::size_t>(int_value(fcinfo, n, name, 1, most));
  };
  o.dimensions = count(1 + s, "dimensions", kMaxDim);
  o.walk_length = count(2 + s, "walk_length", 10000);
  o.walks_per_node = count(3 + s, "walks_per_node", 10000);
  o.p = real_value(fcinfo, 4 + s, "p", 1e-6, 1e6);
  o.q = real_value(fcinfo, 5 + s, "q", 1e-6, 1e6);
  o.window = count(6 + s, "window", 1000);
  o.negatives = count(7 + s, "negatives", 100);
  o.epochs = static_cast<int>(int_value(fcinfo, 8 + s, "epochs", 1, 1000));
  o.learning_rate = real_value(fcinfo, 9 + s, "learning_rate", 1e-9, 10);
  o.seed = seed_value(fcinfo, 10 + s);
  edge_columns(fcinfo, 11 + s, t);
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  const GraphData data = read_graph(session, t, work.budget());
  Results results(fcinfo, 0, data.ids->type(), "id_type");
  work.require(2 * sizeof(float) * data.ids->size() * o.dimensions, "node2vec");
  const auto y = gnn::node2vec(work.exec(), data.graph, data.keys(), o);
  add_rows(results, *data.ids, y, y.rows());
  return Datum(0);
}

namespace {

// The rows of a table's vectors, dense.
gnn::Tensor<float> dense_rows(GraphData& data, MemoryBudget& budget) {
  if (!data.features.is_sparse()) return std::move(data.features.dense);
  const gnn::Csr<float>& s = data.features.sparse;
  gnn::Tensor<float> full = gnn::Tensor<float>::zeros(s.rows, s.columns, &budget);
  for (std::size_t i = 0; i < s.rows; ++i)
    for (std::size_t e = s.offset[i]; e < s.offset[i + 1]; ++e)
      full.row(i)[s.index[e]] = s.weight(e);
  return full;
}

}  // namespace

RV_FUNCTION(rv_knn_graph)
{
  const int s = PG_NARGS() == 6 ? 1 : 0;  // the form with id_type
  GraphSource t;
  t.nodes = relation_value(fcinfo, 0, "nodes");
  t.feature = name_value(fcinfo, 1 + s, "embedding");
  const auto k = static_cast<std::size_t>(int_value(fcinfo, 2 + s, "k", 1, 10000));
  const gnn::Metric metric = gnn::parse_metric(text_value(fcinfo, 3 + s, "metric"));
  t.id = name_value(fcinfo, 4 + s, "id_column");
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  GraphData data = read_nodes(session, t, work.budget());
  Results results(fcinfo, 0, data.ids->type(), "id_type");
  const auto x = dense_rows(data, work.budget());
  const gnn::NearestRows nearest = gnn::nearest_rows(work.exec(), x, k, metric);
  for (std::size_t i = 0; i < nearest.entries.size(); ++i) {
    const gnn::Neighbor& n = nearest.entries[i];
    const auto from = static_cast<std::uint32_t>(i / nearest.per_row);
    const Datum values[3] = {results.id(*data.ids, from), results.id(*data.ids, n.row),
                             Float8GetDatum(static_cast<double>(n.distance))};
    results.add(values);
  }
  return Datum(0);
}

RV_FUNCTION(rv_eps_graph)
{
  const int s = PG_NARGS() == 6 ? 1 : 0;  // the form with id_type
  GraphSource t;
  t.nodes = relation_value(fcinfo, 0, "nodes");
  t.feature = name_value(fcinfo, 1 + s, "embedding");
  const gnn::Metric metric = gnn::parse_metric(text_value(fcinfo, 3 + s, "metric"));
  const double epsilon =
      real_value(fcinfo, 2 + s, "epsilon", metric == gnn::Metric::inner_product ? -1e30 : 0, 1e30);
  t.id = name_value(fcinfo, 4 + s, "id_column");
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  GraphData data = read_nodes(session, t, work.budget());
  Results results(fcinfo, 0, data.ids->type(), "id_type");
  const auto x = dense_rows(data, work.budget());
  gnn::pairs_within(work.exec(), x, epsilon, metric,
                    [&](std::uint32_t a, std::uint32_t b, double distance) {
                      const Datum values[3] = {results.id(*data.ids, a), results.id(*data.ids, b),
                                               Float8GetDatum(distance)};
                      results.add(values);
                    });
  return Datum(0);
}
