// ruvector_train_poincare and ruvector_poincare_evaluate: edges and embeddings come from queries
// that run with the caller's rights, training works on copies.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "core/base/memory_budget.h"
#include "core/base/rng.h"
#include "core/geometry/lorentz.h"
#include "core/hyperbolic/train.h"
#include "pg/base/json_options.h"
#include "pg/base/sql_cursor.h"
#include "pg/base/threads.h"
#include "pg/hyperbolic/points.h"

using namespace rv;
using namespace rv::pg;
using hyperbolic::Edge;

namespace {

// Node names in the order they were first seen.
class Nodes {
 public:
  explicit Nodes(MemoryBudget& budget) : budget_(budget) {}
  std::uint32_t number(std::string name) {
    const auto [it, is_new] =
        numbers_.emplace(std::move(name), static_cast<std::uint32_t>(names_.size()));
    if (is_new) {
      budget_.charge(it->first.size() + 96);  // the string twice, the table's node
      names_.push_back(&it->first);
    }
    return it->second;
  }
  const std::uint32_t* find(const std::string& name) const {
    const auto it = numbers_.find(name);
    return it == numbers_.end() ? nullptr : &it->second;
  }
  const std::string& name(std::size_t i) const { return *names_[i]; }
  std::size_t size() const { return names_.size(); }

 private:
  MemoryBudget& budget_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> names_;
};

void check_columns(const SqlCursor& cursor, const char* what) {
  if (cursor.columns() != 2)
    throw Error(ErrorCode::invalid_argument, std::string(what) + " must return 2 columns, not " +
                                                 std::to_string(cursor.columns()));
}

// (child, parent) rows; nodes get their numbers here.
std::vector<Edge> read_edges(const std::string& query, Nodes& nodes, MemoryBudget& budget) {
  std::vector<Edge> edges;
  SqlCursor cursor(query);
  check_columns(cursor, "edge query");
  while (cursor.next()) {
    budget.charge(3 * sizeof(Edge));
    const std::uint32_t child = nodes.number(cursor.text(0));
    edges.push_back({child, nodes.number(cursor.text(1))});
  }
  cursor.close();
  if (edges.empty()) throw Error(ErrorCode::invalid_argument, "edge query returns no rows");
  return edges;
}

struct Options {
  hyperbolic::TrainOptions training;
  bool lorentz = false;  // the model of the result
};

Options read_options(FunctionCallInfo fcinfo) {
  Options options;
  hyperbolic::TrainOptions& o = options.training;
  const int dim = PG_ARGISNULL(1) ? 10 : PG_GETARG_INT32(1);
  if (dim < 1 || dim > kMaxDim)
    throw Error(ErrorCode::invalid_argument, "number of dimensions must be between 1 and " +
                                                 std::to_string(kMaxDim) + ", not " +
                                                 std::to_string(dim));
  o.dim = static_cast<std::size_t>(dim);
  JsonOptions json(PG_ARGISNULL(2) ? Datum(0) : PG_GETARG_DATUM(2), PG_ARGISNULL(2));
  o.epochs = json.integer("epochs", o.epochs, 1, 1000000);
  o.learning_rate = json.number("learning_rate", o.learning_rate, 1e-9, 1e3);
  o.negatives = json.integer("negatives", o.negatives, 1, 1000);
  o.burn_in = json.integer("burn_in", o.burn_in, 0, 1000000);
  o.batch = static_cast<std::size_t>(json.integer("batch", static_cast<int>(o.batch), 1, 4096));
  o.eps = json.number("eps", o.eps, 1e-7, 0.1);
  o.seed = static_cast<std::uint64_t>(json.integer("seed", 0, 0, INT_MAX));
  const std::string model = json.text("model", "poincare");
  if (model != "poincare" && model != "lorentz")
    throw Error(ErrorCode::invalid_argument, "unknown model \"" + model + "\"", {},
                "Models are poincare and lorentz.");
  options.lorentz = model == "lorentz";
  if (options.lorentz && dim == kMaxDim)
    throw Error(ErrorCode::invalid_argument,
                "the lorentz model has a coordinate more than the ball: dim may be " +
                    std::to_string(kMaxDim - 1) + " at most");
  json.finish();
  return options;
}

void check_not_null(FunctionCallInfo fcinfo, std::initializer_list<int> arguments) {
  for (const int n : arguments)
    if (PG_ARGISNULL(n)) throw Error(ErrorCode::null_not_allowed, "query must not be null");
}

}  // namespace

// (edge_query, dim, options) -> (node, embedding)
RV_FUNCTION(rv_train_poincare)
{
  check_not_null(fcinfo, {0});
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  const auto [options, lorentz] = read_options(fcinfo);
  MemoryBudget budget(std::size_t(maintenance_work_mem) * 1024, "maintenance_work_mem");
  Nodes nodes(budget);
  std::vector<Edge> edges;
  {
    SqlSession session(schema_of_function(fcinfo));
    edges = read_edges(std::string(text_argument(fcinfo, 0)), nodes, budget);
  }
  budget.charge(hyperbolic::PoincareTrainer::bytes(nodes.size(), edges.size(), options.dim));
  budget.charge(options.batch * (static_cast<std::size_t>(options.negatives) + 2) *
                (options.dim + 3) * sizeof(double));
  hyperbolic::PoincareTrainer trainer(nodes.size(), std::move(edges), options);
  while (!trainer.run(worker_pool(), interrupt_pending)) check_interrupts();
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i % 1024 == 0) check_interrupts();
    const geometry::View point(trainer.point(i), trainer.dim());
    Datum values[2] = {
        text_datum(nodes.name(i)),
        lorentz ? vector_datum(geometry::poincare_to_lorentz(point, 1)) : ball_datum(point, 1)};
    bool nulls[2] = {false, false};
    call([&] {
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
      pfree(DatumGetPointer(values[0]));
      pfree(DatumGetPointer(values[1]));
    });
  }
  return Datum(0);
}

// (edge_query, embedding_query, sample, seed) -> (mean_rank, map)
RV_FUNCTION(rv_poincare_evaluate)
{
  check_not_null(fcinfo, {0, 1});
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  const int sample = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
  MemoryBudget budget(std::size_t(maintenance_work_mem) * 1024, "maintenance_work_mem");
  Nodes nodes(budget);
  std::vector<double> points;
  std::vector<Edge> edges;
  std::size_t dim = 0;
  {
    SqlSession session(schema_of_function(fcinfo));
    SqlCursor cursor{std::string(text_argument(fcinfo, 1))};
    check_columns(cursor, "embedding query");
    while (cursor.next()) {
      const std::size_t before = nodes.size();
      const std::string name = cursor.text(0);
      nodes.number(name);
      if (nodes.size() == before)
        throw Error(ErrorCode::unique_violation,
                    "embedding query returns node \"" + name + "\" twice");
      // Through the text form: any type that looks like a vector will do.
      const std::string text = cursor.text(1);
      const int capacity = count_elements(text);
      std::vector<float> x(static_cast<std::size_t>(std::max(1, capacity)));
      const int n =
          parse_dense<Vector>(text, dim == 0 ? -1 : static_cast<int>(dim), x.data(), capacity);
      dim = static_cast<std::size_t>(n);
      budget.charge(dim * sizeof(double) * 2);
      points.insert(points.end(), x.begin(), x.begin() + n);
    }
    cursor.close();
    if (points.empty()) throw Error(ErrorCode::invalid_argument, "embedding query returns no rows");
    const std::size_t known = nodes.size();
    edges = read_edges(std::string(text_argument(fcinfo, 0)), nodes, budget);
    if (nodes.size() > known)
      throw Error(ErrorCode::invalid_argument,
                  "node \"" + nodes.name(known) + "\" has no embedding");
  }
  std::vector<std::uint32_t> children;
  if (sample > 0) {
    Rng rng(PG_ARGISNULL(3) ? 0 : static_cast<std::uint64_t>(PG_GETARG_INT32(3)));
    for (int i = 0; i < sample; ++i) children.push_back(edges[rng.below(edges.size())].child);
  }
  hyperbolic::PoincareEvaluator evaluator(dim, std::move(points), std::move(edges),
                                          std::move(children));
  hyperbolic::Reconstruction r{};
  while (!(r = evaluator.run(worker_pool(), interrupt_pending)).finished) check_interrupts();
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Datum values[2] = {Float8GetDatum(r.mean_rank), Float8GetDatum(r.mean_average_precision)};
  bool nulls[2] = {false, false};
  call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
  return Datum(0);
}
