// ruvector_cypher() and ruvector_cypher_rows().
#include "pg/graph/cypher.h"

#include "core/graph/engine.h"
#include "core/graph/eval.h"
#include "core/graph/schema_columns.h"
#include "pg/graph/attached_store.h"
#include "pg/graph/cypher_environment.h"
#include "pg/graph/cypher_plans.h"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

using namespace rv;
using namespace rv::pg;
using rv::graph::Statement;
using rv::graph::Value;

namespace {

Jsonb* parameters_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = PG_GETARG_DATUM(n);
  Jsonb* const j = call([d] { return DatumGetJsonbP(d); });
  if (!JB_ROOT_IS_OBJECT(j))
    throw Error(ErrorCode::invalid_argument, "parameters must be a JSON object");
  return j;
}

Value value_of(const JsonbValue& v, graph::Arena& arena) {
  switch (v.type) {
    case jbvNull:
      return Value::null();
    case jbvBool:
      return Value::boolean(v.val.boolean);
    case jbvString:
      return Value::string(arena.copy(
          std::string_view(v.val.string.val, static_cast<std::size_t>(v.val.string.len))));
    case jbvNumeric: {
      const Numeric number = v.val.numeric;
      const char* text = call([number]() -> const char* {
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
      });
      return graph::parse_json(text, arena);
    }
    default: {
      JsonbContainer* const container = v.val.binary.data;
      const int length = v.val.binary.len;
      const char* text =
          call([=]() -> const char* { return JsonbToCString(nullptr, container, length); });
      return graph::parse_json(text, arena);
    }
  }
}

// Those that the statement names; what else is given is not looked at.
std::span<const graph::MapEntry> parameters_of(const Statement& statement, Jsonb* given,
                                               graph::Arena& arena) {
  auto* const entries = arena.array<graph::MapEntry>(statement.parameters.size());
  std::size_t n = 0;
  for (const std::string& name : statement.parameters) {
    JsonbValue found;
    const bool some = call([&] {
      return getKeyJsonValueFromContainer(&given->root, name.data(), static_cast<int>(name.size()),
                                          &found) != nullptr;
    });
    if (some) new (entries + n++) graph::MapEntry{name, value_of(found, arena)};
  }
  return {entries, n};
}

class RowsToResult final : public graph::RowSink {
 public:
  explicit RowsToResult(CypherResult& result) : result_(result) {}
  void row(std::span<const Value> values) override { result_.row(values); }

 private:
  CypherResult& result_;
};

void show(const graph::Plan& plan, graph::GraphStore& store, const graph::Environment& environment,
          CypherResult& result) {
  using What = graph::SchemaCommand::What;
  const auto what = plan.statement->schema->what;
  std::vector<std::string> names;
  if (what == What::show_indexes)
    names.assign(graph::kIndexColumns.begin(), graph::kIndexColumns.end());
  if (what == What::show_constraints)
    names.assign(graph::kConstraintColumns.begin(), graph::kConstraintColumns.end());
  if (!names.empty()) result.columns(names);
  graph::Arena arena;
  RowsToResult rows(result);
  graph::execute_schema(plan, store, environment, arena, rows);
}

// The result's use of batches, which ends before the execution that hands them out.
class Batches {
 public:
  explicit Batches(CypherResult& result) : result_(result) {}
  ~Batches() { result_.end(); }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

 private:
  CypherResult& result_;
};

void execute(const std::shared_ptr<const graph::Plan>& plan, graph::GraphStore& store,
             const graph::Environment& environment, std::span<const graph::MapEntry> parameters,
             CypherResult& result) {
  auto execution = take_execution(plan);
  {
    const Batches batches(result);
    execution->run(store, environment, parameters,
                   [&](graph::Runtime& runtime, const graph::Batch& batch) {
                     if (!plan->columns.empty()) result.batch(runtime, batch);
                   });
  }
  keep_execution(plan, std::move(execution));
}

void run(std::string_view graph_name, std::string_view query, Jsonb* given, CypherResult& result) {
  PgStore stored(graph_name);
  const auto with_tables = attached_store(graph_name, stored);
  graph::GraphStore& store = with_tables ? static_cast<graph::GraphStore&>(*with_tables) : stored;
  const graph::Environment environment = cypher_environment();
  {
    const auto plan = cypher_plan(graph_name, query, store);
    const auto mode = plan->statement->mode;
    graph::Arena arena;
    const auto parameters = parameters_of(*plan->statement, given, arena);
    if (plan->root == nullptr) {
      show(*plan, store, environment, result);
    } else if (mode == Statement::Mode::run) {
      if (!plan->columns.empty()) result.columns(plan->columns);
      execute(plan, store, environment, parameters, result);
    } else {
      std::vector<graph::Profile> profile;
      const bool profiled = mode == Statement::Mode::profile;
      if (profiled) graph::Execution(*plan).run(store, environment, parameters, {}, &profile);
      result.columns({"plan"});
      for (const auto& line : graph::explain(*plan, profiled ? &profile : nullptr)) {
        const Value text = Value::string(line);
        result.row({&text, 1});
      }
    }
  }
  stored.close();
}

}  // namespace

void rv::pg::run_cypher(FunctionCallInfo fcinfo, CypherResult& result) {
  const auto graph_name = text_argument(fcinfo, 0);
  const auto query = text_argument(fcinfo, 1);
  run(graph_name, query, parameters_argument(fcinfo, 2), result);
}

namespace {

template <class Result>
Datum cypher(FunctionCallInfo fcinfo) {
  Result result(fcinfo);
  run_cypher(fcinfo, result);
  return static_cast<Datum>(0);
}

}  // namespace

RV_FUNCTION(rv_cypher)
{ return cypher<JsonSetResult>(fcinfo); }

RV_FUNCTION(rv_cypher_rows)
{ return cypher<RecordResult>(fcinfo); }
