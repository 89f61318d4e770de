// Text form of vector and halfvec: what is read, what is refused and with which words.
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/types/dense.h"

namespace rv {
namespace {

template <class T>
std::vector<float> parsed(const std::string& text, int expected_dim = -1) {
  std::vector<typename T::Element> out(static_cast<std::size_t>(count_elements(text)));
  const int dim = parse_dense<T>(text, expected_dim, out.data(), count_elements(text));
  std::vector<float> x;
  for (int i = 0; i < dim; ++i) x.push_back(to_float(out[static_cast<std::size_t>(i)]));
  return x;
}

template <class T>
std::string formatted(const std::vector<float>& x) {
  std::vector<typename T::Element> e;
  for (float f : x) e.push_back(to_element<T>(f));
  const int dim = static_cast<int>(x.size());
  std::string out(dense_text_bound(dim), '?');
  out.resize(format_dense<T>(e.data(), dim, out.data(), write_float_shortest));
  return out;
}

template <class T>
void expect_error(const std::string& text, ErrorCode code, const std::string& message,
                  const std::string& detail = "", int expected_dim = -1) {
  try {
    parsed<T>(text, expected_dim);
    ADD_FAILURE() << text << " was accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << text;
    EXPECT_EQ(std::string(e.what()), message) << text;
    EXPECT_EQ(e.detail(), detail) << text;
  }
}

void expect_malformed(const std::string& text, const std::string& detail = "") {
  expect_error<Vector>(text, ErrorCode::invalid_text,
                       "invalid input syntax for type vector: \"" + text + "\"", detail);
}

TEST(DenseText, ReadsWhatStrtofReads) {
  using V = std::vector<float>;
  EXPECT_EQ(parsed<Vector>("[1,2.5,-3]"), (V{1, 2.5f, -3}));
  EXPECT_EQ(parsed<Vector>(" \t\n\r\v\f[ \f1 ,\v 2\t] \n"), (V{1, 2}));
  EXPECT_EQ(parsed<Vector>("[+1,.5,5.,1e3,0x1p3,0X1F,1E-2]"), (V{1, .5f, 5, 1000, 8, 31, .01f}));
  EXPECT_EQ(parsed<Vector>("[16777217]"), (V{16777216}));
  EXPECT_TRUE(std::signbit(parsed<Vector>("[-0]")[0]));
}

TEST(DenseText, UnderflowIsSilent) {
  EXPECT_EQ(parsed<Vector>("[1e-46,1e-400]"), (std::vector<float>{0, 0}));
  EXPECT_EQ(parsed<Vector>("[1e-45]")[0], std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(parsed<Halfvec>("[2e-8,6e-8]"), (std::vector<float>{0, std::ldexp(1.f, -24)}));
}

TEST(DenseText, RefusesMalformedText) {
  expect_malformed("", "Vector contents must start with \"[\".");
  expect_malformed("1,2", "Vector contents must start with \"[\".");
  expect_malformed("[1] x", "Junk after closing right brace.");
  expect_malformed("[1]]", "Junk after closing right brace.");
  for (const char* text : {"[", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1}", "[[1]]",
                           "[a]", "[-]", "[.]", "[1_0]", "[1e]", "[0x]"})
    expect_malformed(text);
}

TEST(DenseText, RefusesWhatTheTypesCannotHold) {
  const auto data = ErrorCode::data_exception;
  expect_error<Vector>("[]", data, "vector must have at least 1 dimension");
  expect_error<Halfvec>("[ ]", data, "halfvec must have at least 1 dimension");
  expect_error<Vector>("[1,NaN]", data, "NaN not allowed in vector");
  expect_error<Halfvec>("[-infinity]", data, "infinite value not allowed in halfvec");
  expect_error<Vector>("[4e38,1]", ErrorCode::out_of_range,
                       "\"4e38\" is out of range for type vector");
  expect_error<Vector>("[-1e400]", ErrorCode::out_of_range,
                       "\"-1e400\" is out of range for type vector");
  expect_error<Halfvec>("[1,65520]", ErrorCode::out_of_range,
                        "\"65520\" is out of range for type halfvec");
  EXPECT_EQ(parsed<Halfvec>("[65519,-65504]"), (std::vector<float>{65504, -65504}));
  expect_error<Vector>("[1,2]", data, "expected 3 dimensions, not 2", "", 3);
}

TEST(DenseText, StopsAtTheLimitOfDimensions) {
  std::string text = "[0";
  for (int i = 1; i < kMaxDim; ++i) text += ",0";
  EXPECT_EQ(parsed<Vector>(text + "]").size(), static_cast<std::size_t>(kMaxDim));
  expect_error<Vector>(text + ",0]", ErrorCode::limit_exceeded,
                       "vector cannot have more than 16000 dimensions");
}

TEST(DenseText, WritesTheShortestText) {
  EXPECT_EQ(formatted<Vector>({1, 2.5f, -3}), "[1,2.5,-3]");
  EXPECT_EQ(formatted<Vector>({0.1f, -0.0f}), "[0.1,-0]");
  EXPECT_EQ(formatted<Halfvec>({0.1f}), "[0.099975586]");  // binary16 of 0.1, printed as real is
}

// Property: text is lossless, and never longer than its bound.
TEST(DenseText, RoundTripsEveryBitPattern) {
  Rng rng(11);
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> x;
    for (int i = 0; i < 20; ++i) {
      const auto bits = static_cast<std::uint32_t>(rng.next());
      float f;
      std::memcpy(&f, &bits, sizeof f);
      if (std::isfinite(f)) x.push_back(f);
    }
    if (x.empty()) continue;
    const std::string text = formatted<Vector>(x);
    ASSERT_LT(text.size(), dense_text_bound(static_cast<int>(x.size())));
    const auto back = parsed<Vector>(text);
    ASSERT_EQ(back.size(), x.size());
    ASSERT_EQ(std::memcmp(back.data(), x.data(), x.size() * sizeof(float)), 0) << text;
  }
  for (std::uint32_t h = 0; h < 0x10000; ++h) {
    const float f = to_float(static_cast<std::uint16_t>(h));
    if (!std::isfinite(f)) continue;
    const auto back = parsed<Halfvec>(formatted<Halfvec>({f}));
    ASSERT_EQ(to_element<Halfvec>(back.at(0)), h);
  }
}

// The fast path must agree with strtof to the last bit.
TEST(DenseText, AgreesWithStrtof) {
  Rng rng(12);
  for (int round = 0; round < 20000; ++round) {
    std::string number = rng.below(2) ? "-" : "";
    number += std::to_string(rng.below(round % 2 ? 100 : 1'000'000'000'000));
    if (rng.below(2)) number += "." + std::to_string(rng.below(1'000'000'000));
    if (rng.below(3) == 0) number += "e" + std::to_string(static_cast<int>(rng.below(60)) - 45);
    const float expected = std::strtof(number.c_str(), nullptr);
    if (std::isinf(expected)) continue;
    const auto x = parsed<Vector>("[" + number + "]");
    ASSERT_EQ(x.at(0), expected) << number;
  }
}

TEST(DenseText, DoesNotDependOnTheLocale) {
  const std::string old = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C"})
    if (std::setlocale(LC_NUMERIC, name) != nullptr) {
      EXPECT_EQ(parsed<Vector>("[+1.5,0x1.8p0,2.25]"), (std::vector<float>{1.5f, 1.5f, 2.25f}));
      EXPECT_EQ(formatted<Vector>({1.5f}), "[1.5]");
    }
  std::setlocale(LC_NUMERIC, old.c_str());
}

}  // namespace
}  // namespace rv
