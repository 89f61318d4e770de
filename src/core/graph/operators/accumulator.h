// State of one aggregate call over one group.
#pragma once

#include <memory>
#include <span>

#include "core/graph/eval.h"

namespace rv::graph {

class GroupValues;

// Do values that an accumulator keeps go to a file when memory is full, and how must they come
// back?
enum class Spills : std::uint8_t { no, as_they_came, sorted };

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual void add(std::span<const Value> args) = 0;
  // In `arena` or in the accumulator itself.
  virtual Value result(Arena& arena) = 0;

  // Writes the values that it keeps and forgets them. All that were written are given to
  // take_back() before the result is asked for.
  virtual void spill(GroupValues& /*to*/, std::size_t /*group*/) {}
  virtual void take_back(const Value& /*v*/) {}
};

// Does the accumulator of this call keep values that spill() writes?
Spills spills(const Expr& call);

// Is it count(*) or count(x) of all values? A number is all that such a call needs of a group.
bool only_counts(const Expr& call);
// Does a row with these arguments count there?
inline bool counts(std::span<const Value> args) { return args.empty() || !args[0].is_null(); }

// For a call of an aggregate function, with DISTINCT as the call says. `kept` counts the bytes that
// spill() would free, over all accumulators that share it.
std::unique_ptr<Accumulator> make_accumulator(const Expr& call, Runtime& runtime,
                                              std::size_t& kept);

}  // namespace rv::graph
