// The vector itself as a code: float32, binary16, or one bit a dimension.
#include <algorithm>
#include <cmath>

#include "core/quant/kinds.h"
#include "core/quant/vectors.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

enum class Element : std::uint8_t { float32 = 0, binary16 = 1, bit = 2 };

class None;

// float32: exact. binary16: exact for values that are binary16 already, which the model knows.
class FloatQuery final : public CodeQuery {
 public:
  explicit FloatQuery(const None& codec);
  void set(const float* q) override;
  void set_link(const float* x) override;
  void set_code(const std::byte* code) override;
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override;

 private:
  const None& codec_;
  std::vector<float> q_;
  std::vector<float> wide_;  // a binary16 code as floats
  float norm_ = 0;
  bool link_ = false;
};

class BitQuery final : public CodeQuery {
 public:
  explicit BitQuery(const None& codec);
  void set(const float* q) override;
  void set_link(const float* x) override { set(x); }
  void set_code(const std::byte* code) override { std::memcpy(q_.data(), code, q_.size()); }
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override;

 private:
  const None& codec_;
  std::vector<std::byte> q_;
};

class None final : public Codec {
 public:
  // Inner products without a sample to take the largest norm from: links are by inner product too.
  // Measured on 10,000 x 10 of uneven norms, inserted one by one, ef 40: recall@20 .99 where links
  // by L2 distance have .91.
  static constexpr float kUntrained = -1;
  // `largest` is the largest squared norm of the sample for inner_product, or 0 where all norms
  // are alike.
  None(Metric metric, int dim, Element element, float rounding, float largest)
      : metric_(metric), dim_(dim), element_(element), rounding_(rounding), largest_(largest) {}

  CodecKind kind() const noexcept override { return CodecKind::none; }
  Metric metric() const noexcept override { return metric_; }
  int dim() const noexcept override { return dim_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(dim_); }
  Element element() const noexcept { return element_; }
  // Root mean square of what binary16 rounds away.
  float rounding() const noexcept { return rounding_; }
  float largest() const noexcept { return largest_; }

  std::size_t code_bytes() const noexcept override {
    if (element_ == Element::float32) return size() * 4;
    const std::size_t bytes = element_ == Element::binary16 ? size() * 2 : (size() + 7) / 8;
    return (bytes + 3) & ~std::size_t{3};
  }

  void encode(const float* x, std::byte* code) const override {
    if (element_ == Element::float32 && metric_ != Metric::cosine) {
      std::memcpy(code, x, size() * sizeof(float));
      return;
    }
    std::memset(code, 0, code_bytes());
    if (element_ == Element::bit) {
      for (std::size_t i = 0; i < size(); ++i)
        if (x[i] > 0.5f) code[i / 8] |= static_cast<std::byte>(0x80u >> (i % 8));
      return;
    }
    std::vector<float> y(size());
    prepare(metric_, x, dim_, y.data());
    if (element_ == Element::float32) {
      std::memcpy(code, y.data(), size() * sizeof(float));
    } else {
      // Beyond binary16's range: its largest number, not infinity.
      for (float& v : y) v = std::clamp(v, -65504.0f, 65504.0f);
      simd::kernels().float_to_half(y.data(), reinterpret_cast<std::uint16_t*>(code), size());
    }
  }

  void decode(const std::byte* code, float* x) const override {
    if (element_ == Element::float32) {
      std::memcpy(x, code, size() * sizeof(float));
    } else if (element_ == Element::binary16) {
      simd::kernels().half_to_float(reinterpret_cast<const std::uint16_t*>(code), x, size());
    } else {
      for (std::size_t i = 0; i < size(); ++i)
        x[i] = (code[i / 8] & static_cast<std::byte>(0x80u >> (i % 8))) != std::byte{0} ? 1 : 0;
    }
  }

  std::unique_ptr<CodeQuery> query() const override {
    if (element_ == Element::bit) return std::make_unique<BitQuery>(*this);
    return std::make_unique<FloatQuery>(*this);
  }

  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::none);
    h.metric = static_cast<std::uint8_t>(metric_);
    h.flags = static_cast<std::uint8_t>(element_);
    h.dim = static_cast<std::uint32_t>(dim_);
    ModelWriter out(h);
    out.put(rounding_);
    out.put(largest_);
    return out.take();
  }

 private:
  Metric metric_;
  int dim_;
  Element element_;
  float rounding_, largest_;
};

FloatQuery::FloatQuery(const None& codec)
    : codec_(codec),
      q_(codec.size()),
      wide_(codec.element() == Element::binary16 ? codec.size() : 0) {}

void FloatQuery::set(const float* q) {
  prepare(codec_.metric(), q, codec_.dim(), q_.data());
  norm_ = std::sqrt(squared_norm(q_));
  link_ = false;
}

void FloatQuery::set_link(const float* x) {
  set(x);
  link_ = true;
}

void FloatQuery::set_code(const std::byte* code) {
  codec_.decode(code, q_.data());
  norm_ = std::sqrt(squared_norm(q_));
  link_ = true;
}

void FloatQuery::distances(const std::byte* const* codes, int n, float* distance, float* error) {
  // The rounding errors of the elements are independent: they add up as a random walk does.
  const float unit = 1.645f * codec_.rounding();
  const float whole = codec_.rounding() * static_cast<float>(codec_.dim());
  const Metric metric =
      link_ && codec_.largest() >= 0 ? link_metric(codec_.metric()) : codec_.metric();
  for (int i = 0; i < n; ++i) {
    const float* x = reinterpret_cast<const float*>(codes[i]);
    if (codec_.element() == Element::binary16) {
      simd::kernels().half_to_float(reinterpret_cast<const std::uint16_t*>(codes[i]), wide_.data(),
                                    q_.size());
      x = wide_.data();
    }
    distance[i] = exact_distance(metric, q_.data(), x, codec_.dim());
    if (link_ && codec_.largest() > 0)
      distance[i] += augmented_part(codec_.largest(), norm_ * norm_,
                                    simd::kernels().inner_product(x, x, q_.size()));
    switch (metric) {
      case Metric::l2:
        error[i] = unit * (2 * std::sqrt(distance[i]) + whole);
        break;
      case Metric::l1:
        error[i] = unit * std::sqrt(static_cast<float>(codec_.dim()));
        break;
      default:
        error[i] = unit * norm_;
    }
  }
}

BitQuery::BitQuery(const None& codec) : codec_(codec), q_(codec.code_bytes()) {}

void BitQuery::set(const float* q) { codec_.encode(q, q_.data()); }

void BitQuery::distances(const std::byte* const* codes, int n, float* distance, float* error) {
  const auto hamming = simd::kernels().hamming;
  for (int i = 0; i < n; ++i) {
    distance[i] =
        static_cast<float>(hamming(reinterpret_cast<const std::uint8_t*>(q_.data()),
                                   reinterpret_cast<const std::uint8_t*>(codes[i]), q_.size()));
    error[i] = 0;
  }
}

}  // namespace

std::unique_ptr<Codec> train_none(const CodecSpec& spec, const float* sample, std::size_t count) {
  if (spec.bits == 1) {
    if (spec.metric != Metric::l1 && spec.metric != Metric::l2)
      throw Error(ErrorCode::internal, "bits are compared by their Hamming distance");
    return std::make_unique<None>(spec.metric, spec.dim, Element::bit, 0.0f, 0.0f);
  }
  const float largest = spec.metric == Metric::inner_product && count == 0
                            ? None::kUntrained
                            : augmenting_norm(spec, sample, count);
  if (!spec.half)
    return std::make_unique<None>(spec.metric, spec.dim, Element::float32, 0.0f, largest);
  const auto d = static_cast<std::size_t>(spec.dim);
  None exact(spec.metric, spec.dim, Element::binary16, 0.0f, largest);
  std::vector<std::byte> code(exact.code_bytes());
  std::vector<float> x(d), y(d);
  double squares = 0;
  const std::size_t rows = std::min<std::size_t>(count, 1024);
  for (std::size_t r = 0; r < rows; ++r) {
    prepare(spec.metric, sample + r * d, spec.dim, x.data());
    exact.encode(x.data(), code.data());
    exact.decode(code.data(), y.data());
    for (std::size_t i = 0; i < d; ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
  }
  const double mean = rows > 0 ? squares / static_cast<double>(rows * d) : 0.0;
  return std::make_unique<None>(spec.metric, spec.dim, Element::binary16,
                                static_cast<float>(std::sqrt(mean)), largest);
}

std::unique_ptr<Codec> load_none(ModelReader& model) {
  const ModelHeader& h = model.header();
  const float rounding = model.number(), largest = model.number();
  model.expect_end();
  if (h.flags > static_cast<int>(Element::bit)) fail_model("unknown element type");
  if (rounding < 0 || (largest < 0 && largest != None::kUntrained))
    fail_model("negative error or norm");
  return std::make_unique<None>(static_cast<Metric>(h.metric), static_cast<int>(h.dim),
                                static_cast<Element>(h.flags), rounding, largest);
}

}  // namespace rv::quant
