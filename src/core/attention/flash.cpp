#include "core/attention/flash.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/attention/block.h"
#include "core/simd/matrix.h"

namespace rv::attention {
namespace {

constexpr float kLow = -std::numeric_limits<float>::infinity();

std::size_t padded(std::size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Blocks of keys (transposed) and of values, ready to be multiplied with.
struct Packed {
  std::vector<simd::PackedMatrix> keys, values;
};

Packed pack(const Composition& c, std::size_t width) {
  const std::vector<float> k(c.k.data.begin(), c.k.data.end());
  const std::vector<float> v(c.v.data.begin(), c.v.data.end());
  Packed p;
  for (std::size_t j = 0; j < c.keys; j += width) {
    const std::size_t n = std::min(width, c.keys - j);
    p.keys.emplace_back(k.data() + j * c.k.cols, 1, c.k.cols, c.k.cols, n);
    p.values.emplace_back(v.data() + j * c.v.cols, c.v.cols, 1, n, c.v.cols);
  }
  return p;
}

struct Range {
  std::size_t first, last;
};

// Bias and mask of one row of scores over the keys [first, first + width); padding is masked.
void adjust(const Composition& c, std::size_t i, Range allowed, std::size_t first,
            std::size_t width, float* s) {
  const std::size_t begin = std::clamp(allowed.first, first, first + width) - first;
  const std::size_t end = std::clamp(allowed.last, first, first + width) - first;
  std::fill(s, s + begin, kLow);
  std::fill(s + std::max(begin, end), s + width, kLow);
  if (!c.allowed && !c.bias) return;
  for (std::size_t j = begin; j < end; ++j) {
    if (c.allowed && !c.allowed(i, first + j))
      s[j] = kLow;
    else if (c.bias)
      s[j] += static_cast<float>(c.bias(i, first + j));
  }
}

}  // namespace

Matrix flash(const Composition& c, Blocks blocks, const Poll& poll) {
  Matrix output(c.queries, c.out_cols);
  if (c.queries == 0 || c.keys == 0) return output;
  const BlockKernels& kernel = block_kernels();
  const std::size_t width = padded(std::min(blocks.keys, c.keys)), height = blocks.queries;
  const std::size_t d = c.q.cols, cols = padded(c.out_cols);
  const Packed packed = pack(c, width);
  std::vector<float> q(height * d), s(height * width), out(height * cols);
  std::vector<float> top(height), sum(height);
  std::vector<Range> range(height);
  for (std::size_t i0 = 0; i0 < c.queries; i0 += height) {
    const std::size_t rows = std::min(height, c.queries - i0);
    std::size_t first = c.keys, last = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t t = 0; t < d; ++t)
        q[r * d + t] = static_cast<float>(c.scale * c.q.at(i0 + r, t));
      range[r] = {0, c.keys};
      if (c.range) std::tie(range[r].first, range[r].last) = c.range(i0 + r);
      first = std::min(first, range[r].first);
      last = std::max(last, range[r].last);
    }
    std::fill(out.begin(), out.end(), 0.f);
    std::fill(top.begin(), top.end(), kLow);
    std::fill(sum.begin(), sum.end(), 0.f);
    for (std::size_t j0 = first / width * width; j0 < last; j0 += width) {
      if (poll) poll();
      packed.keys[j0 / width].multiply(q.data(), d, 1, rows, s.data(), width, false);
      for (std::size_t r = 0; r < rows; ++r) {
        float* row = s.data() + r * width;
        adjust(c, i0 + r, range[r], j0, width, row);
        const float block_top = kernel.largest(row, width);
        if (block_top == kLow && top[r] == kLow) {
          std::fill_n(row, width, 0.f);
          continue;
        }
        const float new_top = std::max(top[r], block_top);
        if (new_top > top[r]) {
          const float shrink = std::exp(top[r] - new_top);
          sum[r] *= shrink;
          kernel.scale(out.data() + r * cols, cols, shrink);
          top[r] = new_top;
        }
        sum[r] += kernel.exp_sum(row, width, new_top);
      }
      packed.values[j0 / width].multiply(s.data(), width, 1, rows, out.data(), cols, true);
    }
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t t = 0; t < c.out_cols && sum[r] > 0; ++t)
        output.at(i0 + r, t) = static_cast<double>(out[r * cols + t]) / static_cast<double>(sum[r]);
  }
  return output;
}

}  // namespace rv::attention
