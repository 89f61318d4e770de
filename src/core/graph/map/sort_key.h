// Keys whose byte order is Cypher's order of values: what property indexes hold.
#pragma once

#include <string>

#include "core/graph/map/property_value.h"

namespace rv::graph {

// Strings longer than this are cut: the key then ends in a 128-bit hash, which keeps equality but
// not order beyond the cut. Whoever searches by key checks the value itself again.
inline constexpr std::size_t kMaxKeyString = 512;

// Appends the key. Values of one kind (all numbers are one) order as Cypher orders them; 1 and 1.0
// have the same key; NaN has a key of its own above all numbers.
void append_sort_key(std::string& out, const PropertyView& value);

// Key bounds for a range over strings that start with `prefix`.
void append_string_prefix_key(std::string& out, std::string_view prefix);
// The byte that starts every key of this type; keys of the type lie between it and the next.
std::uint8_t sort_class(PropertyType type) noexcept;

}  // namespace rv::graph
