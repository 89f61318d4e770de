#include "core/quant/vectors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::quant {

void normalize(const float* x, int dim, float* out) noexcept {
  double sum = 0;
  for (int i = 0; i < dim; ++i) sum += static_cast<double>(x[i]) * x[i];
  const double factor = sum > 0 ? 1.0 / std::sqrt(sum) : 0.0;
  for (int i = 0; i < dim; ++i) out[i] = static_cast<float>(x[i] * factor);
}

std::vector<float> mean_of(Metric metric, int dim, const float* sample, std::size_t count) {
  const auto d = static_cast<std::size_t>(dim);
  std::vector<double> sum(d);
  std::vector<float> x(d), mean(d);
  for (std::size_t r = 0; r < count; ++r) {
    prepare(metric, sample + r * d, dim, x.data());
    for (std::size_t i = 0; i < d; ++i) sum[i] += x[i];
  }
  if (count > 0)
    for (std::size_t i = 0; i < d; ++i)
      mean[i] = static_cast<float>(sum[i] / static_cast<double>(count));
  return mean;
}

float exact_distance(Metric metric, const float* a, const float* b, int dim) noexcept {
  const auto& k = simd::kernels();
  const auto n = static_cast<std::size_t>(dim);
  switch (metric) {
    case Metric::l2:
      return k.l2_squared(a, b, n);
    case Metric::inner_product:
      return -k.inner_product(a, b, n);
    case Metric::cosine:
      return 1.0f - k.inner_product(a, b, n);
    case Metric::l1:
      return k.l1(a, b, n);
    case Metric::hyperbolic:
      return k.l2_squared(a + 1, b + 1, n - 1) / (a[0] * b[0]);
  }
  return 0;
}

float squared_norm(const std::vector<float>& x) noexcept {
  return simd::kernels().inner_product(x.data(), x.data(), x.size());
}

float augmenting_norm(const CodecSpec& spec, const float* sample, std::size_t count) {
  if (spec.metric != Metric::inner_product || count == 0) return 0;
  const auto d = static_cast<std::size_t>(spec.dim);
  float least = std::numeric_limits<float>::max(), largest = 0;
  for (std::size_t r = 0; r < count; ++r) {
    const float norm = simd::kernels().inner_product(sample + r * d, sample + r * d, d);
    least = std::min(least, norm);
    largest = std::max(largest, norm);
  }
  return std::isfinite(largest) && least < 0.98f * largest ? largest : 0;
}

float augmented_part(float largest, float a, float b) noexcept {
  const float x = std::sqrt(std::max(0.0f, largest - a));
  const float y = std::sqrt(std::max(0.0f, largest - b));
  return (x - y) * (x - y);
}

float error_quantile(const Codec& codec, const float* sample, std::size_t count, std::uint64_t seed,
                     float fallback) {
  constexpr std::size_t kQueries = 64, kNear = 16, kEnough = 256;
  const auto d = static_cast<std::size_t>(codec.dim());
  if (count < kEnough) return fallback;
  Rng rng(seed);
  // The whole sample is searched. Estimates of what is near lie above the truth (the part that a
  // code has lost is then shared by the query, and adds to the distance of the decoded vector), the
  // more the nearer; the nearest of few rows are far.
  std::vector<float> q(d), x(d);
  std::vector<std::pair<float, std::size_t>> exact(count);
  std::vector<float> ratios;
  std::vector<std::byte> code(codec.code_bytes());
  const std::byte* const at_code = code.data();
  const auto prepared = codec.query();
  for (std::size_t n = 0; n < kQueries; ++n) {
    const std::size_t query = rng.below(count);
    prepare(codec.metric(), sample + query * d, codec.dim(), q.data());
    for (std::size_t r = 0; r < count; ++r) {
      prepare(codec.metric(), sample + r * d, codec.dim(), x.data());
      exact[r] = {exact_distance(codec.metric(), q.data(), x.data(), codec.dim()), r};
    }
    std::nth_element(exact.begin(), exact.begin() + kNear, exact.end());
    prepared->set(sample + query * d);
    for (std::size_t i = 0; i <= kNear; ++i) {
      const auto [truth, row] = exact[i];
      if (row == query) continue;  // a new query is not in the index
      codec.encode(sample + row * d, code.data());
      float distance, error;
      prepared->distances(&at_code, 1, &distance, &error);
      if (error > 0) ratios.push_back((distance - truth) / error);
    }
  }
  if (ratios.size() < kEnough) return fallback;
  const auto at = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() * 199 / 200);
  std::nth_element(ratios.begin(), at, ratios.end());
  return std::isfinite(*at) ? std::max(*at, 0.0f) : fallback;
}

}  // namespace rv::quant
