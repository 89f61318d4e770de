#include "core/cluster/nearest.h"

#include <algorithm>
#include <limits>

#include "core/quant/code_kernels.h"
#include "core/simd/distance.h"

namespace rv::cluster {
namespace {

// Centres of a block: their packed copy stays in the second-level cache at common dimensions.
constexpr std::size_t kBlock = 256;
constexpr std::size_t kRows = 96;

// The fast search: below these the exact one costs little.
constexpr std::size_t kLeastCentres = 64, kLeastDim = 64;
// A packed block of bytes stays in the second-level cache.
constexpr std::size_t kByteBlock = 512;
// Centres that are compared exactly.
constexpr int kCompared = 3;
constexpr float kNoCentre = 2e30f;  // padding: see CodeKernels::nearest

}  // namespace

NearestCentre::NearestCentre(const float* centres, std::size_t count, std::size_t dim,
                             Measure measure, Search search)
    : dim_(dim), measure_(measure) {
  const bool fast = search == Search::fast && count >= kLeastCentres && dim >= kLeastDim;
  std::vector<float> moved;
  if (measure == Measure::euclidean || fast) {
    std::vector<double> sum(dim);
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t i = 0; i < dim; ++i) sum[i] += centres[c * dim + i];
    origin_.resize(dim);
    for (std::size_t i = 0; i < dim; ++i)
      origin_[i] =
          static_cast<float>(sum[i] / static_cast<double>(std::max<std::size_t>(count, 1)));
  }
  if (fast) {
    pack_bytes(centres, count);
    return;
  }
  if (measure == Measure::euclidean) {
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

// Around the middle of all, where bytes resolve what distinguishes centres. For directions that
// moves every inner product with a vector by what depends on the centre alone, and by a constant.
void NearestCentre::pack_bytes(const float* centres, std::size_t count) {
  const quant::CodeKernels& k = quant::code_kernels();
  padded_ = (dim_ + 63) / 64 * 64;
  centres_.assign(centres, centres + count * dim_);
  std::vector<float> moved(padded_);
  std::vector<std::int8_t> row(padded_);
  for (std::size_t c0 = 0; c0 < count; c0 += kByteBlock) {
    const std::size_t n = std::min(kByteBlock, count - c0);
    ByteBlock& block = bytes_.emplace_back();
    block.first = c0;
    block.columns = (n + 63) / 64 * 64;
    block.packed.resize(block.columns * padded_);
    block.sums.resize(block.columns);
    block.norms.assign(block.columns, kNoCentre);
    block.scales.resize(block.columns);
    for (std::size_t c = 0; c < n; ++c) {
      const float* centre = centres + (c0 + c) * dim_;
      for (std::size_t i = 0; i < dim_; ++i) moved[i] = centre[i] - origin_[i];
      const float most = k.max_abs(moved.data(), padded_);
      const float norm = simd::kernels().inner_product(moved.data(), moved.data(), dim_);
      if (!(norm < kNoCentre / 2)) continue;  // too large for float: found only when compared
      k.quantize_query(moved.data(), padded_, most > 0 ? 127 / most : 0, row.data());
      block.sums[c] = quant::pack_column(row.data(), padded_, c, block.packed.data());
      const bool euclidean = measure_ == Measure::euclidean;
      block.norms[c] =
          euclidean ? norm : -simd::kernels().inner_product(origin_.data(), centre, dim_);
      block.scales[c] = (euclidean ? 2 : 1) * most / 127;
    }
  }
}

float NearestCentre::compare(const float* x, std::size_t centre) const noexcept {
  const float* c = centres_.data() + centre * dim_;
  return measure_ == Measure::euclidean ? simd::kernels().l2_squared(x, c, dim_)
                                        : 1 - simd::kernels().inner_product(x, c, dim_);
}

void NearestCentre::find_fast(const float* x, std::size_t rows, std::uint32_t* nearest,
                              float* distance) const {
  const quant::CodeKernels& k = quant::code_kernels();
  constexpr std::size_t none = ~std::size_t{0};
  std::vector<float> moved(padded_);
  std::vector<std::int8_t> bytes(kRows * padded_);
  std::vector<float> scale(kRows);
  std::vector<std::int32_t> dots(4 * kByteBlock);
  struct Near {
    float distance;
    std::uint32_t centre;
  };
  std::vector<Near> near(kRows * kCompared);
  std::vector<int> count(kRows);
  for (std::size_t r0 = 0; r0 < rows; r0 += kRows) {
    const std::size_t n = std::min(kRows, rows - r0);
    for (std::size_t r = 0; r < n; ++r) {
      const float* from = x + (r0 + r) * dim_;
      for (std::size_t i = 0; i < dim_; ++i) moved[i] = from[i] - origin_[i];
      const float most = k.max_abs(moved.data(), padded_);
      const bool usable = most > 0 && most < 1e15f;
      k.quantize_query(moved.data(), padded_, usable ? 127 / most : 0, &bytes[r * padded_]);
      scale[r] = usable ? most / 127 : 0;
      count[r] = 0;
    }
    for (const ByteBlock& block : bytes_)
      for (std::size_t r = 0; r < n; r += 4) {
        const std::int8_t* four[4];
        for (std::size_t i = 0; i < 4; ++i) four[i] = &bytes[std::min(r + i, n - 1) * padded_];
        k.rows4(four, block.packed.data(), block.sums.data(), padded_, block.columns, dots.data(),
                kByteBlock);
        for (std::size_t i = r; i < std::min(n, r + 4); ++i) {
          float best[kCompared];
          std::uint32_t index[kCompared];
          const int found =
              k.nearest(&dots[(i - r) * kByteBlock], block.norms.data(), block.scales.data(), 0,
                        scale[i], block.columns, none, kCompared, best, index);
          Near* kept = &near[i * kCompared];
          for (int f = 0; f < found; ++f) {
            int at = count[i];
            if (at == kCompared && !(best[f] < kept[at - 1].distance)) break;
            at = std::min(at, kCompared - 1);
            for (; at > 0 && kept[at - 1].distance > best[f]; --at) kept[at] = kept[at - 1];
            kept[at] = {best[f], static_cast<std::uint32_t>(block.first) + index[f]};
            count[i] = std::min(count[i] + 1, kCompared);
          }
        }
      }
    for (std::size_t r = 0; r < n; ++r) {
      const float* from = x + (r0 + r) * dim_;
      std::uint32_t best = 0;
      float least = std::numeric_limits<float>::max();
      const auto take = [&](std::uint32_t c) {
        const float d = compare(from, c);
        if (!(d < least || (d == least && c < best))) return;
        least = d;
        best = c;
      };
      // Numbers that bytes cannot hold: all centres are compared.
      if (count[r] == 0 || scale[r] == 0)
        for (std::size_t c = 0; c < centres_.size() / dim_; ++c)
          take(static_cast<std::uint32_t>(c));
      else
        for (int f = 0; f < count[r]; ++f)
          take(near[r * kCompared + static_cast<std::size_t>(f)].centre);
      nearest[r0 + r] = best;
      if (distance != nullptr) distance[r0 + r] = least;
    }
  }
}

void NearestCentre::find(const float* x, std::size_t rows, std::uint32_t* nearest,
                         float* distance) const {
  if (padded_ > 0) return find_fast(x, rows, nearest, distance);
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
