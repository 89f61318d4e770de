// RaBitQ: the rotation keeps geometry, the estimator is unbiased and its bound holds.
#include "core/quant/rabitq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "unit/quant/exact_distance.h"

namespace rv::quant {
namespace {

std::vector<float> gaussian(std::size_t count, std::size_t dim, std::uint64_t seed,
                            float shift = 0) {
  Rng rng(seed);
  std::vector<float> x(count * dim);
  for (float& v : x) v = static_cast<float>(rng.normal()) + shift;
  return x;
}

TEST(Rotation, KeepsLengthsAndProductsAndInverts) {
  for (std::size_t dim : {1u, 3u, 64u, 100u, 128u, 192u, 768u, 1536u}) {
    const Rotation rotation(dim, 7);
    ASSERT_EQ(rotation.padded() % 64, 0u);
    auto x = gaussian(2, dim, dim);
    std::vector<float> a(rotation.padded()), b(rotation.padded());
    std::copy_n(x.data(), dim, a.data());
    std::copy_n(x.data() + dim, dim, b.data());
    const auto before = a;
    double dot = 0, norm = 0;
    for (std::size_t i = 0; i < dim; ++i) dot += a[i] * b[i], norm += a[i] * a[i];
    rotation.apply(a.data());
    rotation.apply(b.data());
    double rotated_dot = 0, rotated_norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      rotated_dot += a[i] * b[i], rotated_norm += a[i] * a[i];
    EXPECT_NEAR(rotated_norm, norm, 1e-4 * norm) << dim;
    EXPECT_NEAR(rotated_dot, dot, 1e-4 * norm) << dim;
    rotation.invert(a.data());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], before[i], 1e-4) << dim;
  }
}

TEST(Rotation, SpreadsASingleComponent) {
  const Rotation rotation(768, 1);
  std::vector<float> x(rotation.padded());
  x[5] = 1;
  rotation.apply(x.data());
  for (float v : x) EXPECT_LT(std::fabs(v), 6 / std::sqrt(768.0f));
}

struct RabitqCase {
  Metric metric;
  int bits;
  int dim;
};

class RabitqTest : public ::testing::TestWithParam<RabitqCase> {};

TEST_P(RabitqTest, EstimatesWithinItsBound) {
  const auto [metric, bits, dim] = GetParam();
  const auto d = static_cast<std::size_t>(dim);
  const std::size_t n = 400;
  const auto data = gaussian(n, d, 11, 0.5f);
  const auto queries = gaussian(20, d, 12, 0.5f);
  const auto codec = RabitqCodec::train({CodecKind::rabitq, metric, dim, bits}, data.data(), n);
  ASSERT_EQ(codec->code_bytes() % 4, 0u);
  std::vector<std::byte> codes(n * codec->code_bytes());
  std::vector<const std::byte*> pointers;
  for (std::size_t i = 0; i < n; ++i) {
    codec->encode(data.data() + i * d, codes.data() + i * codec->code_bytes());
    pointers.push_back(codes.data() + i * codec->code_bytes());
  }
  const auto query = codec->query();
  std::vector<float> distance(n), error(n);
  int below = 0, outside = 0;
  double bias = 0, spread = 0;
  for (std::size_t j = 0; j < 20; ++j) {
    query->set(queries.data() + j * d);
    query->distances(pointers.data(), static_cast<int>(n), distance.data(), error.data());
    for (std::size_t i = 0; i < n; ++i) {
      const double truth = exact(metric, queries.data() + j * d, data.data() + i * d, d);
      bias += distance[i] - truth;
      spread += std::fabs(distance[i] - truth);
      outside += std::fabs(distance[i] - truth) > error[i];
      below += truth < distance[i] - error[i];
    }
  }
  const double count = 20.0 * static_cast<double>(n);
  EXPECT_LT(outside / count, 0.09) << "bound too narrow";
  EXPECT_LT(below / count, 0.05);
  EXPECT_LT(std::fabs(bias), 0.15 * spread) << "biased";
}

TEST_P(RabitqTest, LinkDistancesAgreeWithExpandedProducts) {
  const auto [metric, bits, dim] = GetParam();
  const auto d = static_cast<std::size_t>(dim);
  const std::size_t n = 40;
  const auto data = gaussian(n, d, 21, 0.3f);
  const auto codec = RabitqCodec::train({CodecKind::rabitq, metric, dim, bits}, data.data(), n);
  std::vector<std::vector<std::byte>> codes(n, std::vector<std::byte>(codec->code_bytes()));
  for (std::size_t i = 0; i < n; ++i) codec->encode(data.data() + i * d, codes[i].data());
  const auto query = codec->query();
  const auto e = static_cast<std::size_t>(codec->expanded_dim());
  std::vector<std::int8_t> a(e), b(e);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    query->set_code(codes[i].data());
    const std::byte* other = codes[i + 1].data();
    float distance, error;
    query->distances(&other, 1, &distance, &error);
    const auto ea = codec->expand(codes[i].data(), a.data());
    const auto eb = codec->expand(codes[i + 1].data(), b.data());
    double dot = 0;
    for (std::size_t k = 0; k < e; ++k) dot += a[k] * b[k];
    const double expanded = ea.norm + eb.norm - ea.scale * eb.scale * dot;
    EXPECT_NEAR(distance, expanded, 0.01 * (ea.norm + eb.norm));
  }
}

TEST_P(RabitqTest, SurvivesSavingAndDecodes) {
  const auto [metric, bits, dim] = GetParam();
  const auto d = static_cast<std::size_t>(dim);
  const auto data = gaussian(50, d, 31);
  const auto codec = RabitqCodec::train({CodecKind::rabitq, metric, dim, bits}, data.data(), 50);
  const auto model = codec->save();
  const auto loaded = RabitqCodec::load_body(std::span(model).subspan(1));
  std::vector<std::byte> a(codec->code_bytes()), b(codec->code_bytes());
  codec->encode(data.data(), a.data());
  loaded->encode(data.data(), b.data());
  EXPECT_EQ(a, b);
  std::vector<float> x(d);
  loaded->decode(b.data(), x.data());
  double dot = 0, nx = 0, ny = 0;
  for (std::size_t i = 0; i < d; ++i)
    dot += x[i] * data[i], nx += x[i] * x[i], ny += data[i] * data[i];
  EXPECT_GT(dot / std::sqrt(nx * ny), bits == 1 ? 0.6 : 0.85);
  for (std::size_t cut = 0; cut < std::min<std::size_t>(model.size() - 1, 40); ++cut)
    EXPECT_THROW(RabitqCodec::load_body(std::span(model).subspan(1, cut)), Error);
}

INSTANTIATE_TEST_SUITE_P(
    Grid, RabitqTest,
    ::testing::Values(RabitqCase{Metric::l2, 1, 768}, RabitqCase{Metric::l2, 2, 768},
                      RabitqCase{Metric::l2, 3, 200}, RabitqCase{Metric::l2, 4, 768},
                      RabitqCase{Metric::l2, 5, 130}, RabitqCase{Metric::l2, 6, 256},
                      RabitqCase{Metric::l2, 7, 256}, RabitqCase{Metric::l2, 8, 128},
                      RabitqCase{Metric::inner_product, 4, 768},
                      RabitqCase{Metric::inner_product, 8, 100}, RabitqCase{Metric::cosine, 1, 512},
                      RabitqCase{Metric::cosine, 4, 384}),
    [](const auto& info) {
      return "m" + std::to_string(static_cast<int>(info.param.metric)) + "_b" +
             std::to_string(info.param.bits) + "_d" + std::to_string(info.param.dim);
    });

TEST(Rabitq, MeetsTheEdges) {
  const std::vector<float> zeros(64, 0.0f);
  const auto codec = RabitqCodec::train({CodecKind::rabitq, Metric::l2, 64, 4}, zeros.data(), 1);
  std::vector<std::byte> code(codec->code_bytes());
  codec->encode(zeros.data(), code.data());
  auto query = codec->query();
  float distance, error;
  const std::byte* p = code.data();
  query->set(zeros.data());
  query->distances(&p, 1, &distance, &error);
  EXPECT_EQ(distance, 0);
  const std::vector<float> huge(64, 3e38f);
  codec->encode(huge.data(), code.data());
  query->set(zeros.data());
  query->distances(&p, 1, &distance, &error);
  EXPECT_TRUE(std::isfinite(distance));
  EXPECT_GT(distance, 1e37f);
  EXPECT_THROW(RabitqCodec::train({CodecKind::rabitq, Metric::l2, 64, 9}, zeros.data(), 1), Error);
  EXPECT_THROW(RabitqCodec::train({CodecKind::rabitq, Metric::l1, 64, 4}, zeros.data(), 1), Error);
}

}  // namespace
}  // namespace rv::quant
