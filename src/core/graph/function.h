// Functions that expressions can call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/graph/arena.h"
#include "core/graph/type_set.h"
#include "core/graph/value.h"

namespace rv::graph {

class GraphStore;
class Runtime;

// What a function may use beside its arguments. The result lives in `arena`.
struct FunctionContext {
  Arena& arena;
  Runtime& runtime;
  std::string_view name;  // of the function, for messages
};

using ScalarFunction = Value (*)(std::span<const Value> args, FunctionContext& context);

enum class Aggregate : std::uint8_t {
  none,
  count,
  sum,
  avg,
  min,
  max,
  collect,
  stdev,
  stdevp,
  percentile_cont,
  percentile_disc,
};

struct FunctionInfo {
  std::string_view name;
  int min_args;
  int max_args;   // -1: any number
  TypeSet first;  // kinds taken by the first argument and by the others; null is always taken
  TypeSet rest;
  TypeSet result;
  ScalarFunction call;           // null for aggregates
  bool null_in_null_out = true;  // a null argument makes the result null without a call
  Aggregate aggregate = Aggregate::none;
  bool constant = false;  // no store, clock or random number: may be folded
};

// nullptr when there is none. Names ignore case.
const FunctionInfo* find_function(std::string_view name);

// Every function, for SHOW and documentation tests.
std::span<const FunctionInfo* const> all_functions();

}  // namespace rv::graph
