// Eight bits a dimension with a range for every vector of its own, after the mean is taken off
// (locally-adaptive vector quantisation: Aguerrebere et al., VLDB 2023). Nothing but the mean is
// trained, so vectors that come later may be of any size.
//
// With x' = x - mean ~ low + step * c, c in 0..255, all distances but L1 come from one integer
// product: of the codes c with the query in signed bytes.
#include <algorithm>
#include <cmath>

#include "core/quant/kinds.h"
#include "core/quant/vectors.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

// Before the dim() code bytes.
struct Factors {
  float low;
  float step;
  float squared_norm;   // |x'|^2 of the exact vector
  float mean_product;   // mean . x'
  std::uint32_t total;  // sum of the code bytes
};
static_assert(sizeof(Factors) == 20);

const std::uint8_t* bytes_of(const std::byte* code) noexcept {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(Factors));
}

class Sq8 final : public Codec {
 public:
  Sq8(Metric metric, std::vector<float> mean) : metric_(metric), mean_(std::move(mean)) {}

  CodecKind kind() const noexcept override { return CodecKind::sq8; }
  Metric metric() const noexcept override { return metric_; }
  int dim() const noexcept override { return static_cast<int>(mean_.size()); }
  std::size_t code_bytes() const noexcept override {
    return sizeof(Factors) + ((mean_.size() + 3) & ~std::size_t{3});
  }
  const std::vector<float>& mean() const noexcept { return mean_; }

  void encode(const float* x, std::byte* code) const override;
  void decode(const std::byte* code, float* x) const override;
  std::unique_ptr<CodeQuery> query(const float* q) const override;
  float between(const std::byte* a, const std::byte* b) const override;

  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::sq8);
    h.metric = static_cast<std::uint8_t>(metric_);
    h.dim = static_cast<std::uint32_t>(mean_.size());
    ModelWriter out(h);
    out.put(mean_);
    return out.take();
  }

 private:
  Metric metric_;
  std::vector<float> mean_;
};

void Sq8::encode(const float* x, std::byte* code) const {
  const std::size_t d = mean_.size();
  std::vector<float> y(d);
  prepare(metric_, x, dim(), y.data());
  float low = y[0] - mean_[0], high = low;
  for (std::size_t i = 0; i < d; ++i) {
    y[i] -= mean_[i];
    low = std::min(low, y[i]);
    high = std::max(high, y[i]);
  }
  const auto& k = simd::kernels();
  Factors f{};
  f.low = low;
  // Half of each first: the difference of two finite floats need not be finite.
  f.step = (high / 2 - low / 2) / 127.5f;
  f.squared_norm = k.inner_product(y.data(), y.data(), d);
  f.mean_product = k.inner_product(y.data(), mean_.data(), d);
  std::memset(code, 0, code_bytes());
  auto* c = reinterpret_cast<std::uint8_t*>(code + sizeof(Factors));
  const float scale = f.step > 0 ? 1 / f.step : 0;
  if (std::isfinite(scale)) {
    for (std::size_t i = 0; i < d; ++i) {
      const float level = (y[i] - low) * scale + 0.5f;
      c[i] = static_cast<std::uint8_t>(level < 255.0f ? level : 255.0f);
    }
  }
  for (std::size_t i = 0; i < d; ++i) f.total += c[i];
  std::memcpy(code, &f, sizeof f);
}

void Sq8::decode(const std::byte* code, float* x) const {
  const auto f = load_as<Factors>(code);
  const std::uint8_t* c = bytes_of(code);
  for (std::size_t i = 0; i < mean_.size(); ++i)
    x[i] = mean_[i] + f.low + f.step * static_cast<float>(c[i]);
}

float Sq8::between(const std::byte* a, const std::byte* b) const {
  const std::size_t d = mean_.size();
  if (metric_ == Metric::l1) {
    std::vector<float> x(d), y(d);
    decode(a, x.data());
    decode(b, y.data());
    return simd::kernels().l1(x.data(), y.data(), d);
  }
  const auto f = load_as<Factors>(a), g = load_as<Factors>(b);
  const auto product =
      static_cast<float>(simd::kernels().uint8_inner_product(bytes_of(a), bytes_of(b), d));
  const auto n = static_cast<float>(d);
  const float dot = n * f.low * g.low + f.low * g.step * static_cast<float>(g.total) +
                    g.low * f.step * static_cast<float>(f.total) + f.step * g.step * product;
  if (metric_ == Metric::inner_product) {
    const float mean_squared = simd::kernels().inner_product(mean_.data(), mean_.data(), d);
    return -(dot + f.mean_product + g.mean_product + mean_squared);
  }
  const float squared = std::max(0.0f, f.squared_norm + g.squared_norm - 2 * dot);
  return metric_ == Metric::cosine ? squared / 2 : squared;  // of unit vectors
}

class Sq8Query final : public CodeQuery {
 public:
  Sq8Query(const Sq8& codec, const float* q) : codec_(codec), w_(codec.mean().size()) {
    const auto& mean = codec.mean();
    const std::size_t d = mean.size();
    const auto& k = simd::kernels();
    prepare(codec.metric(), q, codec.dim(), w_.data());
    if (codec.metric() == Metric::l1) {
      wide_.resize(d);
      return;
    }
    if (codec.metric() == Metric::l2) {
      for (std::size_t i = 0; i < d; ++i) w_[i] -= mean[i];
    } else {
      mean_product_ = k.inner_product(w_.data(), mean.data(), d);
    }
    squared_norm_ = k.inner_product(w_.data(), w_.data(), d);
    float largest = 0;
    double sum = 0;
    for (const float v : w_) {
      largest = std::max(largest, std::abs(v));
      sum += v;
    }
    sum_ = static_cast<float>(sum);
    step_ = largest / 127;
    levels_.resize(d);
    const float scale = step_ > 0 ? 1 / step_ : 0;
    std::int64_t total = 0;
    if (std::isfinite(scale))
      for (std::size_t i = 0; i < d; ++i) {
        levels_[i] = static_cast<std::int8_t>(std::lrint(w_[i] * scale));
        total += levels_[i];
      }
    // What rounding the query lost in all; it meets the mean code byte.
    lost_ = static_cast<float>(sum - static_cast<double>(step_) * static_cast<double>(total));
  }

  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    if (codec_.metric() == Metric::l1) return l1_distances(codes, n, distance, error);
    const auto product = simd::kernels().uint8_int8_inner_product;
    const std::size_t d = w_.size();
    const float inverse_dim = 1.0f / static_cast<float>(d);
    constexpr float kUniform = 1.645f * 0.28867513f;  // 95 % of a sum of roundings: 1 / sqrt(12)
    for (int i = 0; i < n; ++i) {
      if (i + 2 < n) __builtin_prefetch(codes[i + 2]);
      const auto f = load_as<Factors>(codes[i]);
      const auto p = static_cast<float>(product(bytes_of(codes[i]), levels_.data(), d));
      const float mean_byte = static_cast<float>(f.total) * inverse_dim;
      const float dot = f.low * sum_ + f.step * (step_ * p + mean_byte * lost_);
      const float e =
          kUniform * std::sqrt(squared_norm_ * f.step * f.step + step_ * step_ * f.squared_norm);
      switch (codec_.metric()) {
        case Metric::l2:
          distance[i] = std::max(0.0f, squared_norm_ + f.squared_norm - 2 * dot);
          error[i] = 2 * e;
          break;
        case Metric::inner_product:
          distance[i] = -(dot + mean_product_);
          error[i] = e;
          break;
        default:
          distance[i] = 1 - (dot + mean_product_);
          error[i] = e;
      }
    }
  }

 private:
  void l1_distances(const std::byte* const* codes, int n, float* distance, float* error) {
    const float root = std::sqrt(static_cast<float>(w_.size()));
    for (int i = 0; i < n; ++i) {
      codec_.decode(codes[i], wide_.data());
      distance[i] = simd::kernels().l1(w_.data(), wide_.data(), w_.size());
      error[i] = 0.475f * root * load_as<Factors>(codes[i]).step;
    }
  }

  const Sq8& codec_;
  std::vector<float> w_, wide_;
  std::vector<std::int8_t> levels_;
  float step_ = 0, sum_ = 0, lost_ = 0;
  float squared_norm_ = 0, mean_product_ = 0;
};

std::unique_ptr<CodeQuery> Sq8::query(const float* q) const {
  return std::make_unique<Sq8Query>(*this, q);
}

}  // namespace

std::unique_ptr<Codec> train_sq8(const CodecSpec& spec, const float* sample, std::size_t count) {
  return std::make_unique<Sq8>(spec.metric, mean_of(spec.metric, spec.dim, sample, count));
}

std::unique_ptr<Codec> load_sq8(ModelReader& model) {
  auto mean = model.floats(model.header().dim);
  model.expect_end();
  return std::make_unique<Sq8>(static_cast<Metric>(model.header().metric), std::move(mean));
}

}  // namespace rv::quant
