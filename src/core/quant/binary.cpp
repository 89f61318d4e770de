// One bit a dimension: on which side of the mean the vector lies. The share of bits in which two
// vectors differ is, for directions without preference, the angle between them over pi
// (Charikar, STOC 2002); with the norms kept beside the bits that gives every metric but L1.
#include <algorithm>
#include <cmath>

#include "core/quant/kinds.h"
#include "core/quant/vectors.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

// Before the bits.
struct BinaryFactors {
  float norm;          // |x'|, x' = x - mean
  float mean_product;  // mean . x'
};
static_assert(sizeof(BinaryFactors) == 8);

const std::uint8_t* bits_of(const std::byte* code) noexcept {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(BinaryFactors));
}

class Binary final : public Codec {
 public:
  // `largest`: see augmenting_norm().
  Binary(Metric metric, std::vector<float> mean, float cosine_error, float largest)
      : metric_(metric), mean_(std::move(mean)), cosine_error_(cosine_error), largest_(largest) {
    mean_squared_ = simd::kernels().inner_product(mean_.data(), mean_.data(), mean_.size());
    // The cosine for every count of differing bits.
    cosines_.resize(mean_.size() + 1);
    for (std::size_t h = 0; h < cosines_.size(); ++h)
      cosines_[h] = static_cast<float>(std::cos(3.14159265358979323846 * static_cast<double>(h) /
                                                static_cast<double>(mean_.size())));
  }

  CodecKind kind() const noexcept override { return CodecKind::binary; }
  Metric metric() const noexcept override { return metric_; }
  int dim() const noexcept override { return static_cast<int>(mean_.size()); }
  std::size_t bit_bytes() const noexcept { return (mean_.size() + 7) / 8; }
  std::size_t code_bytes() const noexcept override {
    return sizeof(BinaryFactors) + ((bit_bytes() + 3) & ~std::size_t{3});
  }
  float cosine_error() const noexcept { return cosine_error_; }

  void encode(const float* x, std::byte* code) const override {
    const std::size_t d = mean_.size();
    std::vector<float> y(d);
    prepare(metric_, x, dim(), y.data());
    std::memset(code, 0, code_bytes());
    auto* bits = reinterpret_cast<std::uint8_t*>(code + sizeof(BinaryFactors));
    for (std::size_t i = 0; i < d; ++i) {
      y[i] -= mean_[i];
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | ((y[i] > 0) << (7 - i % 8)));
    }
    const auto& k = simd::kernels();
    const BinaryFactors f{std::sqrt(k.inner_product(y.data(), y.data(), d)),
                          k.inner_product(y.data(), mean_.data(), d)};
    std::memcpy(code, &f, sizeof f);
  }

  // The corner of a cube around the mean, at the vector's distance from it.
  void decode(const std::byte* code, float* x) const override {
    const std::size_t d = mean_.size();
    const float side = load_as<BinaryFactors>(code).norm / std::sqrt(static_cast<float>(d));
    const std::uint8_t* bits = bits_of(code);
    for (std::size_t i = 0; i < d; ++i)
      x[i] = mean_[i] + ((bits[i / 8] >> (7 - i % 8)) & 1 ? side : -side);
  }

  std::unique_ptr<CodeQuery> query() const override;

  float estimate(const std::byte* a, const std::byte* b, bool link, float* error) const {
    const auto f = load_as<BinaryFactors>(a), g = load_as<BinaryFactors>(b);
    const float scale = f.norm * g.norm;
    const float dot =
        scale *
        cosines_[std::min<std::size_t>(simd::kernels().hamming(bits_of(a), bits_of(b), bit_bytes()),
                                       cosines_.size() - 1)];
    *error = scale * cosine_error_;
    if (link || metric_ == Metric::l2) {
      *error *= 2;
      const float squared = std::max(0.0f, f.norm * f.norm + g.norm * g.norm - 2 * dot);
      return !link || largest_ == 0
                 ? squared
                 : squared + augmented_part(largest_, whole_norm(f), whole_norm(g));
    }
    const float product = dot + f.mean_product + g.mean_product + mean_squared_;
    return metric_ == Metric::cosine ? 1 - product : -product;
  }

  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::binary);
    h.metric = static_cast<std::uint8_t>(metric_);
    h.dim = static_cast<std::uint32_t>(mean_.size());
    ModelWriter out(h);
    out.put(mean_);
    out.put(cosine_error_);
    out.put(largest_);
    return out.take();
  }

 private:
  // |x|^2, of the vector with its mean.
  float whole_norm(const BinaryFactors& f) const noexcept {
    return f.norm * f.norm + 2 * f.mean_product + mean_squared_;
  }

  Metric metric_;
  std::vector<float> mean_;
  float cosine_error_, largest_;
  float mean_squared_;
  std::vector<float> cosines_;
};

class BinaryQuery final : public CodeQuery {
 public:
  explicit BinaryQuery(const Binary& codec) : codec_(codec), code_(codec.code_bytes()) {}
  void set(const float* q) override {
    codec_.encode(q, code_.data());
    link_ = false;
  }
  void set_link(const float* x) override {
    codec_.encode(x, code_.data());
    link_ = true;
  }
  void set_code(const std::byte* code) override {
    std::memcpy(code_.data(), code, code_.size());
    link_ = true;
  }
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    for (int i = 0; i < n; ++i)
      distance[i] = codec_.estimate(codes[i], code_.data(), link_, &error[i]);
  }

 private:
  const Binary& codec_;
  std::vector<std::byte> code_;
  bool link_ = false;
};

std::unique_ptr<CodeQuery> Binary::query() const { return std::make_unique<BinaryQuery>(*this); }

}  // namespace

std::unique_ptr<Codec> train_binary(const CodecSpec& spec, const float* sample, std::size_t count) {
  if (spec.metric == Metric::l1)
    throw Error(ErrorCode::not_supported, "quantization \"binary\" does not support L1 distance",
                {}, "Use quantization \"sq8\" or \"none\".");
  auto mean = mean_of(spec.metric, spec.dim, sample, count);
  // Independent bits: the count of differing ones has a standard deviation of sqrt(dim) / 2, and
  // the cosine's slope is at most pi. Real bits depend on each other; the sample tells how much.
  const float independent = 1.645f * 1.5708f / std::sqrt(static_cast<float>(spec.dim));
  const float largest = augmenting_norm(spec, sample, count);
  const Binary first(spec.metric, mean, independent, largest);
  const float factor = error_quantile(first, sample, count, spec.seed, 1.5f);
  return std::make_unique<Binary>(spec.metric, std::move(mean),
                                  std::max(independent * factor, 1e-6f), largest);
}

std::unique_ptr<Codec> load_binary(ModelReader& model) {
  auto mean = model.floats(model.header().dim);
  const float error = model.number(), largest = model.number();
  model.expect_end();
  if (model.header().metric == static_cast<int>(Metric::l1)) fail_model("impossible metric");
  if (error < 0 || largest < 0) fail_model("negative error bound");
  return std::make_unique<Binary>(static_cast<Metric>(model.header().metric), std::move(mean),
                                  error, largest);
}

}  // namespace rv::quant
