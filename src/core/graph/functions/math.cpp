#include <cmath>

#include "core/graph/functions/tables.h"

namespace rv::graph {
namespace {

template <double (*f)(double)>
Value apply(Args a, FunctionContext&) {
  return Value::floating(f(a[0].as_double()));
}

double cot(double x) { return 1.0 / std::tan(x); }
double coth(double x) { return 1.0 / std::tanh(x); }
double haversin(double x) { return (1.0 - std::cos(x)) / 2.0; }
double degrees(double x) { return x * 180.0 / M_PI; }
double radians(double x) { return x * M_PI / 180.0; }
double ceiling(double x) { return std::ceil(x); }
double floor_of(double x) { return std::floor(x); }
double square_root(double x) { return std::sqrt(x); }

Value abs_of(Args a, FunctionContext&) {
  if (a[0].is(Kind::floating)) return Value::floating(std::fabs(a[0].as_floating()));
  if (a[0].as_integer() == INT64_MIN)
    raise(ErrorCode::out_of_range, "integer overflow in abs()", "ArithmeticError: IntegerOverflow");
  return Value::integer(a[0].as_integer() < 0 ? -a[0].as_integer() : a[0].as_integer());
}

Value sign(Args a, FunctionContext&) {
  const double d = a[0].as_double();
  return Value::integer(d > 0 ? 1 : d < 0 ? -1 : 0);
}

// round(x), round(x, places), round(x, places, mode); halves go up by default, away from zero with
// a number of places.
Value round_of(Args a, FunctionContext&) {
  const double x = a[0].as_double();
  if (a.size() == 1) return Value::floating(std::floor(x + 0.5));
  const std::int64_t places = a[1].as_integer();
  if (places < 0 || places > 300)
    raise_argument("round() takes 0 to 300 places", "ArgumentError: NumberOutOfRange");
  const std::string_view mode = a.size() > 2 ? a[2].as_string() : std::string_view("HALF_UP");
  const double scale = std::pow(10.0, static_cast<double>(places));
  const double scaled = x * scale;
  if (!std::isfinite(scaled)) return Value::floating(x);
  // A half that binary fractions miss by less than they can tell counts as a half.
  const double down = std::trunc(scaled);
  const double rest = std::fabs(scaled - down);
  const double away = down + (x < 0 ? -1 : 1);
  const bool half = std::fabs(rest - 0.5) < 1e-9;
  double r;
  if (mode == "UP") {
    r = rest == 0 ? down : away;
  } else if (mode == "DOWN") {
    r = down;
  } else if (mode == "CEILING") {
    r = std::ceil(scaled);
  } else if (mode == "FLOOR") {
    r = std::floor(scaled);
  } else if (mode == "HALF_UP") {
    r = half || rest > 0.5 ? away : down;
  } else if (mode == "HALF_DOWN") {
    r = !half && rest > 0.5 ? away : down;
  } else if (mode == "HALF_EVEN") {
    r = half ? (std::fmod(down, 2.0) == 0 ? down : away) : rest > 0.5 ? away : down;
  } else {
    raise_argument("unknown rounding mode " + std::string(mode));
  }
  return Value::floating(r / scale);
}

Value is_nan(Args a, FunctionContext&) { return Value::boolean(std::isnan(a[0].as_double())); }
Value atan2_of(Args a, FunctionContext&) {
  return Value::floating(std::atan2(a[0].as_double(), a[1].as_double()));
}
Value pi(Args, FunctionContext&) { return Value::floating(M_PI); }
Value e(Args, FunctionContext&) { return Value::floating(M_E); }
Value rand_of(Args, FunctionContext& c) { return Value::floating(c.runtime.random().uniform()); }

Value random_uuid(Args, FunctionContext& c) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t bits[2] = {c.runtime.random().next(), c.runtime.random().next()};
  bits[0] = (bits[0] & ~std::uint64_t{0xF000}) | 0x4000;
  bits[1] = (bits[1] & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63;
  std::string out;
  for (int k = 0; k < 32; ++k) {
    if (k == 8 || k == 12 || k == 16 || k == 20) out += '-';
    out += kHex[bits[k / 16] >> (60 - k % 16 * 4) & 15];
  }
  return make_string(c.arena, out);
}

const FunctionInfo kMathFunctions[] = {
    {"abs", 1, 1, kNumber, 0, kNumber, abs_of},
    {"ceil", 1, 1, kNumber, 0, kFloating, apply<ceiling>},
    {"floor", 1, 1, kNumber, 0, kFloating, apply<floor_of>},
    {"round", 1, 3, kNumber, kInteger | kString, kFloating, round_of},
    {"sign", 1, 1, kNumber, 0, kInteger, sign},
    {"isNaN", 1, 1, kNumber, 0, kBoolean, is_nan},
    {"sqrt", 1, 1, kNumber, 0, kFloating, apply<square_root>},
    {"exp", 1, 1, kNumber, 0, kFloating, apply<std::exp>},
    {"log", 1, 1, kNumber, 0, kFloating, apply<std::log>},
    {"log10", 1, 1, kNumber, 0, kFloating, apply<std::log10>},
    {"sin", 1, 1, kNumber, 0, kFloating, apply<std::sin>},
    {"cos", 1, 1, kNumber, 0, kFloating, apply<std::cos>},
    {"tan", 1, 1, kNumber, 0, kFloating, apply<std::tan>},
    {"cot", 1, 1, kNumber, 0, kFloating, apply<cot>},
    {"sinh", 1, 1, kNumber, 0, kFloating, apply<std::sinh>},
    {"cosh", 1, 1, kNumber, 0, kFloating, apply<std::cosh>},
    {"tanh", 1, 1, kNumber, 0, kFloating, apply<std::tanh>},
    {"coth", 1, 1, kNumber, 0, kFloating, apply<coth>},
    {"asin", 1, 1, kNumber, 0, kFloating, apply<std::asin>},
    {"acos", 1, 1, kNumber, 0, kFloating, apply<std::acos>},
    {"atan", 1, 1, kNumber, 0, kFloating, apply<std::atan>},
    {"atan2", 2, 2, kNumber, kNumber, kFloating, atan2_of},
    {"degrees", 1, 1, kNumber, 0, kFloating, apply<degrees>},
    {"radians", 1, 1, kNumber, 0, kFloating, apply<radians>},
    {"haversin", 1, 1, kNumber, 0, kFloating, apply<haversin>},
    {"pi", 0, 0, 0, 0, kFloating, pi},
    {"e", 0, 0, 0, 0, kFloating, e},
    {"rand", 0, 0, 0, 0, kFloating, rand_of},
    {"randomUUID", 0, 0, 0, 0, kString, random_uuid},
};

}  // namespace

std::span<const FunctionInfo> math_functions() { return kMathFunctions; }

}  // namespace rv::graph
