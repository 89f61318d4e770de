// RaBitQ codes: a random rotation, then 1 to 8 bits a dimension with an unbiased estimator of inner
// products and a bound of its error.
//   Gao, Long: "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for
//   Approximate Nearest Neighbor Search", SIGMOD 2024 (1 bit); Gao et al.: "Practical and
//   Asymptotically Optimal Quantization of High-Dimensional Vectors in Euclidean Space for
//   Approximate Nearest Neighbor Search", SIGMOD 2025 (more bits).
//
// A code is {float norm, float scale, float error} and the packed planes (code_kernels.h) of the
// grid points u of the rotated residual r = R(x - centroid):
//   norm    |r|^2
//   scale   |r|^2 / <r, u - offset>, so that scale * <q, u - offset> estimates <q, r>
//   error   1.9 |r| sqrt((1 - cos^2) / cos^2 / (n - 1)), cos the cosine of r and u - offset: times
//           |q| the half width of the 95 % interval of that estimate
// The grid step is the best one for a Gaussian component (Max 1960), which the rotation provides.
//
// Metrics. cosine: vectors are normalised first, then as l2. inner_product: where the norms of the
// training sample differ, a further component sqrt(M^2 - |x|^2) is appended, M the largest norm,
// and the rest is l2 for links, and the inner product itself for queries (whose further component
// is 0).
#pragma once

#include <vector>

#include "core/quant/codec.h"
#include "core/quant/rotation.h"

namespace rv::quant {

class RabitqCodec final : public Codec {
 public:
  struct Model {
    Metric metric = Metric::l2;
    int dim = 0;
    int bits = 4;
    bool augmented = false;
    float max_norm2 = 0;  // M^2
    std::uint64_t seed = 42;
    std::vector<float> centroid;  // dim (+ 1 when augmented)
  };
  explicit RabitqCodec(Model model);
  static std::unique_ptr<RabitqCodec> train(const CodecSpec& spec, const float* sample,
                                            std::size_t count);

  CodecKind kind() const noexcept override { return CodecKind::rabitq; }
  Metric metric() const noexcept override { return model_.metric; }
  int dim() const noexcept override { return model_.dim; }
  int bits() const noexcept { return model_.bits; }
  std::size_t code_bytes() const noexcept override { return code_bytes_; }
  void encode(const float* x, std::byte* code) const override;
  void decode(const std::byte* code, float* x) const override;
  std::unique_ptr<CodeQuery> query() const override;
  int expanded_dim() const noexcept override { return static_cast<int>(rotation_.padded()); }
  Expanded expand(const std::byte* code, std::int8_t* x) const override;
  std::vector<std::byte> save() const override;
  // The body of a saved model, after the kind.
  static std::unique_ptr<Codec> load_body(std::span<const std::byte> body);

 private:
  friend class RabitqQuery;
  struct Header {
    float norm;
    float scale;
    float error;
  };
  static_assert(sizeof(Header) == 12);

  // out = R(x - centroid), padded; x normalised for cosine and augmented if asked.
  void residual(const float* x, float* out) const;
  void pack(const std::uint8_t* u, std::byte* code) const;
  void unpack(const std::byte* code, std::uint8_t* u) const;

  Model model_;
  Rotation rotation_;
  int planes_[3] = {};  // widths, most significant first
  int plane_count_ = 0;
  float offset_;  // (2^bits - 1) / 2
  float step_;    // grid step for a component of variance 1
  std::size_t code_bytes_;
};

}  // namespace rv::quant
