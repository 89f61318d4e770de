// Matrix kernels. Included by kernels.inc.h after float32.inc.h; see there for the rules.
namespace rv::simd::detail {
namespace {

constexpr std::size_t kPanel = 2 * kF;
// Rows of a tile: two accumulators a row, two registers for B, one for A.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif

inline void store(float* p, const F& v) { v.store_unaligned(p); }

template <int Rows>
inline void multiply_tile(const float* a, std::size_t row_stride, std::size_t column_stride,
                          const float* b, std::size_t k, float* c, std::size_t ldc,
                          std::size_t columns, bool accumulate) {
  F s[Rows][2];
  float edge[kPanel];
  if (!accumulate) {
    for (int i = 0; i < Rows; ++i) s[i][0] = s[i][1] = F(0.f);
  } else if (columns == kPanel) {
    for (int i = 0; i < Rows; ++i) {
      s[i][0] = load(c + static_cast<std::size_t>(i) * ldc);
      s[i][1] = load(c + static_cast<std::size_t>(i) * ldc + kF);
    }
  } else {
    for (int i = 0; i < Rows; ++i) {
      for (std::size_t j = 0; j < kPanel; ++j)
        edge[j] = j < columns ? c[static_cast<std::size_t>(i) * ldc + j] : 0.f;
      s[i][0] = load(edge);
      s[i][1] = load(edge + kF);
    }
  }
  for (std::size_t p = 0; p < k; ++p) {
    const F b0 = load(b + p * kPanel);
    const F b1 = load(b + p * kPanel + kF);
    const float* at = a + p * column_stride;
    for (int i = 0; i < Rows; ++i) {
      const F x(at[static_cast<std::size_t>(i) * row_stride]);
      s[i][0] = xsimd::fma(x, b0, s[i][0]);
      s[i][1] = xsimd::fma(x, b1, s[i][1]);
    }
  }
  for (int i = 0; i < Rows; ++i) {
    float* out = c + static_cast<std::size_t>(i) * ldc;
    if (columns == kPanel) {
      store(out, s[i][0]);
      store(out + kF, s[i][1]);
    } else {
      store(edge, s[i][0]);
      store(edge + kF, s[i][1]);
      for (std::size_t j = 0; j < columns; ++j) out[j] = edge[j];
    }
  }
}

void multiply_panels(const float* a, std::size_t row_stride, std::size_t column_stride,
                     std::size_t m, const float* packed, std::size_t k, std::size_t n, float* c,
                     std::size_t ldc, bool accumulate) {
  for (std::size_t j = 0; j < n; j += kPanel, packed += k * kPanel) {
    const std::size_t columns = n - j < kPanel ? n - j : kPanel;
    std::size_t i = 0;
    for (; i + kTileRows <= m; i += kTileRows)
      multiply_tile<kTileRows>(a + i * row_stride, row_stride, column_stride, packed, k,
                               c + i * ldc + j, ldc, columns, accumulate);
    for (; i + 4 <= m; i += 4)
      multiply_tile<4>(a + i * row_stride, row_stride, column_stride, packed, k, c + i * ldc + j,
                       ldc, columns, accumulate);
    for (; i < m; ++i)
      multiply_tile<1>(a + i * row_stride, row_stride, column_stride, packed, k, c + i * ldc + j,
                       ldc, columns, accumulate);
  }
}

constexpr std::size_t kAhead = 4;  // rows a gather asks the memory for before it needs them

// Vectors of a row that stay in registers while its sources are gone through.
template <int Vectors>
inline void gather_sum_block(const float* x, std::size_t ldx, const std::uint32_t* index,
                             const float* w, std::size_t w_stride, std::size_t count, float* out) {
  F s[Vectors];
  for (int v = 0; v < Vectors; ++v) s[v] = F(0.f);
  for (std::size_t e = 0; e < count; ++e) {
    if (e + kAhead < count) {
      const float* next = x + index[e + kAhead] * ldx;
      for (std::size_t v = 0; v < Vectors * kF; v += 16) __builtin_prefetch(next + v);
    }
    const float* row = x + index[e] * ldx;
    const F weight(w != nullptr ? w[e * w_stride] : 1.f);
    for (int v = 0; v < Vectors; ++v)
      s[v] = xsimd::fma(weight, load(row + static_cast<std::size_t>(v) * kF), s[v]);
  }
  for (int v = 0; v < Vectors; ++v) store(out + static_cast<std::size_t>(v) * kF, s[v]);
}

void gather_sum(const float* x, std::size_t ldx, const std::uint32_t* index, const float* w,
                std::size_t w_stride, std::size_t count, float* out, std::size_t n) {
  std::size_t j = 0;
  for (; j + 8 * kF <= n; j += 8 * kF)
    gather_sum_block<8>(x + j, ldx, index, w, w_stride, count, out + j);
  for (; j + 2 * kF <= n; j += 2 * kF)
    gather_sum_block<2>(x + j, ldx, index, w, w_stride, count, out + j);
  for (; j + kF <= n; j += kF) gather_sum_block<1>(x + j, ldx, index, w, w_stride, count, out + j);
  for (; j < n; ++j) {
    float s = 0.f;
    for (std::size_t e = 0; e < count; ++e)
      s += (w != nullptr ? w[e * w_stride] : 1.f) * x[index[e] * ldx + j];
    out[j] = s;
  }
}

void gather_max(const float* x, std::size_t ldx, const std::uint32_t* index, std::size_t count,
                float* out, std::size_t n) {
  std::size_t j = 0;
  for (; j + 4 * kF <= n; j += 4 * kF) {
    F m[4];
    for (std::size_t v = 0; v < 4; ++v) m[v] = load(x + index[0] * ldx + j + v * kF);
    for (std::size_t e = 1; e < count; ++e) {
      if (e + kAhead < count)
        for (std::size_t v = 0; v < 4 * kF; v += 16)
          __builtin_prefetch(x + index[e + kAhead] * ldx + j + v);
      const float* row = x + index[e] * ldx + j;
      for (std::size_t v = 0; v < 4; ++v) m[v] = xsimd::max(m[v], load(row + v * kF));
    }
    for (std::size_t v = 0; v < 4; ++v) store(out + j + v * kF, m[v]);
  }
  for (; j < n; ++j) {
    float m = x[index[0] * ldx + j];
    for (std::size_t e = 1; e < count; ++e) {
      const float value = x[index[e] * ldx + j];
      m = value > m ? value : m;
    }
    out[j] = m;
  }
}

void add_scaled(float a, const float* x, float* y, std::size_t n) {
  const F factor(a);
  std::size_t i = 0;
  for (; i + kF <= n; i += kF) store(y + i, xsimd::fma(factor, load(x + i), load(y + i)));
  for (; i < n; ++i) y[i] += a * x[i];
}

float exp_shifted(float* x, std::size_t n, float shift) {
  const F by(shift);
  F s(0.f);
  std::size_t i = 0;
  for (; i + kF <= n; i += kF) {
    const F e = xsimd::exp(load(x + i) - by);
    store(x + i, e);
    s += e;
  }
  float total = sum(s);
  if (i < n) {
    // Through the same exp: an element's value must not depend on its position.
    float tail[kF];
    for (std::size_t j = 0; j < kF; ++j) tail[j] = i + j < n ? x[i + j] : shift;
    store(tail, xsimd::exp(load(tail) - by));
    for (std::size_t j = 0; i + j < n; ++j) total += x[i + j] = tail[j];
  }
  return total;
}

constexpr MatrixKernels matrix_kernels = {kPanel,     multiply_panels, gather_sum,
                                          gather_max, add_scaled,      exp_shifted};

}  // namespace
}  // namespace rv::simd::detail
