// What range() counts through, without making a list of it.
#pragma once

#include <cstdint>
#include <span>

#include "core/graph/value.h"

namespace rv::graph {

struct IntegerRange {
  std::int64_t first = 0, step = 1;
  std::uint64_t steps = 0;  // behind the first
  bool empty = true;

  // steps >= i; in unsigned numbers, because i * step may exceed the signed ones where the sum does
  // not.
  Value at(std::uint64_t i) const noexcept {
    return Value::integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(first) +
                                                    i * static_cast<std::uint64_t>(step)));
  }
};

// Of the arguments of a call of range(), none of them null; raises as the function does.
IntegerRange integer_range(std::span<const Value> args);

}  // namespace rv::graph
