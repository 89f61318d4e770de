// quantvec and pqcodebook values: what goes in comes out, and damaged values are refused.
#include "core/quant/stored.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::quant {
namespace {

std::vector<float> random_vectors(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(rng.normal());
  return x;
}

TEST(Quantvec, ScalarCodesAreWithinHalfAStep) {
  for (const int dim : {1, 2, 7, 100, 16000}) {
    const auto x = random_vectors(static_cast<std::size_t>(dim), 1);
    const auto value = quantize_scalar(x.data(), dim);
    const auto v = view_quantvec(value);
    EXPECT_EQ(v.dim, dim);
    std::vector<float> y(x.size());
    dequantize(v, nullptr, y.data());
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i], v.step * 0.501 + 1e-7);
  }
}

TEST(Quantvec, ConstantAndExtremeVectors) {
  for (const float c : {0.0f, -3.5f, 3.4e38f, -3.4e38f, 1e-42f}) {
    const std::vector<float> x(5, c);
    const auto value = quantize_scalar(x.data(), 5);
    std::vector<float> y(5);
    dequantize(view_quantvec(value), nullptr, y.data());
    for (const float v : y) EXPECT_EQ(v, c);
  }
  const std::vector<float> wide = {-3.4e38f, 3.4e38f, 0};
  const auto value = quantize_scalar(wide.data(), 3);
  std::vector<float> y(3);
  dequantize(view_quantvec(value), nullptr, y.data());
  EXPECT_NEAR(y[0] / 3.4e38f, -1, 0.01);
  EXPECT_NEAR(y[1] / 3.4e38f, 1, 0.01);
}

TEST(Codebook, SurvivesWritingAndReading) {
  const auto x = random_vectors(600 * 24, 2);
  for (const int bits : {4, 8}) {
    const Codebook book(train_product(x.data(), 600, 24, 5, bits, 7));
    const Codebook back = Codebook::read(book.write());
    EXPECT_EQ(back.id(), book.id());
    EXPECT_EQ(back.model().codebooks(), book.model().codebooks());
    const auto value = book.quantize(x.data(), 24);
    const auto v = view_quantvec(value);
    std::vector<float> y(24);
    dequantize(v, &back, y.data());
    double lost = 0, all = 0;
    for (std::size_t i = 0; i < 24; ++i) {
      lost += (x[i] - y[i]) * (x[i] - y[i]);
      all += x[i] * x[i];
    }
    EXPECT_LT(lost, all);
    EXPECT_THROW(dequantize(v, nullptr, y.data()), Error);
    EXPECT_THROW(book.quantize(x.data(), 23), Error);
    const Codebook other(train_product(x.data(), 600, 24, 5, bits, 8));
    EXPECT_THROW(dequantize(v, &other, y.data()), Error);
  }
}

TEST(ProductModel, TablesGiveTheDistanceToTheDecodedVector) {
  const auto x = random_vectors(400 * 19, 3);
  const auto q = random_vectors(19, 4);
  for (const int bits : {4, 8})
    for (const int subspaces : {1, 3, 6, 19}) {
      const auto m = train_product(x.data(), 400, 19, subspaces, bits, 7);
      std::vector<std::uint8_t> code(m.code_bytes()), other(m.code_bytes());
      m.encode(x.data(), code.data());
      m.encode(&x[19], other.data());
      std::vector<float> y(19), z(19);
      m.decode(code.data(), y.data());
      m.decode(other.data(), z.data());
      double l2 = 0, dot = 0, l1 = 0;
      for (std::size_t i = 0; i < 19; ++i) {
        l2 += (q[i] - y[i]) * (q[i] - y[i]);
        dot += q[i] * y[i];
        l1 += std::abs(q[i] - y[i]);
      }
      using Part = ProductModel::Part;
      EXPECT_NEAR(m.sum(m.table(q.data(), Part::squared), code.data()), l2, 1e-3);
      EXPECT_NEAR(m.sum(m.table(q.data(), Part::product), code.data()), dot, 1e-3);
      EXPECT_NEAR(m.sum(m.table(q.data(), Part::absolute), code.data()), l1, 1e-3);
    }
}

template <class Read>
void damage(const std::vector<std::byte>& good, std::size_t reach, Read read) {
  Rng rng(5);
  for (std::size_t n = 0; n < std::min<std::size_t>(good.size(), 60); ++n)
    EXPECT_THROW(
        read(std::vector<std::byte>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))),
        Error);
  auto longer = good;
  longer.push_back(std::byte{1});
  EXPECT_THROW(read(longer), Error);
  for (int i = 0; i < 500; ++i) {
    auto bad = good;
    bad[rng.below(std::min(reach, bad.size()))] ^= static_cast<std::byte>(1u << rng.below(8));
    try {
      read(bad);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::data_exception);
    }
  }
}

TEST(Stored, DamagedValuesAreRefusedOrHarmless) {
  const auto x = random_vectors(300 * 12, 6);
  const Codebook book(train_product(x.data(), 300, 12, 4, 4, 7));
  const auto read_code = [](const std::vector<std::byte>& b) {
    const auto v = view_quantvec(b);
    std::vector<float> y(static_cast<std::size_t>(v.dim));
    if (v.kind == CodecKind::sq8) dequantize(v, nullptr, y.data());
  };
  damage(quantize_scalar(x.data(), 12), 16, read_code);
  damage(book.quantize(x.data(), 12), 20, read_code);
  damage(book.write(), 4000, [](const std::vector<std::byte>& b) { Codebook::read(b); });
}

TEST(Stored, DistancesByName) {
  const float a[] = {0, 3}, b[] = {4, 0};
  EXPECT_EQ(vector_distance(distance_by_name("l2"), a, b, 2), 5);
  EXPECT_EQ(vector_distance(distance_by_name("l1"), a, b, 2), 7);
  EXPECT_EQ(vector_distance(distance_by_name("cosine"), a, b, 2), 1);
  EXPECT_EQ(vector_distance(distance_by_name("inner_product"), a, b, 2), 0);
  EXPECT_THROW(distance_by_name("L2"), Error);
}

}  // namespace
}  // namespace rv::quant
