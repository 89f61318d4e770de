// Small steps that codecs share.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "core/quant/codec.h"

namespace rv::quant {

// out = x / |x|; a zero vector stays zero. The norm is summed in float64.
void normalize(const float* x, int dim, float* out) noexcept;

// out = x, for cosine x / |x|.
inline void prepare(Metric metric, const float* x, int dim, float* out) noexcept {
  if (metric == Metric::cosine)
    normalize(x, dim, out);
  else
    std::memcpy(out, x, static_cast<std::size_t>(dim) * sizeof(float));
}

// The mean of the prepared sample; zeros for an empty one.
std::vector<float> mean_of(Metric metric, int dim, const float* sample, std::size_t count);

// The exact distance of two prepared vectors.
float exact_distance(Metric metric, const float* a, const float* b, int dim) noexcept;

// The metric whose value is the link distance, but for the further component of inner_product.
inline Metric link_metric(Metric metric) noexcept {
  return metric == Metric::l1 ? Metric::l1 : Metric::l2;
}

float squared_norm(const std::vector<float>& x) noexcept;

// For inner_product: the largest squared norm of the sample, 0 where all norms are alike (within
// 1 %) and for other metrics.
float augmenting_norm(const CodecSpec& spec, const float* sample, std::size_t count);

// What the further component sqrt(largest - |x|^2) adds to the link distance of two vectors with
// the squared norms a and b.
float augmented_part(float largest, float a, float b) noexcept;

// How far estimates lie above the truth: the 99.5 % quantile of (estimate - exact) / error over
// near neighbours in the sample, with `error` what the codec reports now. `fallback` when the
// sample is too small to tell.
float error_quantile(const Codec& codec, const float* sample, std::size_t count, std::uint64_t seed,
                     float fallback);

template <class T>
T load_as(const std::byte* p) noexcept {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

}  // namespace rv::quant
