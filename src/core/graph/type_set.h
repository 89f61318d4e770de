// Static types: the set of kinds that a value may have.
#pragma once

#include <cstdint>
#include <string>

#include "core/graph/procedure.h"
#include "core/graph/value.h"

namespace rv::graph {

using TypeSet = std::uint32_t;

template <class... Kinds>
constexpr TypeSet kinds(Kinds... k) noexcept {
  return ((TypeSet{1} << static_cast<unsigned>(k)) | ... | 0U);
}

inline constexpr TypeSet kAnyType = (TypeSet{1} << 18) - 1;
inline constexpr TypeSet kNumber = kinds(Kind::integer, Kind::floating);
inline constexpr TypeSet kBoolean = kinds(Kind::boolean);
inline constexpr TypeSet kString = kinds(Kind::string);
inline constexpr TypeSet kList = kinds(Kind::list);
inline constexpr TypeSet kMap = kinds(Kind::map);
inline constexpr TypeSet kNode = kinds(Kind::node);
inline constexpr TypeSet kRelationship = kinds(Kind::relationship);
inline constexpr TypeSet kPath = kinds(Kind::path);
inline constexpr TypeSet kInteger = kinds(Kind::integer);
inline constexpr TypeSet kFloating = kinds(Kind::floating);
inline constexpr TypeSet kNullType = kinds(Kind::null);
inline constexpr TypeSet kPoint = kinds(Kind::point);
inline constexpr TypeSet kDuration = kinds(Kind::duration);
inline constexpr TypeSet kMoment =
    kinds(Kind::date, Kind::local_time, Kind::time, Kind::local_datetime, Kind::datetime);
inline constexpr TypeSet kTemporal = kMoment | kDuration;
inline constexpr TypeSet kVector = kinds(Kind::vector);
// What may be stored as a property.
inline constexpr TypeSet kStorable =
    kBoolean | kNumber | kString | kList | kTemporal | kPoint | kVector | kNullType;

// As users write it: "INTEGER", "NODE", "INTEGER or FLOAT".
std::string type_name(TypeSet types);
// The kinds that a procedure's field takes, null left out.
TypeSet field_types(FieldType type) noexcept;
std::string_view kind_name(Kind kind) noexcept;

}  // namespace rv::graph
