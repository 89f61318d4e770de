// Training in SQL, and what a run will need.
#include <algorithm>
#include <cmath>
#include <set>

#include "core/gnn/train.h"
#include "pg/base/json_options.h"
#include "pg/gnn/arguments.h"
#include "pg/gnn/registry.h"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

gnn::Task parse_task(const std::string& name) {
  if (name == "node_classification") return gnn::Task::node_classification;
  if (name == "link_prediction") return gnn::Task::link_prediction;
  if (name == "unsupervised") return gnn::Task::unsupervised;
  throw Error(ErrorCode::invalid_argument, "unknown task \"" + name + "\"", {},
              "Known are node_classification, link_prediction, unsupervised.");
}

gnn::OptimizerType parse_optimizer(const std::string& name) {
  if (name == "adam") return gnn::OptimizerType::adam;
  if (name == "adamw") return gnn::OptimizerType::adamw;
  if (name == "sgd") return gnn::OptimizerType::sgd;
  throw Error(ErrorCode::invalid_argument, "unknown optimizer \"" + name + "\"", {},
              "Known are adam, adamw, sgd.");
}

gnn::Split parse_split(const std::string& value, const std::string& column) {
  if (value.empty() || value == "none") return gnn::Split::none;
  if (value == "train" || value == "true") return gnn::Split::train;
  if (value == "val" || value == "validation" || value == "valid") return gnn::Split::validation;
  if (value == "test") return gnn::Split::test;
  if (value == "false") return gnn::Split::none;
  throw Error(
      ErrorCode::data_exception, "column \"" + column + "\" says \"" + value + "\"", {},
      "It must be train, val, test, none or NULL, or a boolean: whether to train on the node.");
}

// Distinct labels in order: as numbers when all are whole numbers, as text otherwise.
std::vector<std::string> distinct_labels(const GraphData& data) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < data.labels.size(); ++i)
    if (data.has_label[i]) all.insert(data.labels[i]);
  std::vector<std::string> out(all.begin(), all.end());
  const bool numbers = std::all_of(out.begin(), out.end(), [](const std::string& s) {
    return !s.empty() && s.size() < 10 && s.find_first_not_of("0123456789") == std::string::npos;
  });
  if (numbers)
    std::sort(out.begin(), out.end(),
              [](const auto& a, const auto& b) { return std::stol(a) < std::stol(b); });
  return out;
}

std::string options_json(const std::string& task, const gnn::TrainOptions& o,
                         const GraphSource& t) {
  std::string fanout = "[";
  for (std::size_t i = 0; i < o.fanout.size(); ++i)
    fanout += (i > 0 ? ", " : "") + std::to_string(o.fanout[i]);
  return "{\"task\": " + json_quoted(task) + ", \"epochs\": " + std::to_string(o.epochs) +
         ", \"learning_rate\": " + json_number(o.learning_rate) +
         ", \"weight_decay\": " + json_number(o.weight_decay) +
         ", \"batch_size\": " + std::to_string(o.batch_size) + ", \"fanout\": " + fanout +
         "], \"patience\": " + std::to_string(o.patience) +
         ", \"seed\": " + std::to_string(static_cast<std::int64_t>(o.seed)) +
         ", \"feature\": " + json_quoted(t.feature) + ", \"label\": " + json_quoted(t.label) + "}";
}

Datum real_or_null(double v, bool* null) {
  *null = std::isnan(v);
  return *null ? Datum(0) : Float8GetDatum(v);
}

}  // namespace

RV_FUNCTION(rv_gnn_train)
{
  const std::string name = text_value(fcinfo, 0, "model");
  GraphSource t;
  t.nodes = relation_value(fcinfo, 1, "nodes");
  t.edges = relation_value(fcinfo, 2, "edges");
  t.feature = name_value(fcinfo, 3, "feature");
  t.label = optional_name(fcinfo, 4);
  t.split = optional_name(fcinfo, 5);
  t.read_only = false;
  gnn::TrainOptions o;
  const std::string task = text_value(fcinfo, 6, "task");
  o.task = parse_task(task);
  o.epochs = static_cast<int>(int_value(fcinfo, 7, "epochs", 1, 1000000));
  o.learning_rate = real_value(fcinfo, 8, "learning_rate", 1e-12, 1000);
  o.weight_decay = real_value(fcinfo, 9, "weight_decay", 0, 1);
  o.optimizer = parse_optimizer(text_value(fcinfo, 10, "optimizer"));
  if (!PG_ARGISNULL(11))
    o.batch_size = static_cast<std::size_t>(int_value(fcinfo, 11, "batch_size", 1, 100000000));
  o.fanout = int_array(fcinfo, 12, "fanout");
  if (!PG_ARGISNULL(13))
    o.patience = static_cast<int>(int_value(fcinfo, 13, "patience", 1, 1000000));
  o.seed = seed_value(fcinfo, 14);
  const bool warm_start = bool_value(fcinfo, 15, "warm_start");
  o.negatives = o.task == gnn::Task::unsupervised ? 5 : 1;
  if (!PG_ARGISNULL(16))
    o.negatives = static_cast<std::size_t>(int_value(fcinfo, 16, "negatives", 1, 1000));
  o.holdout = real_value(fcinfo, 17, "holdout", 0, 0.9);
  graph_columns(fcinfo, 18, t);
  const bool classes = o.task == gnn::Task::node_classification;
  if (classes && t.label.empty())
    throw Error(ErrorCode::null_not_allowed, "label must not be NULL for node_classification", {},
                "Name the column that holds the classes with label => '...'.");
  if (!classes) t.label = t.split = "";
  if (!o.fanout.empty() && o.batch_size == 0)
    throw Error(ErrorCode::invalid_argument, "fanout needs batch_size", {},
                "Without batches every epoch uses the whole graph.");

  Workspace work;
  Results results(fcinfo);
  SqlSession session(schema_of_function(fcinfo));
  const int version = lock_for_change(session, name);
  StoredModel stored = load_model(session, name, -1, warm_start, false);
  if (!warm_start) stored.model = std::make_unique<gnn::Model<float>>(stored.layers, o.seed);
  if (!o.fanout.empty() && o.fanout.size() != stored.model->reach())
    throw Error(ErrorCode::invalid_argument,
                "fanout has " + std::to_string(o.fanout.size()) + " elements, model \"" + name +
                    "\" looks " + std::to_string(stored.model->reach()) + " hops far");
  GraphData data = read_graph(session, t, work.budget());
  if (data.ids->size() == 0)
    throw Error(ErrorCode::data_exception, relation_name(t.nodes) + " has no rows to train on");
  if (data.features.columns() != stored.model->inputs())
    throw Error(ErrorCode::data_exception,
                "feature \"" + t.feature + "\" of " + relation_name(t.nodes) + " has " +
                    std::to_string(data.features.columns()) + " dimensions, model \"" + name +
                    "\" needs " + std::to_string(stored.model->inputs()));
  if (o.batch_size == 0)
    work.require(gnn::estimate_training(stored.layers, data.ids->size(), data.graph.in.entries(),
                                        data.features.sparse.entries())
                     .bytes,
                 "training on the whole graph at once");
  data.features.sparse.build_transposed();

  std::vector<std::string> names;
  std::vector<std::int32_t> labels;
  std::vector<gnn::Split> splits;
  if (classes) {
    names = distinct_labels(data);
    if (names.size() > stored.model->outputs())
      throw Error(ErrorCode::data_exception,
                  "column \"" + t.label + "\" has " + std::to_string(names.size()) +
                      " classes, model \"" + name + "\" has " +
                      std::to_string(stored.model->outputs()) + " outputs");
    for (std::size_t i = 0; i < data.ids->size(); ++i) {
      const auto at = std::find(names.begin(), names.end(), data.labels[i]);
      labels.push_back(data.has_label[i] ? static_cast<std::int32_t>(at - names.begin()) : -1);
      splits.push_back(t.split.empty() ? gnn::Split::train : parse_split(data.splits[i], t.split));
    }
  }

  gnn::Trainer trainer(work.exec(), *stored.model, data.features, data.graph, o);
  const auto on_epoch = [&](const gnn::EpochReport& r) {
    bool nulls[4] = {};
    const Datum values[4] = {Int32GetDatum(r.epoch), Float8GetDatum(r.loss),
                             real_or_null(r.train_metric, &nulls[2]),
                             real_or_null(r.validation_metric, &nulls[3])};
    results.add(values, nulls);
  };
  const gnn::TrainResult result =
      classes ? trainer.classify(labels, splits, on_epoch) : trainer.pairs(on_epoch);

  const char* metric = classes                                ? "\"accuracy\""
                       : o.task == gnn::Task::link_prediction ? "\"auc\""
                                                              : "null";
  const std::string metrics = std::string("{\"metric\": ") + metric +
                              ", \"loss\": " + json_number(result.loss) +
                              ", \"epochs\": " + std::to_string(result.epochs) +
                              ", \"best_epoch\": " + std::to_string(result.best_epoch) +
                              ", \"train\": " + json_number(result.train_metric) +
                              ", \"validation\": " + json_number(result.validation_metric) +
                              ", \"test\": " + json_number(result.test_metric) + "}";
  session.run(
      "INSERT INTO @.ruvector_gnn_versions (model, version, task, classes, metrics, options) "
      "VALUES "
      "($1, $2, $3, $4, $5, $6)",
      {sql_text(name), sql_int(version), sql_text(task),
       classes ? sql_text_array(names) : sql_null(TEXTARRAYOID), sql_json(metrics),
       sql_json(options_json(task, o, t))});
  save_weights(session, name, version, *stored.model);
  session.run(
      "UPDATE @.ruvector_gnn_models m SET version = $2 WHERE m.name OPERATOR(pg_catalog.=) $1",
      {sql_text(name), sql_int(version)});
  return Datum(0);
}

RV_FUNCTION(rv_gnn_estimate)
{
  const std::string name = text_value(fcinfo, 0, "model");
  const Oid nodes = relation_value(fcinfo, 1, "nodes");
  const Oid edges = relation_value(fcinfo, 2, "edges");
  const bool training = bool_value(fcinfo, 3, "training");
  const auto epochs = static_cast<double>(int_value(fcinfo, 4, "epochs", 1, 1000000));
  const bool directed = bool_value(fcinfo, 5, "directed");
  Workspace work;
  Results results(fcinfo);
  SqlSession session(schema_of_function(fcinfo));
  const StoredModel stored = load_model(session, name, -1, false, true);
  const auto count = [&](Oid relation) {
    const SqlRows rows =
        session.run_once("SELECT pg_catalog.count(*) FROM " + relation_name(relation), {}, true);
    return static_cast<std::size_t>(rows.integer(0, 0));
  };
  const std::size_t n = count(nodes);
  const std::size_t e = count(edges) * (directed ? 1 : 2);
  const gnn::Estimate need = training ? gnn::estimate_training(stored.layers, n, e)
                                      : gnn::estimate_inference(stored.layers, n, e);
  const double operations = need.operations * (training ? epochs : 1);
  // Features, the list of edges while it is read, and what the layers hold.
  const std::size_t bytes = need.bytes + n * stored.model->inputs() * sizeof(float) + e * 24;
  // A core computes some 2e10 operations a second on such matrices, less where memory is the limit.
  const double seconds =
      operations / (8e9 * work.exec().threads()) + static_cast<double>(n + e) * 3e-7;
  const Datum values[7] = {Int64GetDatum(static_cast<int64>(n)),
                           Int64GetDatum(static_cast<int64>(e)),
                           Int64GetDatum(static_cast<int64>(bytes)),
                           Int64GetDatum(static_cast<int64>(work.budget().limit())),
                           BoolGetDatum(bytes <= work.budget().limit()),
                           Float8GetDatum(operations),
                           Float8GetDatum(seconds)};
  results.add(values);
  return Datum(0);
}
