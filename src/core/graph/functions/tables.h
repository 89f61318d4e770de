// The tables of functions, one for each file of this folder.
#pragma once

#include <span>

#include "core/graph/eval.h"
#include "core/graph/function.h"
#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {

std::span<const FunctionInfo> aggregate_functions();
std::span<const FunctionInfo> graph_functions();
std::span<const FunctionInfo> list_functions();
std::span<const FunctionInfo> string_functions();
std::span<const FunctionInfo> conversion_functions();
std::span<const FunctionInfo> math_functions();
std::span<const FunctionInfo> temporal_functions();
std::span<const FunctionInfo> spatial_functions();
std::span<const FunctionInfo> vector_functions();
std::span<const FunctionInfo> vector_path_functions();

using Args = std::span<const Value>;

}  // namespace rv::graph
