// Body of kernels_<level>.cpp of this room; the rules of core/simd/kernels.inc.h hold here, too.
#include <cstddef>
#include <xsimd/xsimd.hpp>

#include "core/attention/block.h"

namespace rv::attention::detail {
namespace {

using F = xsimd::batch<float, RV_ARCH>;
using D = xsimd::batch<double, RV_ARCH>;
constexpr std::size_t kF = F::size;
constexpr std::size_t kD = D::size;
static_assert(kLanes % kF == 0);

float largest(const float* x, std::size_t n) {
  F top = F::load_unaligned(x);
  for (std::size_t i = kF; i < n; i += kF) top = xsimd::max(top, F::load_unaligned(x + i));
  float lanes[kF];
  top.store_unaligned(lanes);
  float best = lanes[0];
  for (std::size_t i = 1; i < kF; ++i)
    if (lanes[i] > best) best = lanes[i];
  return best;
}

float exp_sum(float* x, std::size_t n, float shift) {
  const F by(shift);
  F sum(0.f);
  for (std::size_t i = 0; i < n; i += kF) {
    const F e = xsimd::exp(F::load_unaligned(x + i) - by);
    e.store_unaligned(x + i);
    sum += e;
  }
  float lanes[kF];
  sum.store_unaligned(lanes);
  float total = 0;
  for (std::size_t i = 0; i < kF; ++i) total += lanes[i];
  return total;
}

void scale(float* x, std::size_t n, float factor) {
  const F by(factor);
  for (std::size_t i = 0; i < n; i += kF) (F::load_unaligned(x + i) * by).store_unaligned(x + i);
}

void accumulate(double* sums, double weight, const float* x, std::size_t n) {
  const D w(weight);
  std::size_t i = 0;
  for (; i + kD <= n; i += kD) {
#if defined(__AVX512F__)
    const D v(_mm512_cvtps_pd(_mm256_loadu_ps(x + i)));
#elif defined(__AVX2__)
    const D v(_mm256_cvtps_pd(_mm_loadu_ps(x + i)));
#else
    double wide[kD];
    for (std::size_t t = 0; t < kD; ++t) wide[t] = static_cast<double>(x[i + t]);
    const D v = D::load_unaligned(wide);
#endif
    xsimd::fma(w, v, D::load_unaligned(sums + i)).store_unaligned(sums + i);
  }
  for (; i < n; ++i) sums[i] += weight * static_cast<double>(x[i]);
}

}  // namespace

extern const BlockKernels RV_TABLE;
constinit const BlockKernels RV_TABLE = {largest, exp_sum, scale, accumulate};

}  // namespace rv::attention::detail
