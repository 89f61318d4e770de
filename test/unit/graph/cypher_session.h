// Cypher over the store in memory, for tests.
#pragma once

#include <regex>
#include <string>
#include <vector>

#include "core/graph/engine.h"
#include "core/graph/json.h"
#include "core/graph/memory_store.h"

namespace rv::graph {

class CypherSession {
 public:
  // The rows as JSON objects.
  std::vector<std::string> rows(std::string_view query, std::string_view parameters = "{}") {
    const auto plan = make_plan(query, store);
    if (plan->root != nullptr) {
      Execution execution(*plan);
      return run(execution, parameters, store);
    }
    Arena arena;
    class Ignore final : public RowSink {
      void row(std::span<const Value>) override {}
    } ignore;
    execute_schema(*plan, store, environment, arena, ignore);
    store.advance();
    return {};
  }
  // The same by this execution of the plan, in any store.
  std::vector<std::string> run(Execution& execution, std::string_view parameters, MemoryStore& in) {
    Arena arena;
    const Value map = parse_json(parameters, arena);
    std::vector<std::string> out;
    std::unique_ptr<JsonRows> json;
    execution.run(in, environment, map.as_map(), [&](Runtime& runtime, const Batch& batch) {
      if (json == nullptr) json = std::make_unique<JsonRows>(runtime);
      json->write(batch, [&](std::string_view row) { out.emplace_back(row); });
    });
    in.advance();
    return out;
  }
  // The only value of the only row.
  std::string value(std::string_view expression, std::string_view parameters = "{}") {
    const auto all = rows("RETURN " + std::string(expression) + " AS v", parameters);
    return all.size() == 1 ? all[0].substr(5, all[0].size() - 6) : "not one row";
  }
  std::int64_t number(std::string_view query, std::string_view parameters = "{}") {
    const auto all = rows(query, parameters);
    return std::stoll(all.at(0).substr(all[0].find(':') + 1));
  }

  MemoryStore store;
  Environment environment;
};

}  // namespace rv::graph
