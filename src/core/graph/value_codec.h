// Values as bytes without pointers, for temporary files: read back by the same process, never kept.
#pragma once

#include <span>
#include <string>

#include "core/graph/arena.h"
#include "core/graph/value.h"

namespace rv::graph {

void append_value(std::string& out, const Value& v);

// Reads what append_value() wrote, one value after the other; what does not fit into a Value goes
// to the arena.
class ValueReader {
 public:
  ValueReader(std::span<const char> bytes, Arena& arena) : bytes_(bytes), arena_(arena) {}
  Value next();

 private:
  template <class T>
  T take();
  std::string_view take_text();

  std::span<const char> bytes_;
  Arena& arena_;
};

}  // namespace rv::graph
