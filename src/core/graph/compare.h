// Equality, comparability, orderability and equivalence of values, as openCypher defines them.
//
//               1 and 1.0   NaN and NaN   null and null   1 and 'a'   [1, null] and [1, null]
//   equals      yes         no            unknown         no          unknown
//   equivalent  yes         yes           yes             no          yes
//   less        -           no            unknown         unknown     unknown
//   order       equal       equal         equal           'a' first   equal
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/rng.h"
#include "core/graph/value.h"

namespace rv::graph {

enum class Truth : std::uint8_t { no, yes, unknown };

inline Truth truth(bool b) noexcept { return b ? Truth::yes : Truth::no; }
inline Value to_value(Truth t) noexcept {
  return t == Truth::unknown ? Value::null() : Value::boolean(t == Truth::yes);
}
inline Truth negated(Truth t) noexcept { return t == Truth::unknown ? t : truth(t == Truth::no); }

// a = b. Different kinds are unequal, except that numbers compare by value; null is unknown.
Truth equals(const Value& a, const Value& b) noexcept;

// a < b and a <= b. Unknown between kinds that have no common order, and for maps, entities, paths,
// durations and points.
Truth less(const Value& a, const Value& b) noexcept;
Truth less_or_equal(const Value& a, const Value& b) noexcept;

// The sameness of DISTINCT, grouping keys and collections: null is null and NaN is NaN.
bool equivalent(const Value& a, const Value& b) noexcept;
std::uint64_t hash(const Value& v) noexcept;  // equal for equivalent values
// Of several values in their order; `value(k)` gives the k-th of them.
template <class Get>
std::uint64_t hash_values(std::size_t count, Get value) noexcept {
  std::uint64_t h = count;
  for (std::size_t k = 0; k < count; ++k) h = mix64(h ^ hash(value(k)));
  return h;
}
inline std::uint64_t hash_values(std::span<const Value> values) noexcept {
  return hash_values(values.size(), [values](std::size_t k) -> const Value& { return values[k]; });
}

// The total order of ORDER BY, ascending: maps, nodes, relationships, lists, paths, points,
// vectors, datetimes, local datetimes, dates, times, local times, durations, strings, booleans,
// numbers (NaN last), null. Negative, zero or positive.
int order(const Value& a, const Value& b) noexcept;

}  // namespace rv::graph
