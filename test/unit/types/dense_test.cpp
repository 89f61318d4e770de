// Arithmetic, distances, order, hash and aggregates of vector and halfvec against independent
// float64 formulas.
#include "core/types/dense.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv {
namespace {

template <class T>
using Values = std::vector<typename T::Element>;

template <class T>
Values<T> of(const std::vector<float>& x) {
  Values<T> v;
  for (float f : x) v.push_back(to_element<T>(f));
  return v;
}

template <class T>
std::vector<float> floats(const Values<T>& v) {
  std::vector<float> x;
  for (auto e : v) x.push_back(to_float(e));
  return x;
}

template <class T>
Values<T> random_values(Rng& rng, int dim) {
  Values<T> v;
  for (int i = 0; i < dim; ++i) v.push_back(to_element<T>(static_cast<float>(rng.normal())));
  return v;
}

void expect_error(ErrorCode code, const std::string& message, const std::function<void()>& f) {
  try {
    f();
    ADD_FAILURE() << "no error: " << message;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << message;
    EXPECT_EQ(std::string(e.what()), message);
  }
}

template <class T>
class Dense : public testing::Test {};
using Types = testing::Types<Vector, Halfvec>;
TYPED_TEST_SUITE(Dense, Types);

TYPED_TEST(Dense, DistancesFollowTheirDefinitions) {
  using T = TypeParam;
  Rng rng(21);
  for (int dim : {1, 2, 3, 7, 16, 31, 100, 768, 1537}) {
    const auto a = random_values<T>(rng, dim), b = random_values<T>(rng, dim);
    double squares = 0, dot = 0, l1 = 0, na = 0, nb = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double x = to_float(a[i]), y = to_float(b[i]);
      squares += (x - y) * (x - y);
      dot += x * y;
      l1 += std::abs(x - y);
      na += x * x;
      nb += y * y;
      size += std::abs(x * y);
    }
    EXPECT_NEAR(l2_squared<T>(a.data(), b.data(), dim), squares, 1e-5 * squares);
    EXPECT_NEAR(inner_product<T>(a.data(), b.data(), dim), dot, 1e-5 * size);
    EXPECT_NEAR(l1_distance<T>(a.data(), b.data(), dim), l1, 1e-5 * l1);
    EXPECT_NEAR(cosine_distance<T>(a.data(), b.data(), dim), 1 - dot / std::sqrt(na * nb), 1e-5);
    EXPECT_DOUBLE_EQ(l2_norm<T>(a.data(), dim), std::sqrt(na));
  }
}

TYPED_TEST(Dense, CosineKeepsItsBounds) {
  using T = TypeParam;
  const auto zero = of<T>({0, 0}), one = of<T>({1, 1}), minus = of<T>({-1, -1});
  EXPECT_TRUE(std::isnan(cosine_distance<T>(zero.data(), one.data(), 2)));
  EXPECT_TRUE(std::isnan(cosine_distance<T>(zero.data(), zero.data(), 2)));
  EXPECT_EQ(cosine_distance<T>(one.data(), one.data(), 2), 0);
  EXPECT_EQ(cosine_distance<T>(one.data(), minus.data(), 2), 2);
  EXPECT_EQ(cosine_from_sums(1.0000001, 1, 1), 0);
  EXPECT_EQ(cosine_from_sums(-1.0000001, 1, 1), 2);
}

TYPED_TEST(Dense, SphericalDistanceIsTheAngleOverPi) {
  using T = TypeParam;
  const auto x = of<T>({1, 0}), y = of<T>({0, 1}), minus_x = of<T>({-1, 0}), two = of<T>({2, 0});
  EXPECT_DOUBLE_EQ(spherical_distance<T>(x.data(), y.data(), 2), 0.5);
  EXPECT_DOUBLE_EQ(spherical_distance<T>(x.data(), minus_x.data(), 2), 1);
  EXPECT_DOUBLE_EQ(spherical_distance<T>(x.data(), two.data(), 2), 0);
}

TYPED_TEST(Dense, ArithmeticIsElementByElement) {
  using T = TypeParam;
  const auto a = of<T>({1, -2, 3}), b = of<T>({4, 5, -0.5f});
  Values<T> out(3);
  using V = std::vector<float>;
  add<T>(a.data(), b.data(), 3, out.data());
  EXPECT_EQ(floats<T>(out), (V{5, 3, 2.5f}));
  sub<T>(a.data(), b.data(), 3, out.data());
  EXPECT_EQ(floats<T>(out), (V{-3, -7, 3.5f}));
  mul<T>(a.data(), b.data(), 3, out.data());
  EXPECT_EQ(floats<T>(out), (V{4, -10, -1.5f}));
  scale<T>(a.data(), -0.5, 3, out.data());
  EXPECT_EQ(floats<T>(out), (V{-0.5f, 1, -1.5f}));
}

TYPED_TEST(Dense, ArithmeticRefusesWhatDoesNotFit) {
  using T = TypeParam;
  const bool half = std::is_same_v<T, Halfvec>;
  const auto big = of<T>({half ? 65504.f : 3e38f}), minus = of<T>({half ? -65504.f : -3e38f});
  const auto tiny = of<T>({half ? 1e-4f : 1e-30f}), zero = of<T>({0});
  Values<T> out(1);
  const std::string overflow = "value out of range: overflow";
  const auto range = ErrorCode::out_of_range;
  expect_error(range, overflow, [&] { add<T>(big.data(), big.data(), 1, out.data()); });
  expect_error(range, overflow, [&] { sub<T>(big.data(), minus.data(), 1, out.data()); });
  expect_error(range, overflow, [&] { mul<T>(big.data(), big.data(), 1, out.data()); });
  expect_error(range, overflow, [&] { scale<T>(big.data(), 3, 1, out.data()); });
  expect_error(range, "value out of range: underflow",
               [&] { mul<T>(tiny.data(), tiny.data(), 1, out.data()); });
  mul<T>(tiny.data(), zero.data(), 1, out.data());
  EXPECT_EQ(to_float(out[0]), 0);
  expect_error(ErrorCode::invalid_argument, "scalar factor must be finite", [&] {
    scale<T>(zero.data(), std::numeric_limits<double>::infinity(), 1, out.data());
  });
}

TYPED_TEST(Dense, NormalizeGivesUnitLength) {
  using T = TypeParam;
  Rng rng(22);
  const double precision = std::is_same_v<T, Halfvec> ? 2e-3 : 1e-6;
  for (int dim : {1, 3, 129}) {
    const auto a = random_values<T>(rng, dim);
    Values<T> out(a.size());
    l2_normalize<T>(a.data(), dim, out.data());
    EXPECT_NEAR(l2_norm<T>(out.data(), dim), 1, precision);
    EXPECT_NEAR(cosine_distance<T>(a.data(), out.data(), dim), 0, precision);
  }
  const auto zero = of<T>({0, -0.0f});
  Values<T> out(2);
  l2_normalize<T>(zero.data(), 2, out.data());
  EXPECT_EQ(out, (Values<T>{0, 0}));
  EXPECT_FALSE(std::signbit(to_float(out[1])));
}

TYPED_TEST(Dense, BinaryQuantizeSetsTheHighBitFirst) {
  using T = TypeParam;
  const auto a = of<T>({1, 0, -1, 2, -0.0f, 1e-7f, -3, 4, 5});
  std::uint8_t bits[2] = {0, 0};
  binary_quantize<T>(a.data(), 9, bits);
  EXPECT_EQ(bits[0], 0b10010101);
  EXPECT_EQ(bits[1], 0b10000000);
}

TYPED_TEST(Dense, OrderIsLexicographicThenByDimension) {
  using T = TypeParam;
  const auto cmp = [](const std::vector<float>& x, const std::vector<float>& y) {
    const auto a = of<T>(x), b = of<T>(y);
    return compare<T>(a.data(), static_cast<int>(a.size()), b.data(), static_cast<int>(b.size()));
  };
  EXPECT_EQ(cmp({1, 2}, {1, 3}), -1);
  EXPECT_EQ(cmp({2}, {1, 9}), 1);
  EXPECT_EQ(cmp({1, 2}, {1, 2, 3}), -1);
  EXPECT_EQ(cmp({1, 2, -3}, {1, 2}), 1);
  EXPECT_EQ(cmp({0.0f}, {-0.0f}), 0);
}

TYPED_TEST(Dense, EqualValuesHashEqualAndOthersSpread) {
  using T = TypeParam;
  const auto zero = of<T>({0, 1}), minus_zero = of<T>({-0.0f, 1}), swapped = of<T>({1, 0});
  EXPECT_EQ(hash<T>(zero.data(), 2, 5), hash<T>(minus_zero.data(), 2, 5));
  EXPECT_NE(hash<T>(zero.data(), 2, 5), hash<T>(swapped.data(), 2, 5));
  EXPECT_NE(hash<T>(zero.data(), 2, 5), hash<T>(zero.data(), 2, 6));
  EXPECT_NE(hash<T>(zero.data(), 1, 5), hash<T>(zero.data(), 2, 5));
  // 4096 neighbouring values over 256 buckets: 16 expected, Poisson.
  std::vector<int> buckets(256);
  for (int i = 0; i < 4096; ++i) {
    const auto v = of<T>({static_cast<float>(i % 64), static_cast<float>(i / 64)});
    ++buckets[hash<T>(v.data(), 2, 0) % 256];
  }
  for (int count : buckets) {
    EXPECT_GT(count, 0);
    EXPECT_LT(count, 45);
  }
}

TYPED_TEST(Dense, AveragesDoNotDependOnHowRowsAreSplit) {
  using T = TypeParam;
  Rng rng(23);
  const int dim = 5;
  double whole[dim + 1] = {}, left[dim + 1] = {}, right[dim + 1] = {}, expected[dim] = {};
  for (int row = 0; row < 100; ++row) {
    const auto v = random_values<T>(rng, dim);
    accumulate<T>(whole, v.data(), dim);
    accumulate<T>(row < 37 ? left : right, v.data(), dim);
    for (std::size_t i = 0; i < dim; ++i) expected[i] += double{to_float(v[i])} / 100;
  }
  combine_states(left, right, dim);
  EXPECT_EQ(left[0], 100);
  Values<T> one(dim), two(dim);
  average<T>(whole, dim, one.data(), write_float_shortest);
  average<T>(left, dim, two.data(), write_float_shortest);
  for (std::size_t i = 0; i < dim; ++i) {
    EXPECT_NEAR(to_float(one[i]), expected[i], 1e-3);
    EXPECT_NEAR(to_float(one[i]), to_float(two[i]), 1e-3);
  }
  double huge[2] = {1, std::numeric_limits<double>::max()};
  const double other[2] = {1, std::numeric_limits<double>::max()};
  expect_error(ErrorCode::out_of_range, "value out of range: overflow",
               [&] { combine_states(huge, other, 1); });
}

TEST(DenseChecks, NameTheTypeAndTheLimit) {
  const auto data = ErrorCode::data_exception, argument = ErrorCode::invalid_argument;
  expect_error(data, "vector must have at least 1 dimension", [] { check_dim(0, 9, "vector"); });
  expect_error(ErrorCode::limit_exceeded, "halfvec cannot have more than 9 dimensions",
               [] { check_dim(10, 9, "halfvec"); });
  expect_error(data, "expected 3 dimensions, not 2", [] { check_expected_dim(3, 2); });
  expect_error(data, "different vector dimensions 1 and 2", [] { check_same_dim(1, 2, "vector"); });
  const std::int32_t t[] = {0, 16001, 3};
  expect_error(argument, "invalid type modifier", [&] { check_typmod(t, 2, kMaxDim, "vector"); });
  expect_error(argument, "dimensions for type vector must be at least 1",
               [&] { check_typmod(t, 1, kMaxDim, "vector"); });
  expect_error(argument, "dimensions for type vector cannot exceed 16000",
               [&] { check_typmod(t + 1, 1, kMaxDim, "vector"); });
  EXPECT_EQ(check_typmod(t + 2, 1, kMaxDim, "vector"), 3);
  EXPECT_NO_THROW(check_expected_dim(-1, 7));
}

TEST(DenseChecks, ElementsOfHalfvecAreRoundedThenChecked) {
  EXPECT_EQ(to_float(checked_element<Halfvec>(65519.f, write_float_shortest)), 65504.f);
  expect_error(ErrorCode::out_of_range, "\"65520\" is out of range for type halfvec",
               [] { checked_element<Halfvec>(65520.f, write_float_shortest); });
  expect_error(ErrorCode::data_exception, "NaN not allowed in vector",
               [] { checked_element<Vector>(std::nanf(""), write_float_shortest); });
}

// The range of subvector() against a literal reading of substring()'s rule.
TEST(DenseChecks, SubvectorClipsLikeSubstring) {
  const std::int32_t min = std::numeric_limits<std::int32_t>::min();
  const std::int32_t max = std::numeric_limits<std::int32_t>::max();
  for (std::int64_t start : {std::int64_t{min}, -3L, 0L, 1L, 2L, 4L, 5L, std::int64_t{max}})
    for (std::int64_t count : {std::int64_t{min}, -1L, 0L, 1L, 2L, 4L, 9L, std::int64_t{max}}) {
      std::vector<int> kept;
      for (int i = 1; i <= 4; ++i)
        if (i >= start && i < start + count) kept.push_back(i - 1);
      const auto range = [&] {
        return subvector_range(static_cast<std::int32_t>(start), static_cast<std::int32_t>(count),
                               4, "vector");
      };
      if (kept.empty()) {
        expect_error(ErrorCode::data_exception, "vector must have at least 1 dimension", range);
      } else {
        EXPECT_EQ(range().first, kept.front());
        EXPECT_EQ(range().count, static_cast<int>(kept.size()));
      }
    }
}

}  // namespace
}  // namespace rv
