// vector's text form, against a second reader that does nothing but call strtof().
#include "dense_properties.h"

namespace {

// What the literal holds; nothing when it is not a vector.
std::optional<std::vector<float>> by_strtof(const std::string& text) {
  const auto after_space = [](const char* p) { return p + std::strspn(p, " \t\n\r\v\f"); };
  std::vector<float> x;
  const char* p = after_space(text.c_str());
  if (*p != '[') return std::nullopt;
  do {
    char* end;
    x.push_back(std::strtof(++p, &end));  // skips white space
    if (end == p || !std::isfinite(x.back())) return std::nullopt;
    p = after_space(end);
  } while (*p == ',');
  if (*p != ']' || *after_space(p + 1) != '\0' || x.size() > rv::kMaxDim) return std::nullopt;
  return x;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rv::fuzz;
  const std::string text = literal(data, size);
  const auto x = accepted([&] { return parse<rv::Vector>(text); }, kTextErrors);
  const auto expected = by_strtof(text);
  FUZZ_CHECK(x.has_value() == expected.has_value());
  if (x) {
    FUZZ_CHECK(same_bytes(*x, *expected));
    check_value<rv::Vector>(*x);
  }
  return 0;
}
