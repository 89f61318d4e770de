// Declared types of properties: "integer", "vector(768) not null", "text[]" and the like.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/graph/map/property_map.h"

namespace rv::graph {

struct DeclaredType {
  PropertyType type = PropertyType::string;
  bool any_number = false;            // "numeric": integer or float
  int dimensions = 0;                 // vectors: 0 is any
  std::optional<PropertyType> items;  // lists: what every item must be; nothing: anything
  bool not_null = false;
};

// SQL's and Cypher's names, any case, with spaces folded. 22023 for a name that is neither.
DeclaredType parse_declared_type(std::string_view text);
// Whether a property (nullopt: missing) is as declared.
bool conforms(const std::optional<PropertyView>& value, const DeclaredType& type);
// The canonical name, without the not null.
std::string declared_type_name(const DeclaredType& type);

}  // namespace rv::graph
