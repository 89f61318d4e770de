// Text to syntax tree. Recursive descent; nesting deeper than kMaxNesting is an error (54001), so
// that no later stage needs to guard its recursion.
#pragma once

#include <memory>
#include <string_view>

#include "core/graph/ast.h"

namespace rv::graph {

inline constexpr int kMaxNesting = 200;
// Each clause, and each relationship and part of a pattern that is looked for, is a step of the
// plan with columns of its own: more are an error too (54001). CREATE may have a pattern of any
// size.
inline constexpr int kMostClauses = 1000;
inline constexpr int kMostSteps = 250;

std::unique_ptr<Statement> parse(std::string_view text);

}  // namespace rv::graph
