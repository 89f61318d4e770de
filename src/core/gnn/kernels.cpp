#include "core/gnn/kernels.h"

#include <algorithm>

namespace rv::gnn {

void multiply(const Exec& exec, Strided<float> a, Strided<float> b, std::size_t m, std::size_t k,
              std::size_t n, float* c, bool accumulate) {
  if (k == 0 && !accumulate) std::fill_n(c, m * n, 0.0f);
  // B is packed a stretch at a time, so that the gradient of a weight over a million rows does not
  // need a second copy of them.
  constexpr std::size_t kStretch = 65536;
  for (std::size_t k0 = 0; k0 < k; k0 += kStretch) {
    const std::size_t rows = std::min(kStretch, k - k0);
    const Charge charge(exec.budget(), simd::PackedMatrix::bytes(rows, n));
    const simd::PackedMatrix packed(b.data + k0 * b.row_stride, b.row_stride, b.column_stride, rows,
                                    n);
    const float* from = a.data + k0 * a.column_stride;
    exec.for_rows(m, 2 * rows * n / 8 + 1, [&](std::size_t begin, std::size_t end) {
      packed.multiply(from + begin * a.row_stride, a.row_stride, a.column_stride, end - begin,
                      c + begin * n, n, accumulate || k0 > 0);
    });
  }
}

void multiply(const Exec& exec, Strided<double> a, Strided<double> b, std::size_t m, std::size_t k,
              std::size_t n, double* c, bool accumulate) {
  exec.for_rows(m, 2 * k * n, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double s = accumulate ? c[i * n + j] : 0.0;
        for (std::size_t p = 0; p < k; ++p)
          s += a.data[i * a.row_stride + p * a.column_stride] *
               b.data[p * b.row_stride + j * b.column_stride];
        c[i * n + j] = s;
      }
  });
}

}  // namespace rv::gnn
