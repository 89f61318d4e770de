#include "core/types/text_format.h"

#include <locale.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/base/error.h"

namespace rv {
namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

float strtof_c(const char* text, char** end) noexcept {
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return c_locale != nullptr ? strtof_l(text, end, c_locale) : std::strtof(text, end);
}

}  // namespace

int write_float_shortest(float value, char* out) {
  return static_cast<int>(std::to_chars(out, out + kMaxFloatText, value).ptr - out);
}

void LiteralReader::skip_space() noexcept {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

bool LiteralReader::take(char c) noexcept {
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

LiteralReader::Float LiteralReader::read_float() {
  if (at_end()) fail();
  Float result{0, false, false};
  // The fast path covers ordinary finite decimals; strtof decides everything else (signs,
  // hexadecimal, inf, nan, values out of range).
  const auto [stop, error] = std::from_chars(at_, end_, result.value);
  if (error == std::errc() && std::isfinite(result.value) &&
      (stop == end_ || (*stop != 'x' && *stop != 'X'))) {
    token_ = {at_, static_cast<std::size_t>(stop - at_)};
    at_ = stop;
    return result;
  }
  char* after = nullptr;
  errno = 0;
  result.value = strtof_c(at_, &after);
  const bool range = errno == ERANGE;
  if (after == at_) fail();
  token_ = {at_, static_cast<std::size_t>(after - at_)};
  result.overflow = range && std::isinf(result.value);
  result.underflow = range && result.value == 0.0f;
  at_ = after;
  return result;
}

std::int32_t LiteralReader::read_int() {
  char* after = nullptr;
  const long long value = std::strtoll(at_, &after, 10);
  if (after == at_) fail();
  token_ = {at_, static_cast<std::size_t>(after - at_)};
  at_ = after;
  if (value > std::numeric_limits<std::int32_t>::max())
    return std::numeric_limits<std::int32_t>::max();
  if (value < std::numeric_limits<std::int32_t>::min() + 1)
    return std::numeric_limits<std::int32_t>::min() + 1;
  return static_cast<std::int32_t>(value);
}

void LiteralReader::fail(const char* detail) const {
  throw Error(
      ErrorCode::invalid_text,
      "invalid input syntax for type " + std::string(type_) + ": \"" + std::string(text_) + "\"",
      detail != nullptr ? detail : "");
}

void LiteralReader::fail_out_of_range() const {
  throw Error(ErrorCode::out_of_range,
              "\"" + std::string(token_) + "\" is out of range for type " + type_);
}

}  // namespace rv
