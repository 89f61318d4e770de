#include "core/graph/map/property_text.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/graph/map/temporal_text.h"

namespace rv::graph {
namespace {

template <class T>
void append_number(std::string& out, T x) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
  out.append(digits, end);
}

// A double that reads back as a double: 1.0, not 1.
void append_floating(std::string& out, double x) {
  if (std::isnan(x)) {
    out += "NaN";
  } else if (std::isinf(x)) {
    out += x < 0 ? "-Infinity" : "Infinity";
  } else {
    const std::size_t start = out.size();
    append_number(out, x);
    if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
  }
}

void append_quoted(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += quote;
}

void append_key(std::string& out, std::string_view key) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  bool bare = !key.empty() && !(key[0] >= '0' && key[0] <= '9');
  for (const char c : key) bare = bare && word(c);
  if (bare) {
    out += key;
    return;
  }
  out += '`';
  for (const char c : key) {
    if (c == '`') out += '`';
    out += c;
  }
  out += '`';
}

void append_iso(std::string& out, const PropertyView& value) {
  switch (value.type()) {
    case PropertyType::date:
      return append_date(out, value.date());
    case PropertyType::local_time:
      return append_local_time(out, value.local_time());
    case PropertyType::time:
      return append_time(out, value.time());
    case PropertyType::local_datetime:
      return append_local_datetime(out, value.local_datetime());
    case PropertyType::datetime:
      return append_datetime(out, value.datetime());
    case PropertyType::duration:
      return append_duration(out, value.duration());
    default:
      throw Error(ErrorCode::internal, "not a temporal value");
  }
}

const char* temporal_function(PropertyType type) {
  switch (type) {
    case PropertyType::date:
      return "date";
    case PropertyType::local_time:
      return "localtime";
    case PropertyType::time:
      return "time";
    case PropertyType::local_datetime:
      return "localdatetime";
    case PropertyType::datetime:
      return "datetime";
    default:
      return "duration";
  }
}

void append_vector(std::string& out, const PropertyView& value) {
  std::vector<float> x(value.vector_size());
  value.copy_vector(x.data());
  out += '[';
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i > 0) out += ", ";
    append_number(out, x[i]);
  }
  out += ']';
}

void append_point(std::string& out, const PropertyView& value, bool json) {
  const StoredPoint p = value.point();
  const char* const quote = json ? "\"" : "";
  const auto field = [&](const char* name) { out += std::string(quote) + name + quote + ": "; };
  const auto number = [&](double x) {
    const bool odd = json && !std::isfinite(x);
    if (odd) out += '"';
    append_floating(out, x);
    if (odd) out += '"';
  };
  out += '{';
  field("srid");
  out += std::to_string(p.srid) + ", ";
  field("x");
  number(p.x);
  out += ", ";
  field("y");
  number(p.y);
  if (p.dimensions == 3) {
    out += ", ";
    field("z");
    number(p.z);
  }
  out += '}';
}

template <class Append>
void append_list(std::string& out, const PropertyView& value, Append append) {
  out += '[';
  bool first = true;
  value.for_each_item([&](const PropertyView& item) {
    if (!first) out += ", ";
    first = false;
    append(out, item);
  });
  out += ']';
}

template <class Key, class Append>
void append_map(std::string& out, const MapView& map, Key key, Append append) {
  out += '{';
  bool first = true;
  for (const auto& e : map.sorted_by_key()) {
    if (!first) out += ", ";
    first = false;
    key(out, e.key);
    out += ": ";
    append(out, e.value);
  }
  out += '}';
}

}  // namespace

void append_text(std::string& out, const PropertyView& value) {
  check_property(value);
  switch (value.type()) {
    case PropertyType::null:
      out += "null";
      break;
    case PropertyType::boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case PropertyType::integer:
      append_number(out, value.integer());
      break;
    case PropertyType::floating:
      append_floating(out, value.floating());
      break;
    case PropertyType::string:
      append_quoted(out, value.string(), '\'');
      break;
    case PropertyType::list:
      append_list(out, value, [](std::string& o, const PropertyView& v) { append_text(o, v); });
      break;
    case PropertyType::vector:
      out += "vector(";
      append_vector(out, value);
      out += ')';
      break;
    case PropertyType::point:
      out += "point(";
      append_point(out, value, false);
      out += ')';
      break;
    default: {
      out += temporal_function(value.type());
      std::string iso;
      append_iso(iso, value);
      out += '(';
      append_quoted(out, iso, '\'');
      out += ')';
    }
  }
}

void append_text(std::string& out, const MapView& map) {
  append_map(out, map, append_key,
             [](std::string& o, const PropertyView& v) { append_text(o, v); });
}

void append_quoted_json(std::string& out, std::string_view text) { append_quoted(out, text, '"'); }

void append_json(std::string& out, const PropertyView& value) {
  check_property(value);
  switch (value.type()) {
    case PropertyType::floating:
      if (!std::isfinite(value.floating())) {
        out += '"';
        append_floating(out, value.floating());
        out += '"';
        break;
      }
      append_floating(out, value.floating());
      break;
    case PropertyType::string:
      append_quoted_json(out, value.string());
      break;
    case PropertyType::list:
      append_list(out, value, [](std::string& o, const PropertyView& v) { append_json(o, v); });
      break;
    case PropertyType::vector:
      append_vector(out, value);
      break;
    case PropertyType::point:
      append_point(out, value, true);
      break;
    case PropertyType::null:
    case PropertyType::boolean:
    case PropertyType::integer:
      append_text(out, value);
      break;
    default: {
      std::string iso;
      append_iso(iso, value);
      append_quoted_json(out, iso);
    }
  }
}

void append_json(std::string& out, const MapView& map) {
  append_map(out, map, append_quoted_json,
             [](std::string& o, const PropertyView& v) { append_json(o, v); });
}

std::string plain_text(const PropertyView& value) {
  if (value.type() == PropertyType::string) return std::string(value.string());
  std::string out;
  if (value.type() >= PropertyType::date && value.type() <= PropertyType::duration) {
    check_property(value);
    append_iso(out, value);
  } else if (value.type() == PropertyType::floating) {
    append_floating(out, value.floating());
  } else {
    append_json(out, value);
  }
  return out;
}

}  // namespace rv::graph
