#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/graph/functions/tables.h"
#include "core/graph/lexer.h"
#include "core/graph/unicode.h"

namespace rv::graph {
namespace {

std::string_view stripped(std::string_view s) {
  while (!s.empty() && unicode::space_at(s, 0) == 1) s.remove_prefix(1);
  while (!s.empty() && unicode::space_at(s, s.size() - 1) == 1) s.remove_suffix(1);
  return s;
}

Value parse_float(std::string_view text) {
  std::string_view s = stripped(text);
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  if (s == "NaN") return Value::floating(std::nan(""));
  if (s == "Infinity") return Value::floating(INFINITY);
  if (s == "-Infinity") return Value::floating(-INFINITY);
  double d = 0;
  const auto r = std::from_chars(s.data(), s.data() + s.size(), d);
  if (r.ptr != s.data() + s.size() || s.empty() || r.ec == std::errc::invalid_argument ||
      std::isalpha(static_cast<unsigned char>(s.back())) != 0)
    return Value::null();
  if (r.ec == std::errc::result_out_of_range) d = std::strtod(std::string(s).c_str(), nullptr);
  return Value::floating(d);
}

Value from_double(double d) {
  if (std::isnan(d)) return Value::null();
  if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
    raise(ErrorCode::out_of_range, float_text(d) + " is too large for an INTEGER",
          "ArithmeticError: IntegerOverflow");
  return Value::integer(static_cast<std::int64_t>(d));
}

Value to_integer(Args a, FunctionContext&) {
  switch (a[0].kind()) {
    case Kind::integer:
      return a[0];
    case Kind::floating:
      return from_double(a[0].as_floating());
    case Kind::boolean:
      return Value::integer(a[0].as_boolean() ? 1 : 0);
    default:
      break;
  }
  std::string_view s = stripped(a[0].as_string());
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  std::int64_t i = 0;
  const auto r = std::from_chars(s.data(), s.data() + s.size(), i);
  if (r.ec == std::errc() && r.ptr == s.data() + s.size()) return Value::integer(i);
  const Value d = parse_float(s);
  if (d.is_null() || std::isnan(d.as_floating())) return Value::null();
  return from_double(d.as_floating());
}

Value to_float(Args a, FunctionContext&) {
  if (a[0].is_number()) return Value::floating(a[0].as_double());
  return parse_float(a[0].as_string());
}

Value to_boolean(Args a, FunctionContext&) {
  if (a[0].is(Kind::boolean)) return a[0];
  if (a[0].is(Kind::integer)) return Value::boolean(a[0].as_integer() != 0);
  const std::string_view s = stripped(a[0].as_string());
  if (equal_ignoring_case(s, "true")) return Value::boolean(true);
  if (equal_ignoring_case(s, "false")) return Value::boolean(false);
  return Value::null();
}

Value to_string(Args a, FunctionContext& c) { return make_string(c.arena, to_text(a[0])); }

constexpr TypeSet kFromInteger = kNumber | kString | kBoolean;
constexpr TypeSet kFromFloat = kNumber | kString;
constexpr TypeSet kFromBoolean = kBoolean | kString | kInteger;
constexpr TypeSet kFromText = kString | kNumber | kBoolean | kTemporal | kPoint;

// ...OrNull: what cannot be converted becomes null.
template <ScalarFunction convert, TypeSet from>
Value or_null(Args a, FunctionContext& c) {
  if ((kinds(a[0].kind()) & from) == 0) return Value::null();
  return convert(a, c);
}

template <ScalarFunction convert, TypeSet from>
Value each(Args a, FunctionContext& c) {
  std::vector<Value> out;
  for (const Value& v : a[0].as_list())
    out.push_back((kinds(v.kind()) & from) == 0 ? Value::null() : convert({&v, 1}, c));
  return make_list(c.arena, out);
}

const FunctionInfo kConversionFunctions[] = {
    {"toInteger", 1, 1, kFromInteger, 0, kInteger | kNullType, to_integer},
    {"toInt", 1, 1, kFromInteger, 0, kInteger | kNullType, to_integer},
    {"toFloat", 1, 1, kFromFloat, 0, kFloating | kNullType, to_float},
    {"toBoolean", 1, 1, kFromBoolean, 0, kBoolean | kNullType, to_boolean},
    {"toString", 1, 1, kFromText, 0, kString, to_string},
    {"toIntegerOrNull", 1, 1, kAnyType, 0, kAnyType, or_null<to_integer, kFromInteger>},
    {"toFloatOrNull", 1, 1, kAnyType, 0, kAnyType, or_null<to_float, kFromFloat>},
    {"toBooleanOrNull", 1, 1, kAnyType, 0, kAnyType, or_null<to_boolean, kFromBoolean>},
    {"toStringOrNull", 1, 1, kAnyType, 0, kAnyType, or_null<to_string, kFromText>},
    {"toIntegerList", 1, 1, kList, 0, kList, each<to_integer, kFromInteger>},
    {"toFloatList", 1, 1, kList, 0, kList, each<to_float, kFromFloat>},
    {"toBooleanList", 1, 1, kList, 0, kList, each<to_boolean, kFromBoolean>},
    {"toStringList", 1, 1, kList, 0, kList, each<to_string, kFromText>},
};

}  // namespace

std::span<const FunctionInfo> conversion_functions() { return kConversionFunctions; }

}  // namespace rv::graph
