// What the functions over vectors share.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/graph/function.h"

namespace rv::graph {

// A vector, or a list of numbers, as floats; raises for anything else. Lists are copied to the
// arena of the context.
std::span<const float> floats(const Value& v, FunctionContext& c);

enum class VectorMetric : std::uint8_t { l2, cosine, ip, l1 };
// Raises for a name that is none.
VectorMetric vector_metric(std::string_view name);
// Raises when the dimensions differ; nothing for the angle of a zero vector, which has none.
std::optional<double> vector_distance(std::span<const float> a, std::span<const float> b,
                                      VectorMetric metric);

}  // namespace rv::graph
