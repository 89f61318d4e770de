// State of one aggregate call over one group.
#pragma once

#include <memory>
#include <span>

#include "core/graph/eval.h"

namespace rv::graph {

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual void add(std::span<const Value> args) = 0;
  // The same row so often; whatever ignores repeats takes it once.
  virtual void add_times(std::span<const Value> args, std::int64_t /*times*/) { add(args); }
  // In `arena` or in the accumulator itself.
  virtual Value result(Arena& arena) = 0;
};

// For count(*) or a call of an aggregate function, with DISTINCT as the call says.
std::unique_ptr<Accumulator> make_accumulator(const Expr& call, Runtime& runtime);

}  // namespace rv::graph
