#include "core/cluster/nearest.h"

#include <algorithm>
#include <limits>

#include "core/simd/distance.h"

namespace rv::cluster {
namespace {

// Centres of a block: their packed copy stays in the second-level cache at common dimensions.
constexpr std::size_t kBlock = 256;
constexpr std::size_t kRows = 96;

}  // namespace

NearestCentre::NearestCentre(const float* centres, std::size_t count, std::size_t dim,
                             Measure measure)
    : dim_(dim), measure_(measure) {
  std::vector<float> moved;
  if (measure == Measure::euclidean) {
    std::vector<double> sum(dim);
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t i = 0; i < dim; ++i) sum[i] += centres[c * dim + i];
    origin_.resize(dim);
    for (std::size_t i = 0; i < dim; ++i)
      origin_[i] =
          static_cast<float>(sum[i] / static_cast<double>(std::max<std::size_t>(count, 1)));
    norms_.resize(count);
    moved.resize(std::min(count, kBlock) * dim);
  }
  for (std::size_t c0 = 0; c0 < count; c0 += kBlock) {
    const std::size_t n = std::min(kBlock, count - c0);
    const float* from = centres + c0 * dim;
    if (measure == Measure::euclidean) {
      for (std::size_t c = 0; c < n; ++c) {
        for (std::size_t i = 0; i < dim; ++i) moved[c * dim + i] = from[c * dim + i] - origin_[i];
        norms_[c0 + c] = simd::kernels().inner_product(&moved[c * dim], &moved[c * dim], dim);
      }
      from = moved.data();
    }
    blocks_.emplace_back(from, 1, dim, dim, n);
  }
}

void NearestCentre::find(const float* x, std::size_t rows, std::uint32_t* nearest,
                         float* distance) const {
  std::vector<float> moved(measure_ == Measure::euclidean ? kRows * dim_ : 0);
  std::vector<float> products(kRows * kBlock);
  std::vector<float> best(kRows);
  for (std::size_t r0 = 0; r0 < rows; r0 += kRows) {
    const std::size_t n = std::min(kRows, rows - r0);
    const float* from = x + r0 * dim_;
    if (measure_ == Measure::euclidean) {
      for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < dim_; ++i)
          moved[r * dim_ + i] = from[r * dim_ + i] - origin_[i];
      from = moved.data();
    }
    std::fill_n(best.begin(), n, std::numeric_limits<float>::max());
    std::fill_n(nearest + r0, n, 0u);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const std::size_t columns = blocks_[b].columns();
      blocks_[b].multiply(from, dim_, 1, n, products.data(), kBlock, false);
      for (std::size_t r = 0; r < n; ++r) {
        const float* p = &products[r * kBlock];
        float least = best[r];
        std::uint32_t at = nearest[r0 + r];
        for (std::size_t c = 0; c < columns; ++c) {
          const float d = norms_.empty() ? -p[c] : norms_[b * kBlock + c] - 2 * p[c];
          if (d < least) {
            least = d;
            at = static_cast<std::uint32_t>(b * kBlock + c);
          }
        }
        best[r] = least;
        nearest[r0 + r] = at;
      }
    }
    if (distance == nullptr) continue;
    for (std::size_t r = 0; r < n; ++r)
      distance[r0 + r] =
          norms_.empty() ? 1 + best[r]
                         : std::max(0.0f, best[r] + simd::kernels().inner_product(
                                                        from + r * dim_, from + r * dim_, dim_));
  }
}

std::size_t NearestCentre::bytes(std::size_t count, std::size_t dim) noexcept {
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  return blocks * simd::PackedMatrix::bytes(dim, std::min(count, kBlock)) + count * sizeof(float);
}

}  // namespace rv::cluster
