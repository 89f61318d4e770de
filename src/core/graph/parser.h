// Text to syntax tree. Recursive descent; nesting deeper than kMaxNesting is an error (54001), so
// that no later stage needs to guard its recursion.
#pragma once

#include <memory>
#include <string_view>

#include "core/graph/ast.h"

namespace rv::graph {

inline constexpr int kMaxNesting = 200;

std::unique_ptr<Statement> parse(std::string_view text);

}  // namespace rv::graph
