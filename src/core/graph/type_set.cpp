#include "core/graph/type_set.h"

namespace rv::graph {

std::string_view kind_name(Kind kind) noexcept {
  static constexpr std::string_view kNames[] = {
      "NULL",       "BOOLEAN",        "INTEGER",        "FLOAT",    "STRING", "LIST",
      "MAP",        "NODE",           "RELATIONSHIP",   "PATH",     "DATE",   "LOCAL TIME",
      "ZONED TIME", "LOCAL DATETIME", "ZONED DATETIME", "DURATION", "POINT",  "VECTOR"};
  return kNames[static_cast<unsigned>(kind)];
}

std::string type_name(TypeSet types) {
  if (types == kAnyType) return "ANY";
  std::string out;
  for (unsigned k = 0; k < 18; ++k) {
    if ((types >> k & 1U) == 0) continue;
    if (!out.empty()) out += " or ";
    out += kind_name(static_cast<Kind>(k));
  }
  return out;
}

TypeSet field_types(FieldType type) noexcept {
  switch (type) {
    case FieldType::any:
      return kAnyType;
    case FieldType::boolean:
      return kBoolean;
    case FieldType::integer:
      return kInteger;
    case FieldType::floating:
    case FieldType::number:
      return kNumber;
    case FieldType::string:
      return kString;
    case FieldType::list:
      return kList;
    case FieldType::map:
      return kMap;
    case FieldType::node:
      return kNode;
    case FieldType::relationship:
      return kRelationship;
    case FieldType::path:
      return kPath;
    case FieldType::temporal:
      return kTemporal;
    case FieldType::point:
      return kPoint;
    case FieldType::vector:
      return kVector | kList;
  }
  return kAnyType;
}

}  // namespace rv::graph
