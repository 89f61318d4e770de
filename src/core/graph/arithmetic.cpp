// + - * / % ^ of values, and their text.
#include <array>
#include <charconv>
#include <cmath>

#include "core/graph/eval.h"
#include "core/graph/query_error.h"
#include "core/graph/temporal.h"
#include "core/graph/type_set.h"

namespace rv::graph {
namespace {

[[noreturn]] void overflow(char op) {
  raise(ErrorCode::out_of_range, std::string("integer overflow in operator ") + op,
        "ArithmeticError: IntegerOverflow");
}

[[noreturn]] void mismatch(char op, const Value& a, const Value& b) {
  raise_type(std::string("operator ") + op + " cannot combine " + std::string(kind_name(a.kind())) +
             " and " + std::string(kind_name(b.kind())));
}

Value integer_arithmetic(char op, std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  switch (op) {
    case '+':
      if (__builtin_add_overflow(a, b, &r)) overflow(op);
      return Value::integer(r);
    case '-':
      if (__builtin_sub_overflow(a, b, &r)) overflow(op);
      return Value::integer(r);
    case '*':
      if (__builtin_mul_overflow(a, b, &r)) overflow(op);
      return Value::integer(r);
    case '^':
      return Value::floating(std::pow(static_cast<double>(a), static_cast<double>(b)));
    default:
      if (b == 0)
        raise(ErrorCode::division_by_zero, "division by zero", "ArithmeticError: DivisionByZero");
      if (b == -1) {
        if (op == '%') return Value::integer(0);
        if (a == INT64_MIN) overflow(op);
      }
      return Value::integer(op == '/' ? a / b : a % b);
  }
}

Value float_arithmetic(char op, double a, double b) {
  switch (op) {
    case '+':
      return Value::floating(a + b);
    case '-':
      return Value::floating(a - b);
    case '*':
      return Value::floating(a * b);
    case '/':
      return Value::floating(a / b);
    case '%':
      return Value::floating(std::fmod(a, b));
    default:
      return Value::floating(std::pow(a, b));
  }
}

Value combine(const Duration& a, const Duration& b, int sign, Arena& arena) {
  std::int64_t months = 0, days = 0, seconds = 0;
  if (__builtin_add_overflow(a.months, sign * b.months, &months) ||
      __builtin_add_overflow(a.days, sign * b.days, &days) ||
      __builtin_add_overflow(a.seconds, sign * b.seconds, &seconds))
    overflow(sign > 0 ? '+' : '-');
  return exact_duration(months, days, seconds, a.nanoseconds + sign * b.nanoseconds, arena);
}

Value scale(const Duration& d, long double factor, Arena& arena) {
  return make_duration(
      static_cast<long double>(d.months) * factor, static_cast<long double>(d.days) * factor,
      (static_cast<long double>(d.seconds) + static_cast<long double>(d.nanoseconds) / 1e9L) *
          factor,
      arena);
}

}  // namespace

Value add(const Value& a, const Value& b, Arena& arena) {
  if (a.is(Kind::list) || b.is(Kind::list)) {
    if (a.is_null() || b.is_null()) return Value::null();
    const auto x = a.is(Kind::list) ? a.as_list() : std::span<const Value>(&a, 1);
    const auto y = b.is(Kind::list) ? b.as_list() : std::span<const Value>(&b, 1);
    auto* items = arena.array<Value>(x.size() + y.size());
    std::size_t n = 0;
    for (const auto& part : {x, y})
      for (const Value& v : part) new (items + n++) Value(v);
    return Value::list({items, n});
  }
  if (a.is_null() || b.is_null()) return Value::null();
  if (a.is_number() && b.is_number()) return arithmetic('+', a, b, arena);
  const TypeSet text = kString | kNumber | kBoolean | kTemporal | kPoint;
  if ((a.is(Kind::string) || b.is(Kind::string)) && (kinds(a.kind()) & text) != 0 &&
      (kinds(b.kind()) & text) != 0) {
    const std::string x = a.is(Kind::string) ? std::string(a.as_string()) : to_text(a);
    const std::string y = b.is(Kind::string) ? std::string(b.as_string()) : to_text(b);
    return make_string(arena, x + y);
  }
  if (a.is(Kind::duration) && b.is(Kind::duration))
    return combine(a.as_duration(), b.as_duration(), 1, arena);
  if (a.is_temporal() && b.is(Kind::duration)) return shift(a, b.as_duration(), 1, arena);
  if (a.is(Kind::duration) && b.is_temporal()) return shift(b, a.as_duration(), 1, arena);
  mismatch('+', a, b);
}

Value arithmetic(char op, const Value& a, const Value& b, Arena& arena) {
  if (a.is(Kind::integer) && b.is(Kind::integer))
    return integer_arithmetic(op, a.as_integer(), b.as_integer());
  if (a.is_number() && b.is_number()) return float_arithmetic(op, a.as_double(), b.as_double());
  if (op == '+') return add(a, b, arena);
  if (a.is_null() || b.is_null()) return Value::null();
  if (op == '-' && b.is(Kind::duration)) {
    if (a.is(Kind::duration)) return combine(a.as_duration(), b.as_duration(), -1, arena);
    if (a.is_temporal()) return shift(a, b.as_duration(), -1, arena);
  }
  if (op == '*' && a.is(Kind::duration) && b.is_number())
    return scale(a.as_duration(), static_cast<long double>(b.as_double()), arena);
  if (op == '*' && a.is_number() && b.is(Kind::duration))
    return scale(b.as_duration(), static_cast<long double>(a.as_double()), arena);
  if (op == '/' && a.is(Kind::duration) && b.is_number()) {
    if (b.as_double() == 0)
      raise(ErrorCode::division_by_zero, "division by zero", "ArithmeticError: DivisionByZero");
    return scale(a.as_duration(), 1.0L / static_cast<long double>(b.as_double()), arena);
  }
  mismatch(op, a, b);
}

// The shortest text that reads back as the same number, with a point or an exponent.
std::string float_text(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-Infinity" : "Infinity";
  std::array<char, 40> buffer;
  const double size = std::fabs(d);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e7);
  const auto r = plain ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), d,
                                       std::chars_format::fixed)
                       : std::to_chars(buffer.data(), buffer.data() + buffer.size(), d,
                                       std::chars_format::scientific);
  std::string out(buffer.data(), r.ptr);
  if (plain) {
    if (out.find('.') == std::string::npos) out += ".0";
    return out;
  }
  // 1.5e+07 becomes 1.5E7.
  const std::size_t e = out.find('e');
  std::string mantissa = out.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  std::size_t digits = e + 1;
  std::string sign;
  if (out[digits] == '-') sign = "-";
  ++digits;
  while (out[digits] == '0' && digits + 1 < out.size()) ++digits;
  return mantissa + "E" + sign + out.substr(digits);
}

std::string to_text(const Value& v) {
  switch (v.kind()) {
    case Kind::boolean:
      return v.as_boolean() ? "true" : "false";
    case Kind::integer:
      return std::to_string(v.as_integer());
    case Kind::floating:
      return float_text(v.as_floating());
    case Kind::string:
      return std::string(v.as_string());
    case Kind::point: {
      const Point& p = v.as_point();
      std::string out = "point({x: " + float_text(p.x) + ", y: " + float_text(p.y);
      if (p.has_z()) out += ", z: " + float_text(p.z);
      return out + ", srid: " + std::to_string(p.srid) + "})";
    }
    default:
      break;
  }
  if (v.is_temporal()) return format_temporal(v);
  raise_type(std::string(kind_name(v.kind())) + " has no text form",
             "TypeError: InvalidArgumentValue");
}

}  // namespace rv::graph
