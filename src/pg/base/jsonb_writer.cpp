#include "pg/base/jsonb_writer.h"

#include <array>
#include <cmath>

#include "core/base/error.h"

extern "C" {
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace rv::pg {
namespace {

constexpr int kMostDepth = 16;

// v as digits / 10^scale with at most ten significant digits; false for what does not fit.
bool decimal_of(double v, std::int64_t* digits, int* scale) noexcept {
  static constexpr auto kPowers = [] {
    std::array<double, 23> p{};  // exact in double precision
    double x = 1;
    for (double& e : p) {
      e = x;
      x *= 10;
    }
    return p;
  }();
  const double size = std::fabs(v);
  if (size == 0) {
    *digits = 0;
    *scale = 0;
    return true;
  }
  if (size >= 1e10 || size < 1e-12) return false;
  int s = 0;
  while (s < 22 && size * kPowers[static_cast<std::size_t>(s)] < 1e9) ++s;
  std::int64_t n = std::llround(v * kPowers[static_cast<std::size_t>(s)]);
  while (s > 0 && n % 10 == 0) {
    n /= 10;
    --s;
  }
  *digits = n;
  *scale = s;
  return true;
}

// Only PostgreSQL calls and plain values: inside call().
JsonbValue number_value(double v) {
  JsonbValue j;
  if (!std::isfinite(v)) {
    j.type = jbvNull;
    return j;
  }
  j.type = jbvNumeric;
  std::int64_t digits = 0;
  int scale = 0;
  if (decimal_of(v, &digits, &scale)) {
    j.val.numeric =
        scale == 0 ? int64_to_numeric(digits) : int64_div_fast_to_numeric(digits, scale);
  } else {
    j.val.numeric = DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(v)));
  }
  return j;
}

}  // namespace

Datum JsonbWriter::finish() const {
  const Step* steps = steps_.data();
  const std::size_t n = steps_.size();
  return call([steps, n] {
    JsonbParseState* state = nullptr;
    JsonbValue* whole = nullptr;
    bool in_object[kMostDepth];
    int depth = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Step& s = steps[i];
      const auto add = [&](JsonbValue v) {
        pushJsonbValue(&state, depth > 0 && in_object[depth - 1] ? WJB_VALUE : WJB_ELEM, &v);
      };
      JsonbValue v;
      switch (s.kind) {
        case Kind::object:
        case Kind::array:
          if (depth == kMostDepth) elog(ERROR, "jsonb is nested too deeply");
          in_object[depth++] = s.kind == Kind::object;
          whole = pushJsonbValue(
              &state, s.kind == Kind::object ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY, nullptr);
          break;
        case Kind::end:
          --depth;
          whole =
              pushJsonbValue(&state, in_object[depth] ? WJB_END_OBJECT : WJB_END_ARRAY, nullptr);
          break;
        case Kind::key:
        case Kind::text:
          v.type = jbvString;
          v.val.string.val = const_cast<char*>(s.text.data());
          v.val.string.len = static_cast<int>(s.text.size());
          if (s.kind == Kind::key)
            pushJsonbValue(&state, WJB_KEY, &v);
          else
            add(v);
          break;
        case Kind::boolean:
          v.type = jbvBool;
          v.val.boolean = s.number != 0;
          add(v);
          break;
        case Kind::number:
          add(number_value(s.number));
          break;
      }
    }
    return JsonbPGetDatum(JsonbValueToJsonb(whole));
  });
}

}  // namespace rv::pg
