// Points of hyperbolic space as codes: 1 - |p|^2 and the point p of the Poincare ball, float32.
//
// The distance is sinh^2(d / 2) = |p - q|^2 / ((1 - |p|^2)(1 - |q|^2)), which grows with the
// geodesic distance d and needs no logarithm; points of the Lorentz model become such pairs before
// they come here. The first number is given rather than computed: near the boundary 1 - |p|^2 of a
// float32 p would be noise.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/quant/kinds.h"
#include "core/simd/distance.h"

namespace rv::quant {
namespace {

class Hyperbolic;

class HyperbolicQuery final : public CodeQuery {
 public:
  explicit HyperbolicQuery(std::size_t size) : q_(size) {}
  void set(const float* q) override { aim(q, false); }
  void set_link(const float* x) override { aim(x, true); }
  void set_code(const std::byte* code) override { aim(code, true); }
  // A few concepts near the centre are near to every leaf, nearer than its siblings' siblings: who
  // follows distances alone ends among them and never sees the leaf's own part of the boundary.
  // There leads |p - q|^2 / min(1 - |p|^2, 1 - |q|^2)^2: for points further in than the query their
  // Euclidean distance, and beyond it what they would have if they lay as deep.
  bool approach(bool on) override {
    approach_ = on && !link_;
    return !link_;
  }
  void distances(const std::byte* const* codes, int n, float* distance, float* error) override {
    const auto l2 = simd::kernels().l2_squared;
    for (int i = 0; i < n; ++i) {
      const auto* x = reinterpret_cast<const float*>(codes[i]);
      const float squared = l2(q_.data() + 1, x + 1, q_.size() - 1);
      if (approach_) {
        const float depth = std::min(q_[0], x[0]);
        distance[i] = squared / (depth * depth);
        error[i] = 0;
        continue;
      }
      const float rest = q_[0] * x[0];
      distance[i] = squared / rest;
      if (link_) {
        // By distance alone a leaf would link to concepts above it only, which cannot link back to
        // all their leaves: most would be out of reach. So the difference of the distances from the
        // origin, ln((1 - |q|^2) / (1 - |x|^2)), is added, which puts siblings before ancestors.
        // The root makes the selection keep both.
        const float half = std::asinh(std::sqrt(distance[i]));
        distance[i] = std::sqrt(half + 0.5f * std::fabs(std::log(q_[0] / x[0])));
        error[i] = 0;
        continue;
      }
      // Sums and products err by some units of float32. Points that were rounded to float32 (of
      // norm below 1) are off by 2^-24 each, which moves |p - q| by at most 1.2e-7.
      error[i] = 4e-6f * distance[i] + (2.4e-7f * std::sqrt(squared) + 1.5e-14f) / rest;
    }
  }

 private:
  void aim(const void* at, bool link) {
    std::memcpy(q_.data(), at, q_.size() * sizeof(float));
    link_ = link;
    approach_ = false;
  }
  std::vector<float> q_;
  bool link_ = false;
  bool approach_ = false;
};

class Hyperbolic final : public Codec {
 public:
  explicit Hyperbolic(int dim) : dim_(dim) {}
  CodecKind kind() const noexcept override { return CodecKind::none; }
  Metric metric() const noexcept override { return Metric::hyperbolic; }
  int dim() const noexcept override { return dim_; }
  std::size_t code_bytes() const noexcept override { return size() * sizeof(float); }
  void encode(const float* x, std::byte* code) const override {
    std::memcpy(code, x, code_bytes());
  }
  void decode(const std::byte* code, float* x) const override {
    std::memcpy(x, code, code_bytes());
  }
  std::unique_ptr<CodeQuery> query() const override {
    return std::make_unique<HyperbolicQuery>(size());
  }
  std::vector<std::byte> save() const override {
    ModelHeader h{};
    h.magic = kModelMagic;
    h.kind = static_cast<std::uint8_t>(CodecKind::none);
    h.metric = static_cast<std::uint8_t>(Metric::hyperbolic);
    h.dim = static_cast<std::uint32_t>(dim_);
    return ModelWriter(h).take();
  }

 private:
  std::size_t size() const noexcept { return static_cast<std::size_t>(dim_); }
  int dim_;
};

}  // namespace

std::unique_ptr<Codec> train_hyperbolic(const CodecSpec& spec) {
  if (spec.dim < 2) throw Error(ErrorCode::internal, "a hyperbolic code has at least 2 numbers");
  return std::make_unique<Hyperbolic>(spec.dim);
}

std::unique_ptr<Codec> load_hyperbolic(ModelReader& model) {
  const ModelHeader& h = model.header();
  model.expect_end();
  if (h.kind != static_cast<int>(CodecKind::none) || h.dim < 2) fail_model("impossible metric");
  return std::make_unique<Hyperbolic>(static_cast<int>(h.dim));
}

}  // namespace rv::quant
