#include "core/quant/rabitq_query.h"

#include <cmath>
#include <cstring>

namespace rv::quant {

RabitqQuery::RabitqQuery(const RabitqCodec& codec)
    : codec_(codec),
      kernels_(code_kernels()),
      rotated_(codec.rotation_.padded()),
      components_(codec.rotation_.padded()),
      ones_(codec.rotation_.padded(), 1) {}

void RabitqQuery::quantize() {
  const std::size_t n = rotated_.size();
  const float most = kernels_.max_abs(rotated_.data(), n);
  const bool usable = most > 1e-30f && std::isfinite(most);
  const float step = usable ? most / 127 : 0;
  const std::int32_t sum =
      kernels_.quantize_query(rotated_.data(), n, usable ? 1 / step : 0, components_.data());
  offset_sum_ = codec_.offset_ * static_cast<float>(sum);
  weight_ = step;
  // The rounding error of a component is uniform in a step: variance step^2 / 12. Its product with
  // a residual r has a standard deviation of |r| step / sqrt(12).
  query_error_ = step * 0.55f;  // 1.9 / sqrt(12)
}

void RabitqQuery::set(const float* q) {
  const auto& model = codec_.model_;
  if (model.metric != Metric::inner_product) {
    set_link(q);
    if (model.metric == Metric::cosine) {
      // |a - b|^2 of unit vectors is 2 (1 - cosine).
      base_ *= 0.5f;
      weight_norm_ *= 0.5f;
      weight_ *= 0.5f;
      error_weight_ *= 0.5f;
      query_error_ *= 0.5f;
    }
    return;
  }
  // -<q, x> = -<q, c> - <R q, R (x - c)>; the query's further component is 0.
  const auto dim = static_cast<std::size_t>(model.dim);
  std::memcpy(rotated_.data(), q, dim * sizeof(float));
  for (std::size_t i = dim; i < rotated_.size(); ++i) rotated_[i] = 0;
  codec_.rotation_.apply(rotated_.data());
  const float norm2 =
      simd::kernels().inner_product(rotated_.data(), rotated_.data(), rotated_.size());
  quantize();
  base_ = -simd::kernels().inner_product(q, model.centroid.data(), dim);
  weight_norm_ = 0;
  error_weight_ = std::sqrt(norm2);
}

void RabitqQuery::set_link(const float* x) {
  codec_.residual(x, rotated_.data());
  const float norm2 =
      simd::kernels().inner_product(rotated_.data(), rotated_.data(), rotated_.size());
  quantize();
  base_ = norm2;
  weight_norm_ = 1;
  weight_ *= 2;
  query_error_ *= 2;
  error_weight_ = 2 * std::sqrt(norm2);
}

void RabitqQuery::set_code(const std::byte* code) {
  const Codec::Expanded e = codec_.expand(code, components_.data());
  const std::int32_t sum = kernels_.dot8(ones_.data(), components_.data(), components_.size());
  offset_sum_ = codec_.offset_ * static_cast<float>(sum);
  base_ = e.norm;
  weight_norm_ = 1;
  // expand() splits the factor 2 of the square between both sides and doubles the grid below 8
  // bits.
  weight_ = e.scale * 1.41421356f;
  query_error_ = 0;
  error_weight_ = 2 * std::sqrt(e.norm);
}

template <class Dot>
void RabitqQuery::run(const std::byte* const* codes, int n, float* distance, float* error,
                      Dot dot) const {
  for (int i = 0; i < n; ++i) {
    // Codes lie anywhere; a few are asked for ahead. Short ones take two lines, of long ones the
    // processor fetches the rest.
    if (i + 6 < n) {
      __builtin_prefetch(codes[i + 6]);
      __builtin_prefetch(codes[i + 6] + 64);
    }
    RabitqCodec::Header h;
    std::memcpy(&h, codes[i], sizeof h);
    const auto* planes = reinterpret_cast<const std::uint8_t*>(codes[i] + sizeof h);
    const float product = static_cast<float>(dot(planes)) - offset_sum_;
    distance[i] = base_ + weight_norm_ * h.norm - weight_ * h.scale * product;
    error[i] = error_weight_ * h.error;
    // Codes that aim at codes, in builds, have no error of their own.
    if (query_error_ != 0) error[i] += query_error_ * std::sqrt(h.norm);
  }
}

void RabitqQuery::distances(const std::byte* const* codes, int n, float* distance, float* error) {
  const std::size_t dims = rotated_.size();
  const std::int8_t* q = components_.data();
  const CodeKernels& k = kernels_;
  switch (codec_.model_.bits) {
    case 1:
      return run(codes, n, distance, error,
                 [&](const std::uint8_t* p) { return k.dot1(p, q, dims); });
    case 2:
      return run(codes, n, distance, error,
                 [&](const std::uint8_t* p) { return k.dot2(p, q, dims); });
    case 3:
      return run(codes, n, distance, error, [&](const std::uint8_t* p) {
        return 2 * k.dot2(p, q, dims) + k.dot1(p + dims / 4, q, dims);
      });
    case 4:
      return run(codes, n, distance, error,
                 [&](const std::uint8_t* p) { return k.dot4(p, q, dims); });
    case 5:
      return run(codes, n, distance, error, [&](const std::uint8_t* p) {
        return 2 * k.dot4(p, q, dims) + k.dot1(p + dims / 2, q, dims);
      });
    case 6:
      return run(codes, n, distance, error, [&](const std::uint8_t* p) {
        return 4 * k.dot4(p, q, dims) + k.dot2(p + dims / 2, q, dims);
      });
    case 7:
      return run(codes, n, distance, error, [&](const std::uint8_t* p) {
        return 8 * k.dot4(p, q, dims) + 2 * k.dot2(p + dims / 2, q, dims) +
               k.dot1(p + dims / 2 + dims / 4, q, dims);
      });
    default:
      return run(codes, n, distance, error,
                 [&](const std::uint8_t* p) { return k.dot8(p, q, dims); });
  }
}

}  // namespace rv::quant
