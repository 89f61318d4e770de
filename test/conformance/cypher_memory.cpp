// Runs Cypher over the store in memory for test/conformance/tck_memory.py. One JSON command a line:
//   {"op": "graph"}                                   a new graph
//   {"op": "procedure", "name", "inputs": [[name, type]..], "outputs": [..], "rows": [[..]..]}
//   {"op": "query", "text", "params"}                 -> {"rows": [...]} or {"error": ...}
// A failed query leaves no trace.
#include <iostream>
#include <regex>
#include <string>

#include "core/graph/engine.h"
#include "core/graph/eval.h"
#include "core/graph/json.h"
#include "core/graph/memory_store.h"

using namespace rv;
using namespace rv::graph;

namespace {

FieldType field_type(std::string_view t) {
  while (!t.empty() && (t.back() == '?' || t.back() == ' ')) t.remove_suffix(1);
  if (t == "STRING") return FieldType::string;
  if (t == "INTEGER") return FieldType::integer;
  if (t == "FLOAT") return FieldType::floating;
  if (t == "NUMBER") return FieldType::number;
  if (t == "BOOLEAN") return FieldType::boolean;
  return FieldType::any;
}

// Rows of a table: input columns first; a call gives those whose inputs are equal.
class TableProcedure final : public Procedure {
 public:
  TableProcedure(const Value& command) {
    signature_.name = find_entry(command, "name")->as_string();
    for (const char* which : {"inputs", "outputs"}) {
      auto& fields = which[0] == 'i' ? signature_.inputs : signature_.outputs;
      for (const Value& f : find_entry(command, which)->as_list())
        fields.push_back(
            {std::string(f.as_list()[0].as_string()), field_type(f.as_list()[1].as_string())});
    }
    signature_.nothing = signature_.outputs.empty();
    rows_ = copy_value(*find_entry(command, "rows"), arena_);
  }
  const Signature& signature() const override { return signature_; }
  void call(GraphStore&, std::span<const Value> args, Arena&, RowSink& sink) const override {
    for (const Value& row : rows_.as_list()) {
      bool same = true;
      for (std::size_t i = 0; i < args.size(); ++i)
        same = same && equivalent(row.as_list()[i], args[i]);
      if (same && !signature_.nothing) sink.row(row.as_list().subspan(args.size()));
    }
  }

 private:
  Signature signature_;
  Arena arena_;
  Value rows_;
};

// As JSON objects with commas between.
std::string rows(Execution& execution, MemoryStore& store, const Environment& environment,
                 std::span<const MapEntry> parameters) {
  std::string out;
  std::unique_ptr<JsonRows> json;
  execution.run(store, environment, parameters, [&](Runtime& runtime, const Batch& batch) {
    if (json == nullptr) json = std::make_unique<JsonRows>(runtime);
    json->write(batch, [&](std::string_view row) {
      if (!out.empty()) out += ',';
      out += row;
    });
  });
  return out;
}

std::string run(MemoryStore& store, const Value& command) {
  const MemoryStore before = store;
  std::string out;
  try {
    Environment environment;
    environment.matches = [](std::string_view pattern, std::string_view text) {
      return std::regex_match(std::string(text), std::regex(std::string(pattern)));
    };
    environment.now_seconds = 1700000000;
    const auto plan = make_plan(find_entry(command, "text")->as_string(), store);
    if (plan->root != nullptr) {
      // Once before on a copy, so that what is kept of an execution is seen to do no harm.
      Execution execution(*plan);
      const auto parameters = find_entry(command, "params")->as_map();
      MemoryStore copy = store;
      const std::string rehearsed = rows(execution, copy, environment, parameters);
      out += rows(execution, store, environment, parameters);
      if (out != rehearsed) throw Error(ErrorCode::internal, "run again: " + out, rehearsed);
    } else {
      Arena arena;
      class Ignore final : public RowSink {
        void row(std::span<const Value>) override {}
      } ignore;
      execute_schema(*plan, store, environment, arena, ignore);
    }
    store.advance();
    return "{\"rows\":[" + out + "]}";
  } catch (const Error& e) {
    out = "{\"error\":";
    write_json_string(out, e.what());
    out += ",\"detail\":";
    write_json_string(out, e.detail());
    out += ",\"code\":" + std::to_string(static_cast<int>(e.code())) + "}";
  }
  store = before;
  return out;
}

}  // namespace

int main() {
  MemoryStore store;
  for (std::string line; std::getline(std::cin, line);) {
    Arena arena;
    const Value command = parse_json(line, arena);
    const auto op = find_entry(command, "op")->as_string();
    if (op == "graph") {
      store = MemoryStore();
      std::cout << "{}" << std::endl;
    } else if (op == "procedure") {
      store.add_procedure(std::make_shared<TableProcedure>(command));
      std::cout << "{}" << std::endl;
    } else {
      std::cout << run(store, command) << std::endl;
    }
  }
  return 0;
}
