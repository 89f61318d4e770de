#include "core/graph/map/property_schema.h"

#include <charconv>

#include "core/base/error.h"

namespace rv::graph {
namespace {

struct Name {
  std::string_view name;
  PropertyType type;
};

// The first name of each type is the canonical one.
constexpr Name kNames[] = {
    {"text", PropertyType::string},
    {"string", PropertyType::string},
    {"varchar", PropertyType::string},
    {"integer", PropertyType::integer},
    {"int", PropertyType::integer},
    {"int4", PropertyType::integer},
    {"int8", PropertyType::integer},
    {"bigint", PropertyType::integer},
    {"smallint", PropertyType::integer},
    {"float", PropertyType::floating},
    {"float4", PropertyType::floating},
    {"float8", PropertyType::floating},
    {"real", PropertyType::floating},
    {"double", PropertyType::floating},
    {"double precision", PropertyType::floating},
    {"boolean", PropertyType::boolean},
    {"bool", PropertyType::boolean},
    {"date", PropertyType::date},
    {"local time", PropertyType::local_time},
    {"localtime", PropertyType::local_time},
    {"time without time zone", PropertyType::local_time},
    {"time", PropertyType::time},
    {"timetz", PropertyType::time},
    {"zoned time", PropertyType::time},
    {"time with time zone", PropertyType::time},
    {"timestamp", PropertyType::local_datetime},
    {"local datetime", PropertyType::local_datetime},
    {"localdatetime", PropertyType::local_datetime},
    {"timestamp without time zone", PropertyType::local_datetime},
    {"timestamptz", PropertyType::datetime},
    {"datetime", PropertyType::datetime},
    {"zoned datetime", PropertyType::datetime},
    {"timestamp with time zone", PropertyType::datetime},
    {"duration", PropertyType::duration},
    {"interval", PropertyType::duration},
    {"point", PropertyType::point},
    {"vector", PropertyType::vector},
    {"list", PropertyType::list},
};

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c + 32) : c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool strip_suffix(std::string& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return true;
}

bool find_name(std::string_view name, PropertyType& type) {
  for (const auto& n : kNames)
    if (n.name == name) {
      type = n.type;
      return true;
    }
  return false;
}

std::string_view canonical(PropertyType type) {
  for (const auto& n : kNames)
    if (n.type == type) return n.name;
  return "any";
}

}  // namespace

DeclaredType parse_declared_type(std::string_view text) {
  DeclaredType out;
  std::string name = folded(text);
  out.not_null = strip_suffix(name, " not null");
  bool list = strip_suffix(name, "[]");
  if (!list && name.starts_with("list<") && name.ends_with(">")) {
    list = true;
    name = name.substr(5, name.size() - 6);
    strip_suffix(name, " not null");
  }
  bool known = false;
  if (name == "numeric" || name == "number") {
    out.any_number = known = !list;
    out.type = PropertyType::floating;
  } else if (list && name == "any") {
    out.type = PropertyType::list;
    return out;
  } else if (name.starts_with("vector(") && name.ends_with(")") && !list) {
    const char* const end = name.data() + name.size() - 1;
    const auto r = std::from_chars(name.data() + 7, end, out.dimensions);
    known = r.ec == std::errc() && r.ptr == end && out.dimensions >= 1 && out.dimensions <= 16000;
    out.type = PropertyType::vector;
  } else {
    known = find_name(name, out.type) && !(list && out.type == PropertyType::list);
  }
  if (!known)
    throw Error(ErrorCode::invalid_argument,
                "unknown property type \"" + std::string(text.substr(0, 200)) + "\"", {},
                "Use text, integer, float, numeric, boolean, date, time, timestamp, timestamptz, "
                "duration, point, vector(n), or one of them with [] for lists; add \"not null\" "
                "to require the property.");
  if (list) {
    out.items = out.type;
    out.type = PropertyType::list;
  }
  return out;
}

bool conforms(const std::optional<PropertyView>& value, const DeclaredType& type) {
  if (!value) return !type.not_null;
  if (type.any_number && value->type() == PropertyType::integer) return true;
  if (value->type() != type.type) return false;
  if (type.dimensions > 0) return value->vector_size() == static_cast<std::size_t>(type.dimensions);
  bool good = true;
  if (type.items)
    value->for_each_item(
        [&](const PropertyView& item) { good = good && item.type() == *type.items; });
  return good;
}

std::string declared_type_name(const DeclaredType& type) {
  if (type.any_number) return "numeric";
  if (type.dimensions > 0) return "vector(" + std::to_string(type.dimensions) + ")";
  if (type.items) return std::string(canonical(*type.items)) + "[]";
  return std::string(canonical(type.type));
}

}  // namespace rv::graph
