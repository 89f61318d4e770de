// The columns that SHOW INDEXES and SHOW CONSTRAINTS return, in the order a store gives them.
#pragma once

#include <array>
#include <string_view>

namespace rv::graph {

inline constexpr std::array<std::string_view, 6> kIndexColumns = {
    "name", "type", "entityType", "labelsOrTypes", "properties", "unique"};
inline constexpr std::array<std::string_view, 6> kConstraintColumns = {
    "name", "type", "entityType", "labelsOrTypes", "properties", "propertyType"};

}  // namespace rv::graph
