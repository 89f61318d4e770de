// What the fuzz targets share: a property check, which errors may happen, and ways for few input
// bytes to reach the limits of the types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

// Unlike assert(), present in every build type; libFuzzer keeps the input that fails it.
#define FUZZ_CHECK(property)                                                             \
  do {                                                                                   \
    if (!(property)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

namespace rv::fuzz {

// Runs f. An Error with one of the given codes and a message that is a sentence means "refused";
// any other Error, and every other exception, is a finding.
template <class F>
auto accepted(F f, std::initializer_list<ErrorCode> may_refuse_with)
    -> std::optional<decltype(f())> {
  try {
    return f();
  } catch (const Error& e) {
    bool known = false;
    for (const ErrorCode code : may_refuse_with) known = known || e.code() == code;
    if (!known) std::fprintf(stderr, "unexpected error: %s\n", e.what());
    FUZZ_CHECK(known);
    FUZZ_CHECK(e.what()[0] != '\0');
    return std::nullopt;
  }
}

inline constexpr auto kTextErrors = {ErrorCode::invalid_text, ErrorCode::out_of_range,
                                     ErrorCode::data_exception, ErrorCode::limit_exceeded};
inline constexpr auto kBinaryErrors = {ErrorCode::protocol_violation, ErrorCode::data_exception,
                                       ErrorCode::limit_exceeded};

// Values with this many elements are slow to check; the checks that add little leave them out.
inline constexpr int kLong = 1000;

// A literal as the server passes it: it ends at the first NUL. A byte 0x80 + k repeats the element
// before it 2^k times (k < 16), so that a short input can have more elements than a type allows.
inline std::string literal(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLongest = 200'000;
  std::string text;
  for (std::size_t i = 0; i < size && data[i] != 0; ++i) {
    if (data[i] < 0x80 || data[i] > 0x8f) {
      text.push_back(static_cast<char>(data[i]));
      continue;
    }
    const auto start = text.find_last_of(",[{");
    const std::string element = start == std::string::npos ? "" : text.substr(start + 1);
    const std::size_t times = std::size_t{1} << (data[i] & 15);
    for (std::size_t n = 0; n < times && text.size() + element.size() < kLongest; ++n)
      text += "," + element;
  }
  return text;
}

// An array of exactly n elements on the heap: the address sanitizer sees every step outside.
template <class T>
std::vector<T> exact(std::size_t n) {
  std::vector<T> v;
  v.reserve(n);
  v.resize(n);
  v.shrink_to_fit();
  return v;
}

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace rv::fuzz
