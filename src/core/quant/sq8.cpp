// Eight bits a dimension with a range for every vector of its own, after the mean is taken off
// (locally-adaptive vector quantisation: Aguerrebere et al., VLDB 2023). Nothing but the mean is
// trained, so vectors that come later may be of any size.
//
// With x' = x - mean ~ step * c, c in -127..127, all distances but L1 come from one integer
// product: of the codes with the query in signed bytes.
#include <algorithm>
#include <cmath>

#include "core/quant/kinds.h"
#include "core/quant/vectors.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

// Before the code bytes, which are c + 128.
struct Sq8Factors {
  float step;
  float squared_norm;  // |x'|^2 of the exact vector
  float mean_product;  // mean . x'
};
static_assert(sizeof(Sq8Factors) == 12);

const std::uint8_t* bytes_of(const std::byte* code) noexcept {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(Sq8Factors));
}

// x ~ step * level; all levels 0 when x is 0 or nearly so, or too large to be measured: step and
// its inverse must be numbers.
template <class Set>
float to_levels(const std::vector<float>& x, Set set) noexcept {
  float largest = 0;
  for (const float v : x) largest = std::max(largest, std::abs(v));
  const float step = largest / 127, scale = 1 / step;
  const bool any = step > 0 && std::isfinite(step) && std::isfinite(scale);
  for (std::size_t i = 0; i < x.size(); ++i)
    set(i, any ? static_cast<int>(std::clamp(std::nearbyint(x[i] * scale), -127.0f, 127.0f)) : 0);
  return any ? step : 0;
}

class Sq8 final : public Codec {
 public:
  // `largest`: see augmenting_norm().
  Sq8(Metric metric, std::vector<float> mean, float largest)
      : metric_(metric), mean_(std::move(mean)), largest_(largest) {
    mean_squared_ = squared_norm(mean_);
  }

  CodecKind kind() const noexcept override { return CodecKind::sq8; }
  Metric metric() const noexcept override { return metric_; }
  int dim() const noexcept override { return static_cast<int>(mean_.size()); }
  std::size_t code_bytes() const noexcept override {
    return sizeof(Sq8Factors) + ((mean_.size() + 3) & ~std::size_t{3});
  }
  const std::vector<float>& mean() const noexcept { return mean_; }
  float largest() const noexcept { return largest_; }
  // |x|^2 of a vector by its factors.
  float whole_norm(const Sq8Factors& f) const noexcept {
    return f.squared_norm + 2 * f.mean_product + mean_squared_;
  }

  void encode(const float* x, std::byte* code) const override {
    std::vector<float> y(mean_.size());
    prepare(metric_, x, dim(), y.data());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] -= mean_[i];
    std::memset(code, 0, code_bytes());
    auto* c = reinterpret_cast<std::uint8_t*>(code + sizeof(Sq8Factors));
    Sq8Factors f;
    f.step = to_levels(
        y, [c](std::size_t i, int level) { c[i] = static_cast<std::uint8_t>(level + 128); });
    f.squared_norm = squared_norm(y);
    f.mean_product = simd::kernels().inner_product(y.data(), mean_.data(), y.size());
    std::memcpy(code, &f, sizeof f);
  }

  void decode(const std::byte* code, float* x) const override {
    const auto f = load_as<Sq8Factors>(code);
    const std::uint8_t* c = bytes_of(code);
    for (std::size_t i = 0; i < mean_.size(); ++i)
      x[i] = mean_[i] + f.step * static_cast<float>(static_cast<int>(c[i]) - 128);
  }

  std::unique_ptr<CodeQuery> query() const override;

  // L1 is no product, and the further component of augmented vectors is not in the code.
  int expanded_dim() const noexcept override {
    if (metric_ == Metric::l1 || largest_ > 0) return 0;
    return static_cast<int>((mean_.size() + 63) & ~std::size_t{63});
  }
  Expanded expand(const std::byte* code, std::int8_t* x) const override {
    const auto f = load_as<Sq8Factors>(code);
    const std::uint8_t* c = bytes_of(code);
    for (std::size_t i = 0; i < mean_.size(); ++i)
      x[i] = static_cast<std::int8_t>(static_cast<int>(c[i]) - 128);
    std::fill(x + mean_.size(), x + expanded_dim(), std::int8_t{0});
    return {f.squared_norm, f.step * 1.41421356f};
  }

  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::sq8);
    h.metric = static_cast<std::uint8_t>(metric_);
    h.dim = static_cast<std::uint32_t>(mean_.size());
    ModelWriter out(h);
    out.put(mean_);
    out.put(largest_);
    return out.take();
  }

 private:
  Metric metric_;
  std::vector<float> mean_;
  float largest_, mean_squared_;
};

class Sq8Query final : public CodeQuery {
 public:
  explicit Sq8Query(const Sq8& codec)
      : codec_(codec),
        w_(codec.mean().size()),
        wide_(codec.metric() == Metric::l1 ? w_.size() : 0),
        levels_(w_.size()) {}

  void set(const float* q) override {
    prepare(codec_.metric(), q, codec_.dim(), w_.data());
    metric_ = codec_.metric();
    aim(false);
  }
  void set_link(const float* x) override {
    prepare(codec_.metric(), x, codec_.dim(), w_.data());
    metric_ = link_metric(codec_.metric());
    aim(true);
  }
  void set_code(const std::byte* code) override {
    codec_.decode(code, w_.data());
    metric_ = link_metric(codec_.metric());
    aim(true);
  }

  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    if (metric_ == Metric::l1) return l1_distances(codes, n, distance, error);
    const auto product = simd::kernels().uint8_int8_inner_product;
    constexpr float kUniform = 1.645f * 0.28867513f;  // 95 % of a sum of roundings: 1 / sqrt(12)
    for (int i = 0; i < n; ++i) {
      if (i + 2 < n) __builtin_prefetch(codes[i + 2]);
      const auto f = load_as<Sq8Factors>(codes[i]);
      const std::int32_t p = product(bytes_of(codes[i]), levels_.data(), w_.size()) - bias_;
      const float dot = f.step * step_ * static_cast<float>(p);
      const float e =
          kUniform * std::sqrt(squared_norm_ * f.step * f.step + step_ * step_ * f.squared_norm);
      switch (metric_) {
        case Metric::l2:
          distance[i] = std::max(0.0f, squared_norm_ + f.squared_norm - 2 * dot);
          if (link_ && codec_.largest() > 0)
            distance[i] += augmented_part(codec_.largest(), whole_norm_, codec_.whole_norm(f));
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
  void aim(bool link) {
    link_ = link;
    if (metric_ == Metric::l1) return;
    const auto& mean = codec_.mean();
    whole_norm_ = squared_norm(w_);
    if (metric_ == Metric::l2)
      for (std::size_t i = 0; i < w_.size(); ++i) w_[i] -= mean[i];
    else
      mean_product_ = simd::kernels().inner_product(w_.data(), mean.data(), w_.size());
    squared_norm_ = squared_norm(w_);
    std::int32_t total = 0;
    step_ = to_levels(w_, [&](std::size_t i, int level) {
      levels_[i] = static_cast<std::int8_t>(level);
      total += level;
    });
    bias_ = 128 * total;  // of the code bytes, which are c + 128
  }

  void l1_distances(const std::byte* const* codes, int n, float* distance, float* error) {
    const float root = std::sqrt(static_cast<float>(w_.size()));
    for (int i = 0; i < n; ++i) {
      codec_.decode(codes[i], wide_.data());
      distance[i] = simd::kernels().l1(w_.data(), wide_.data(), w_.size());
      error[i] = 0.475f * root * load_as<Sq8Factors>(codes[i]).step;
    }
  }

  const Sq8& codec_;
  std::vector<float> w_, wide_;
  std::vector<std::int8_t> levels_;
  Metric metric_ = Metric::l2;
  bool link_ = false;
  std::int32_t bias_ = 0;
  float step_ = 0;
  float squared_norm_ = 0, mean_product_ = 0, whole_norm_ = 0;
};

std::unique_ptr<CodeQuery> Sq8::query() const { return std::make_unique<Sq8Query>(*this); }

}  // namespace

std::unique_ptr<Codec> train_sq8(const CodecSpec& spec, const float* sample, std::size_t count) {
  return std::make_unique<Sq8>(spec.metric, mean_of(spec.metric, spec.dim, sample, count),
                               augmenting_norm(spec, sample, count));
}

std::unique_ptr<Codec> load_sq8(ModelReader& model) {
  auto mean = model.floats(model.header().dim);
  const float largest = model.number();
  model.expect_end();
  if (largest < 0) fail_model("negative norm");
  return std::make_unique<Sq8>(static_cast<Metric>(model.header().metric), std::move(mean),
                               largest);
}

}  // namespace rv::quant
