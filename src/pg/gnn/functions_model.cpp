// Models: creating, inspecting, and everything that computes with a trained one.
#include <algorithm>
#include <cmath>

#include "core/gnn/kernels.h"
#include "pg/gnn/arguments.h"
#include "pg/gnn/registry.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

int version_argument(FunctionCallInfo fcinfo, int n) {
  return fcinfo->args[n].isnull
             ? -1
             : static_cast<int>(int_value(fcinfo, n, "version", 0, PG_INT32_MAX));
}

// Whether a layer divides by the degrees of a node's sources.
bool uses_degrees(const std::vector<gnn::LayerSpec>& layers, std::size_t count) {
  return std::any_of(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const gnn::LayerSpec& s) {
                       return s.normalize &&
                              (s.type == gnn::LayerType::gcn || s.type == gnn::LayerType::sgc ||
                               s.type == gnn::LayerType::appnp);
                     });
}

// What a forward run needs and gives; rows of y are the first of data.ids.
struct Run {
  GraphData data;
  gnn::Tensor<float> y;
};

// The outputs of all nodes, or of node_ids (argument `ids_argument`), after `layers` layers (0:
// all).
Run run_model(SqlSession& session, Workspace& work, FunctionCallInfo fcinfo, StoredModel& stored,
              const GraphSource& t, int ids_argument, std::size_t layers) {
  gnn::Model<float>& model = *stored.model;
  const std::size_t count = layers == 0 ? stored.layers.size() : layers;
  Run run;
  const bool part = ids_argument >= 0 && !fcinfo->args[ids_argument].isnull;
  run.data = part ? read_neighborhood(session, t, fcinfo->args[ids_argument].value,
                                      array_element_type(fcinfo, ids_argument), model.reach(count),
                                      uses_degrees(stored.layers, count), work.budget())
                  : read_graph(session, t, work.budget());
  if (run.data.ids->size() == 0) return run;
  if (run.data.features.columns() != model.inputs())
    throw Error(ErrorCode::data_exception,
                "feature \"" + t.feature + "\" of " + relation_name(t.nodes) + " has " +
                    std::to_string(run.data.features.columns()) + " dimensions, model \"" +
                    stored.name + "\" needs " + std::to_string(model.inputs()));
  const auto specs = std::span(stored.layers).first(count);
  const std::size_t nodes = run.data.ids->size();
  const gnn::Estimate whole = gnn::estimate_inference(specs, nodes, run.data.graph.in.entries(),
                                                      run.data.features.sparse.entries());
  const std::size_t left =
      work.budget().limit() - std::min(work.budget().used(), work.budget().limit());
  if (part || whole.bytes <= left) {
    work.require(whole.bytes, "this run");
    run.y = model.infer(work.exec(), run.data.features, run.data.graph, count);
    return run;
  }
  // Too large at once: batches of nodes, each with everything it depends on.
  std::vector<std::uint32_t> all(nodes);
  for (std::size_t i = 0; i < nodes; ++i) all[i] = static_cast<std::uint32_t>(i);
  run.y =
      model.infer_nodes(work.exec(), run.data.features, run.data.graph, all, 1024, {}, 0, count);
  return run;
}

GraphSource model_tables(FunctionCallInfo fcinfo, int feature_at, int columns_at) {
  GraphSource t;
  t.nodes = relation_value(fcinfo, 1, "nodes");
  t.edges = relation_value(fcinfo, 2, "edges");
  t.feature = name_value(fcinfo, feature_at, "feature");
  graph_columns(fcinfo, columns_at, t);
  return t;
}

void softmax(const float* x, std::size_t n, std::vector<double>& p) {
  p.resize(n);
  const double largest = static_cast<double>(*std::max_element(x, x + n));
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += p[i] = std::exp(static_cast<double>(x[i]) - largest);
  for (double& v : p) v /= total;
}

void require_classes(const StoredModel& m) {
  if (!m.classes.empty()) return;
  throw Error(ErrorCode::wrong_state,
              "model \"" + m.name + "\" version " + std::to_string(m.version) + " has no classes",
              {},
              "Train it with task => 'node_classification', or use ruvector_gnn_embed() or "
              "ruvector_predict_links().");
}

}  // namespace

RV_FUNCTION(rv_gnn_create)
{
  const std::string name = text_value(fcinfo, 0, "name");
  if (name.empty()) throw Error(ErrorCode::invalid_argument, "name must not be empty");
  need(fcinfo, 1, "layers");
  const std::int64_t in_dim = int_value(fcinfo, 2, "in_dim", 1, kMaxDim);
  const std::uint64_t seed = seed_value(fcinfo, 3);
  SqlSession session(schema_of_function(fcinfo));
  const auto specs = parse_layers(session, PG_GETARG_DATUM(1), static_cast<std::size_t>(in_dim));
  const gnn::Model<float> model(specs, seed);
  const SqlRows made = session.run(
      "INSERT INTO @.ruvector_gnn_models (name, layers, in_dim, out_dim, seed) VALUES ($1, $2, $3, "
      "$4, $5) ON CONFLICT DO NOTHING",
      {sql_text(name),
       {JSONBOID, PG_GETARG_DATUM(1), false},
       sql_int(in_dim),
       sql_int(static_cast<std::int64_t>(model.outputs())),
       sql_int(static_cast<std::int64_t>(seed))});
  if (made.affected() == 0)
    throw Error(ErrorCode::duplicate_object, "model \"" + name + "\" already exists", {},
                "Names are unique in a database, also among models you cannot see.");
  session.run("INSERT INTO @.ruvector_gnn_versions (model, version) VALUES ($1, 0)",
              {sql_text(name)});
  save_weights(session, name, 0, model);
  return Datum(0);
}

RV_FUNCTION(rv_gnn_drop)
{
  const std::string name = text_value(fcinfo, 0, "model");
  SqlSession session(schema_of_function(fcinfo));
  lock_for_change(session, name);
  session.run("DELETE FROM @.ruvector_gnn_models m WHERE m.name OPERATOR(pg_catalog.=) $1",
              {sql_text(name)});
  return Datum(0);
}

RV_FUNCTION(rv_gnn_use_version)
{
  const std::string name = text_value(fcinfo, 0, "model");
  const std::int64_t version = int_value(fcinfo, 1, "version", 0, PG_INT32_MAX);
  SqlSession session(schema_of_function(fcinfo));
  lock_for_change(session, name);
  load_model(session, name, static_cast<int>(version), true, false);  // it exists and is whole
  session.run(
      "UPDATE @.ruvector_gnn_models m SET version = $2 WHERE m.name OPERATOR(pg_catalog.=) $1",
      {sql_text(name), sql_int(version)});
  return Datum(0);
}

RV_FUNCTION(rv_gnn_set_parameter)
{
  const std::string name = text_value(fcinfo, 0, "model");
  const auto layer = static_cast<std::size_t>(int_value(fcinfo, 1, "layer", 1, 1000));
  const std::string parameter = text_value(fcinfo, 2, "parameter");
  need(fcinfo, 3, "data");
  const FloatArray data = float_array_argument(fcinfo, 3);
  SqlSession session(schema_of_function(fcinfo));
  const int version = lock_for_change(session, name);
  StoredModel stored = load_model(session, name, -1, true, false);
  if (layer > stored.layers.size())
    throw Error(ErrorCode::invalid_argument, "model \"" + name + "\" has " +
                                                 std::to_string(stored.layers.size()) +
                                                 " layers, not " + std::to_string(layer));
  auto& parameters = stored.model->layers()[layer - 1].parameters();
  const auto p = std::find_if(parameters.begin(), parameters.end(),
                              [&](const auto& q) { return q.name == parameter; });
  if (p == parameters.end()) {
    std::string all;
    for (const auto& q : parameters) all += (all.empty() ? "" : ", ") + q.name;
    throw Error(ErrorCode::undefined_object,
                "layer " + std::to_string(layer) + " has no parameter \"" + parameter + "\"", {},
                "It has " + all + ".");
  }
  if (static_cast<std::size_t>(data.count) != p->value.size())
    throw Error(ErrorCode::data_exception, "parameter \"" + parameter + "\" has " +
                                               std::to_string(p->value.rows()) + " x " +
                                               std::to_string(p->value.columns()) +
                                               " elements, data has " + std::to_string(data.count));
  for (int i = 0; i < data.count; ++i) {
    if (!std::isfinite(data.values[i]))
      throw Error(ErrorCode::data_exception, "data must be finite");
    p->value.data()[i] = data.values[i];
  }
  session.run(
      "INSERT INTO @.ruvector_gnn_versions (model, version, task, classes, metrics, options) "
      "SELECT "
      "model, $3, task, classes, NULL, options FROM @.ruvector_gnn_versions v WHERE v.model "
      "OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2::pg_catalog.int4",
      {sql_text(name), sql_int(stored.version), sql_int(version)});
  save_weights(session, name, version, *stored.model);
  session.run(
      "UPDATE @.ruvector_gnn_models m SET version = $2 WHERE m.name OPERATOR(pg_catalog.=) $1",
      {sql_text(name), sql_int(version)});
  PG_RETURN_INT32(version);
}

RV_FUNCTION(rv_gnn_embed)
{
  const std::string name = text_value(fcinfo, 0, "model");
  const int s = PG_NARGS() == 12 ? 1 : 0;  // the form with node_ids
  const GraphSource t = model_tables(fcinfo, 3 + s, 6 + s);
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  StoredModel stored = load_model(session, name, version_argument(fcinfo, 5 + s), true, true);
  const auto layer =
      PG_ARGISNULL(4 + s)
          ? std::size_t{0}
          : static_cast<std::size_t>(int_value(fcinfo, 4 + s, "layer", 1,
                                               static_cast<std::int64_t>(stored.layers.size())));
  const Run run = run_model(session, work, fcinfo, stored, t, s == 1 ? 3 : -1, layer);
  Results results(fcinfo, 0, run.data.ids->type(), "node_ids");
  for (std::size_t i = 0; i < run.y.rows(); ++i) {
    const Datum values[2] = {results.id(*run.data.ids, static_cast<std::uint32_t>(i)),
                             results.vector(run.y.row(i), run.y.columns())};
    results.add(values);
  }
  return Datum(0);
}

namespace {

// What classify and predict share: runs the model, and hands over each node's class probabilities.
// emit(results, id, classes, probabilities)
template <class Emit>
Datum for_each_distribution(FunctionCallInfo fcinfo, Emit emit) {
  const std::string name = text_value(fcinfo, 0, "model");
  const int s = PG_NARGS() == 11 ? 1 : 0;  // the form with node_ids
  const GraphSource t = model_tables(fcinfo, 3 + s, 5 + s);
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  StoredModel stored = load_model(session, name, version_argument(fcinfo, 4 + s), true, true);
  require_classes(stored);
  const Run run = run_model(session, work, fcinfo, stored, t, s == 1 ? 3 : -1, 0);
  Results results(fcinfo, 0, run.data.ids->type(), "node_ids");
  std::vector<Datum> classes;
  for (const std::string& c : stored.classes) classes.push_back(text_datum(c));
  std::vector<double> p;
  for (std::size_t i = 0; i < run.y.rows(); ++i) {
    softmax(run.y.row(i), run.y.columns(), p);
    emit(
        results, [&] { return results.id(*run.data.ids, static_cast<std::uint32_t>(i)); }, classes,
        p);
  }
  return Datum(0);
}

}  // namespace

RV_FUNCTION(rv_gnn_classify)
{
  return for_each_distribution(
      fcinfo, [](Results& results, auto id, const std::vector<Datum>& classes,
                 const std::vector<double>& p) {
        // Outputs beyond the classes seen in training have never been right.
        const auto known = static_cast<std::ptrdiff_t>(classes.size());
        const auto best =
            static_cast<std::size_t>(std::max_element(p.begin(), p.begin() + known) - p.begin());
        const Datum values[3] = {id(), classes[best], Float4GetDatum(static_cast<float>(p[best]))};
        results.add(values);
      });
}

RV_FUNCTION(rv_gnn_predict)
{
  return for_each_distribution(
      fcinfo, [](Results& results, auto id, const std::vector<Datum>& classes,
                 const std::vector<double>& p) {
        for (std::size_t c = 0; c < classes.size(); ++c) {
          const Datum values[3] = {id(), classes[c], Float4GetDatum(static_cast<float>(p[c]))};
          results.add(values);
        }
      });
}

RV_FUNCTION(rv_predict_links)
{
  const std::string name = text_value(fcinfo, 0, "model");
  const GraphSource t = model_tables(fcinfo, 3, 8);
  need(fcinfo, 4, "source");
  const auto k = static_cast<std::size_t>(int_value(fcinfo, 5, "k", 1, 1000000));
  const bool exclude = bool_value(fcinfo, 6, "exclude_existing");
  Workspace work;
  SqlSession session(schema_of_function(fcinfo));
  StoredModel stored = load_model(session, name, version_argument(fcinfo, 7), true, true);
  FmgrInfo* info = fcinfo->flinfo;
  const Oid source_type = call([info] { return getBaseType(get_fn_expr_argtype(info, 4)); });
  const Oid id_type = column_type(t.nodes, t.id, "id_column");
  if (!IdMap(id_type).accepts(source_type))
    throw Error(ErrorCode::type_mismatch, "source is of type " + type_name_of(source_type) +
                                              ", node ids are " + type_name_of(id_type));
  const Run run = run_model(session, work, fcinfo, stored, t, -1, 0);
  Results results(fcinfo, 0, id_type, "source");
  const std::uint32_t source = run.data.ids->find(PG_GETARG_DATUM(4), source_type);
  if (source == kNoNode)
    throw Error(ErrorCode::undefined_object, "the source node is not in " + relation_name(t.nodes));
  std::vector<bool> leave_out(run.y.rows(), false);
  leave_out[source] = true;
  const auto& in = run.data.graph.in;
  for (std::size_t i = 0; exclude && i < in.rows; ++i)
    for (std::size_t e = in.offset[i]; e < in.offset[i + 1]; ++e) {
      if (in.index[e] == source) leave_out[i] = true;
      if (i == source) leave_out[in.index[e]] = true;
    }
  struct Scored {
    float score;
    std::uint32_t node;
  };
  std::vector<Scored> all;
  for (std::size_t i = 0; i < run.y.rows(); ++i)
    if (!leave_out[i])
      all.push_back({gnn::dot(run.y.row(source), run.y.row(i), run.y.columns()),
                     static_cast<std::uint32_t>(i)});
  const std::size_t count = std::min(k, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Scored& a, const Scored& b) {
                      return a.score != b.score ? a.score > b.score : a.node < b.node;
                    });
  for (std::size_t i = 0; i < count; ++i) {
    const double p = 1 / (1 + std::exp(-static_cast<double>(all[i].score)));
    const Datum values[2] = {results.id(*run.data.ids, all[i].node),
                             Float4GetDatum(static_cast<float>(p))};
    results.add(values);
  }
  return Datum(0);
}
