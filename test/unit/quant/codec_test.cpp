// What every codec promises, on clustered vectors with an offset: estimates close to the truth with
// honest error bounds, models that survive a round trip, and damaged ones that are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/quant/codec.h"
#include "core/simd/distance.h"
#include "unit/quant/exact_distance.h"

namespace rv::quant {
namespace {

struct CodecCase {
  const char* name;
  CodecKind kind;
  Metric metric;
  int dim;
  int bits;
  bool half;
  double rank_correlation;  // at least, of estimates with exact distances
};
void PrintTo(const CodecCase& c, std::ostream* out) { *out << c.name; }

std::vector<float> clustered(std::size_t count, std::size_t dim, std::uint64_t seed) {
  Rng rng(seed);
  constexpr std::size_t kClusters = 20;
  std::vector<float> centres(kClusters * dim), x(count * dim);
  for (float& v : centres) v = static_cast<float>(rng.normal());
  for (std::size_t r = 0; r < count; ++r) {
    const float* c = &centres[rng.below(kClusters) * dim];
    for (std::size_t i = 0; i < dim; ++i)
      x[r * dim + i] = static_cast<float>(0.7 + c[i] + 0.5 * rng.normal());
  }
  return x;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  const auto n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ma += a[i] / n;
    mb += b[i] / n;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

class EveryCodec : public testing::TestWithParam<CodecCase> {
 protected:
  static constexpr std::size_t kCount = 2000, kQueries = 30;
  void SetUp() override {
    const CodecCase& c = GetParam();
    d_ = static_cast<std::size_t>(c.dim);
    x_ = clustered(kCount + kQueries, d_, 1);
    queries_.assign(x_.begin() + static_cast<std::ptrdiff_t>(kCount * d_), x_.end());
    x_.resize(kCount * d_);
    CodecSpec spec;
    spec.kind = c.kind;
    spec.metric = c.metric;
    spec.dim = c.dim;
    spec.bits = c.bits;
    spec.half = c.half;
    codec_ = train_codec(spec, x_.data(), kCount);
    codes_.resize(kCount * codec_->code_bytes());
    for (std::size_t r = 0; r < kCount; ++r) codec_->encode(row(r), code(r));
  }
  const float* row(std::size_t r) const { return &x_[r * d_]; }
  std::byte* code(std::size_t r) { return &codes_[r * codec_->code_bytes()]; }

  std::size_t d_ = 0;
  std::vector<float> x_, queries_;
  std::unique_ptr<Codec> codec_;
  std::vector<std::byte> codes_;
};

TEST_P(EveryCodec, EstimatesFollowTheTruthWithinTheirBound) {
  const Metric metric = GetParam().metric;
  std::vector<double> truth, estimate;
  std::size_t above = 0, near_count = 0;
  std::vector<const std::byte*> pointers(kCount);
  for (std::size_t r = 0; r < kCount; ++r) pointers[r] = code(r);
  std::vector<float> distance(kCount), error(kCount);
  const auto prepared = codec_->query();
  for (std::size_t q = 0; q < kQueries; ++q) {
    prepared->set(&queries_[q * d_]);
    prepared->distances(pointers.data(), static_cast<int>(kCount), distance.data(), error.data());
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t r = 0; r < kCount; ++r) {
      const double e = exact(metric, &queries_[q * d_], row(r), d_);
      truth.push_back(e);
      estimate.push_back(distance[r]);
      order.emplace_back(e, r);
      EXPECT_GE(error[r], 0);
    }
    // The bound counts among near vectors: there it decides what is looked at.
    std::partial_sort(order.begin(), order.begin() + 50, order.end());
    for (std::size_t i = 0; i < 50; ++i, ++near_count) {
      const std::size_t r = order[i].second;
      const double slack = 1e-4 * (1 + std::abs(order[i].first));
      if (order[i].first < distance[r] - error[r] - slack) ++above;
    }
  }
  EXPECT_GE(correlation(truth, estimate), GetParam().rank_correlation);
  EXPECT_LE(static_cast<double>(above), 0.12 * static_cast<double>(near_count));
}

TEST_P(EveryCodec, ModelsSurviveSavingAndLoading) {
  const auto model = codec_->save();
  const auto loaded = Codec::load(model);
  EXPECT_EQ(loaded->kind(), codec_->kind());
  EXPECT_EQ(loaded->metric(), codec_->metric());
  EXPECT_EQ(loaded->dim(), codec_->dim());
  ASSERT_EQ(loaded->code_bytes(), codec_->code_bytes());
  EXPECT_EQ(loaded->save(), model);
  std::vector<std::byte> again(codec_->code_bytes());
  for (std::size_t r = 0; r < 50; ++r) {
    loaded->encode(row(r), again.data());
    EXPECT_TRUE(std::equal(again.begin(), again.end(), code(r)));
  }
}

TEST_P(EveryCodec, TrainingIsDeterministic) {
  CodecSpec spec;
  spec.kind = GetParam().kind;
  spec.metric = GetParam().metric;
  spec.dim = GetParam().dim;
  spec.bits = GetParam().bits;
  spec.half = GetParam().half;
  EXPECT_EQ(train_codec(spec, x_.data(), kCount)->save(), codec_->save());
}

// The distance that graphs are built with: squared L2 for inner products, after one more component
// has made all norms equal.
double link(Metric metric, const float* a, const float* b, std::size_t n, double largest) {
  if (metric == Metric::cosine) return 2 * exact(metric, a, b, n);
  if (metric != Metric::inner_product) return exact(metric, a, b, n);
  const double x = std::sqrt(std::max(0.0, largest + exact(metric, a, a, n)));
  const double y = std::sqrt(std::max(0.0, largest + exact(metric, b, b, n)));
  return exact(Metric::l2, a, b, n) + (x - y) * (x - y);
}

TEST_P(EveryCodec, LinkDistancesFollowTheTruth) {
  const Metric metric = GetParam().metric;
  double largest = 0;
  for (std::size_t r = 0; r < kCount; ++r)
    largest = std::max(largest, -exact(Metric::inner_product, row(r), row(r), d_));
  Rng rng(3);
  std::vector<double> truth, by_vector, by_code;
  const auto q = codec_->query();
  for (int i = 0; i < 2000; ++i) {
    const std::size_t a = rng.below(kCount), b = rng.below(kCount);
    truth.push_back(link(metric, row(a), row(b), d_, largest));
    const std::byte* p = code(b);
    float distance, error;
    q->set_link(row(a));
    q->distances(&p, 1, &distance, &error);
    by_vector.push_back(distance);
    q->set_code(code(a));
    q->distances(&p, 1, &distance, &error);
    by_code.push_back(distance);
    if (codec_->expanded_dim() > 0) {
      const auto n = static_cast<std::size_t>(codec_->expanded_dim());
      std::vector<std::int8_t> x(n), y(n);
      const auto f = codec_->expand(code(a), x.data()), g = codec_->expand(code(b), y.data());
      const auto dot =
          static_cast<float>(simd::kernels().int8_inner_product(x.data(), y.data(), n));
      const float expanded = f.norm + g.norm - f.scale * g.scale * dot;
      EXPECT_NEAR(expanded, distance, 0.02 * (f.norm + g.norm) + 1e-3);
    }
  }
  EXPECT_GE(correlation(truth, by_vector), GetParam().rank_correlation - 0.02);
  EXPECT_GE(correlation(truth, by_code), GetParam().rank_correlation - 0.05);
}

TEST_P(EveryCodec, DecodingComesClose) {
  if (GetParam().bits == 1) GTEST_SKIP() << "bits of floats lose their size";
  std::vector<float> y(d_);
  double lost = 0, all = 0;
  for (std::size_t r = 0; r < 200; ++r) {
    codec_->decode(code(r), y.data());
    double norm = 1;
    if (GetParam().metric == Metric::cosine)
      norm = 1 / std::sqrt(-exact(Metric::inner_product, row(r), row(r), d_));
    for (std::size_t i = 0; i < d_; ++i) {
      const double v = row(r)[i] * norm;
      lost += (v - y[i]) * (v - y[i]);
      all += v * v;
    }
  }
  const double share = lost / all;
  if (GetParam().kind == CodecKind::none)
    EXPECT_LT(share, 1e-6);
  else if (GetParam().kind == CodecKind::sq8)
    EXPECT_LT(share, 1e-3);
  else
    EXPECT_LT(share, 0.6);
}

TEST_P(EveryCodec, RefusesDamagedModels) {
  const auto model = codec_->save();
  for (std::size_t n = 0; n < std::min<std::size_t>(model.size(), 200); ++n) {
    std::vector<std::byte> cut(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_THROW(Codec::load(cut), Error) << n;
  }
  auto longer = model;
  longer.push_back(std::byte{0});
  EXPECT_THROW(Codec::load(longer), Error);
  Rng rng(4);
  for (int i = 0; i < 300; ++i) {
    auto changed = model;
    changed[rng.below(std::min<std::size_t>(64, changed.size()))] ^=
        static_cast<std::byte>(1u << rng.below(8));
    try {
      const auto loaded = Codec::load(changed);
      // What is accepted must work.
      std::vector<float> x(static_cast<std::size_t>(loaded->dim()), 0.5f);
      std::vector<std::byte> c(loaded->code_bytes());
      loaded->encode(x.data(), c.data());
      loaded->decode(c.data(), x.data());
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::corrupted_index);
    }
  }
}

TEST_P(EveryCodec, AnyBytesAreACode) {
  Rng rng(5);
  const auto q = codec_->query();
  q->set(row(0));
  std::vector<std::byte> noise(codec_->code_bytes());
  std::vector<float> y(d_);
  for (int i = 0; i < 200; ++i) {
    for (auto& b : noise) b = static_cast<std::byte>(rng.next());
    const std::byte* p = noise.data();
    float distance, error;
    q->distances(&p, 1, &distance, &error);
    codec_->decode(noise.data(), y.data());
    q->set_code(noise.data());
  }
}

TEST_P(EveryCodec, WorksWithoutASample) {
  CodecSpec spec;
  spec.kind = GetParam().kind;
  spec.metric = GetParam().metric;
  spec.dim = GetParam().dim;
  spec.bits = GetParam().bits;
  spec.half = GetParam().half;
  const auto codec = train_codec(spec, nullptr, 0);
  std::vector<std::byte> c(codec->code_bytes());
  codec->encode(row(0), c.data());
  const auto q = codec->query();
  q->set(row(1));
  const std::byte* p = c.data();
  float distance, error;
  q->distances(&p, 1, &distance, &error);
  EXPECT_TRUE(std::isfinite(distance));
  EXPECT_EQ(Codec::load(codec->save())->save(), codec->save());
}

TEST_P(EveryCodec, ConstantAndExtremeVectorsGiveNumbersOrInfinity) {
  for (const float value : {0.0f, 1.0f, -1e-30f, 3e37f, -3e37f}) {
    std::vector<float> x(d_, value);
    std::vector<std::byte> c(codec_->code_bytes());
    codec_->encode(x.data(), c.data());
    const auto q = codec_->query();
    q->set(row(0));
    const std::byte* p = c.data();
    float distance, error;
    q->distances(&p, 1, &distance, &error);
    if (std::abs(value) <= 1) {
      EXPECT_TRUE(std::isfinite(distance)) << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, EveryCodec,
    testing::Values(
        CodecCase{"none_l2", CodecKind::none, Metric::l2, 33, 0, false, 0.9999},
        CodecCase{"none_ip", CodecKind::none, Metric::inner_product, 33, 0, false, 0.9999},
        CodecCase{"none_cosine", CodecKind::none, Metric::cosine, 33, 0, false, 0.9999},
        CodecCase{"none_l1", CodecKind::none, Metric::l1, 33, 0, false, 0.9999},
        CodecCase{"half_l2", CodecKind::none, Metric::l2, 33, 0, true, 0.9999},
        CodecCase{"half_ip", CodecKind::none, Metric::inner_product, 33, 0, true, 0.9999},
        CodecCase{"half_cosine", CodecKind::none, Metric::cosine, 33, 0, true, 0.9999},
        CodecCase{"half_l1", CodecKind::none, Metric::l1, 33, 0, true, 0.9999},
        CodecCase{"sq8_l2", CodecKind::sq8, Metric::l2, 100, 0, false, 0.999},
        CodecCase{"sq8_ip", CodecKind::sq8, Metric::inner_product, 100, 0, false, 0.999},
        CodecCase{"sq8_cosine", CodecKind::sq8, Metric::cosine, 100, 0, false, 0.999},
        CodecCase{"sq8_l1", CodecKind::sq8, Metric::l1, 100, 0, false, 0.999},
        CodecCase{"sq8_small", CodecKind::sq8, Metric::l2, 3, 0, false, 0.999},
        CodecCase{"binary_l2", CodecKind::binary, Metric::l2, 256, 0, false, 0.9},
        CodecCase{"binary_ip", CodecKind::binary, Metric::inner_product, 256, 0, false, 0.9},
        CodecCase{"binary_cosine", CodecKind::binary, Metric::cosine, 256, 0, false, 0.9},
        CodecCase{"pq_l2", CodecKind::pq, Metric::l2, 67, 8, false, 0.95},
        CodecCase{"pq_ip", CodecKind::pq, Metric::inner_product, 67, 8, false, 0.95},
        CodecCase{"pq_cosine", CodecKind::pq, Metric::cosine, 67, 8, false, 0.95},
        CodecCase{"pq_l1", CodecKind::pq, Metric::l1, 67, 8, false, 0.9},
        CodecCase{"pq4_l2", CodecKind::pq, Metric::l2, 67, 4, false, 0.9},
        CodecCase{"pq4_cosine", CodecKind::pq, Metric::cosine, 64, 4, false, 0.9}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(NoneCodec, KeepsBitsExactly) {
  CodecSpec spec;
  spec.kind = CodecKind::none;
  spec.metric = Metric::l1;
  spec.dim = 77;
  spec.bits = 1;
  const auto codec = train_codec(spec, nullptr, 0);
  EXPECT_EQ(codec->code_bytes(), 12u);
  Rng rng(6);
  std::vector<float> a(77), b(77), back(77);
  for (int i = 0; i < 50; ++i) {
    float differ = 0;
    for (std::size_t j = 0; j < 77; ++j) {
      a[j] = rng.below(2) != 0 ? 1.0f : 0.0f;
      b[j] = rng.below(2) != 0 ? 1.0f : 0.0f;
      differ += a[j] != b[j] ? 1.0f : 0.0f;
    }
    std::vector<std::byte> x(12), y(12);
    codec->encode(a.data(), x.data());
    codec->encode(b.data(), y.data());
    codec->decode(x.data(), back.data());
    EXPECT_EQ(back, a);
    float distance, error;
    const std::byte* p = y.data();
    const auto q = codec->query();
    q->set(a.data());
    q->distances(&p, 1, &distance, &error);
    EXPECT_EQ(distance, differ);
    q->set_code(x.data());
    q->distances(&p, 1, &distance, &error);
    EXPECT_EQ(distance, differ);
    EXPECT_EQ(error, 0);
  }
}

TEST(HalfCodec, IsExactForValuesOfBinary16) {
  CodecSpec spec;
  spec.kind = CodecKind::none;
  spec.dim = 8;
  spec.half = true;
  const std::vector<float> x = {1, 2, 0.5f, -0.25f, 100, 0, -3, 8};
  const auto codec = train_codec(spec, x.data(), 1);
  std::vector<std::byte> c(codec->code_bytes());
  codec->encode(x.data(), c.data());
  float distance, error;
  const std::byte* p = c.data();
  const auto q = codec->query();
  q->set(x.data());
  q->distances(&p, 1, &distance, &error);
  EXPECT_EQ(distance, 0);
  EXPECT_EQ(error, 0);
}

TEST(BinaryCodec, RefusesL1) {
  CodecSpec spec;
  spec.kind = CodecKind::binary;
  spec.metric = Metric::l1;
  spec.dim = 8;
  EXPECT_THROW(train_codec(spec, nullptr, 0), Error);
}

TEST(PqCodec, RefusesImpossibleShapes) {
  CodecSpec spec;
  spec.kind = CodecKind::pq;
  spec.dim = 8;
  spec.bits = 5;
  EXPECT_THROW(train_codec(spec, nullptr, 0), Error);
  spec.bits = 8;
  spec.subspaces = 9;
  EXPECT_THROW(train_codec(spec, nullptr, 0), Error);
}

}  // namespace
}  // namespace rv::quant
