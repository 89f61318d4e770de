// Attention over in-edges: GAT, GATv2 and parameter-free dot-product attention. All share the
// softmax over a row's edges; alpha holds the weights of edge e and head h at [e * heads + h].
#include <cmath>
#include <limits>
#include <memory>

#include "core/gnn/dropout_mask.h"
#include "core/gnn/kernels.h"
#include "core/gnn/ops.h"

namespace rv::gnn {
namespace {

// LeakyReLU and its derivative without a branch: the sign of a score is as good as random.
template <class T>
struct Leaky {
  explicit Leaky(double slope)
      : mean(static_cast<T>((1 + slope) / 2)), half(static_cast<T>((1 - slope) / 2)) {}
  T operator()(T v) const noexcept { return mean * v + half * std::abs(v); }
  T derivative(T v) const noexcept { return mean + std::copysign(half, v); }
  T mean, half;
};

// Heads are often narrow: below this, a loop here beats a call of the kernels.
constexpr std::size_t kNarrow = 16;

template <class T>
T head_dot(const T* a, const T* b, std::size_t d) {
  if (d >= kNarrow) return dot(a, b, d);
  T s = 0;
  for (std::size_t j = 0; j < d; ++j) s += a[j] * b[j];
  return s;
}

// y[h] += w[h] * x[h] for each of the heads, side by side.
template <class T>
void add_heads(const T* w, const T* x, T* y, std::size_t heads, std::size_t d) {
  for (std::size_t h = 0; h < heads; ++h, x += d, y += d) {
    const T weight = w[h];
    if (d >= kNarrow) {
      add_scaled(weight, x, y, d);
    } else {
      for (std::size_t j = 0; j < d; ++j) y[j] += weight * x[j];
    }
  }
}

// Entries of the adjacency in its first `rows` rows.
template <class T>
std::size_t entries(const Csr<T>& a, std::size_t rows) {
  return a.offset[rows];
}

// Softmax of one row's scores s[(e) * heads + h], e in [0, n), for each head.
inline void row_softmax(float* s, std::size_t n, std::size_t heads) {
  if (n == 0) return;
  float largest[64], total[64];
  for (std::size_t h0 = 0; h0 < heads; h0 += 64) {
    const std::size_t width = std::min<std::size_t>(64, heads - h0);
    std::fill_n(largest, width, -std::numeric_limits<float>::infinity());
    std::fill_n(total, width, 0.0f);
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t h = 0; h < width; ++h)
        largest[h] = std::max(largest[h], s[e * heads + h0 + h]);
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t h = 0; h < width; ++h) s[e * heads + h0 + h] -= largest[h];
    if (width == heads) {
      simd::kernels().matrix.exp_shifted(s, n * heads, 0.0f);
    } else {
      for (std::size_t e = 0; e < n; ++e)
        simd::kernels().matrix.exp_shifted(s + e * heads + h0, width, 0.0f);
    }
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t h = 0; h < width; ++h) total[h] += s[e * heads + h0 + h];
    for (std::size_t h = 0; h < width; ++h) total[h] = 1.0f / total[h];
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t h = 0; h < width; ++h) s[e * heads + h0 + h] *= total[h];
  }
}
inline void row_softmax(double* s, std::size_t n, std::size_t heads) {
  for (std::size_t h = 0; h < heads; ++h) {
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (std::size_t e = 0; e < n; ++e) largest = std::max(largest, s[e * heads + h]);
    for (std::size_t e = 0; e < n; ++e)
      total += s[e * heads + h] = std::exp(s[e * heads + h] - largest);
    for (std::size_t e = 0; e < n; ++e) s[e * heads + h] /= total;
  }
}

// Attention weights after dropout: a mask per edge and head, empty when there is none.
template <class T>
std::vector<T> edge_mask(Tape<T>& t, std::size_t n, double p) {
  std::vector<T> mask;
  if (!t.training() || p <= 0) return mask;
  const DropoutMask<T> drop(t.next_seed(), p);
  mask.resize(n);
  for (std::size_t i = 0; i < n; ++i) mask[i] = drop.at(i);
  return mask;
}

// y[i, h] = sum over edges of alpha * mask * x[source, h], heads side by side.
template <class T>
void weighted_messages(const Exec& exec, const Csr<T>& a, std::size_t rows, const T* alpha,
                       const Tensor<T>& x, std::size_t heads, Tensor<T>& y) {
  const std::size_t k = x.columns(), d = k / heads;
  exec.for_rows(rows, a.row_cost(k + 8 * heads), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t e = a.offset[i];
      if (d < kNarrow && heads > 1) {
        std::fill_n(y.row(i), k, T(0));
        for (std::size_t n = e; n < a.offset[i + 1]; ++n)
          add_heads(alpha + n * heads, x.row(a.index[n]), y.row(i), heads, d);
        continue;
      }
      for (std::size_t h = 0; h < heads; ++h)
        gather_sum(x.data() + h * d, k, a.index.data() + e, alpha + e * heads + h, heads,
                   a.degree(i), y.row(i) + h * d, d);
    }
  });
}

// The softmax's derivative: turns d(loss)/d(alpha) of a row's edges into d(loss)/d(score).
template <class T>
void softmax_backward(const T* alpha, T* d, std::size_t n, std::size_t heads) {
  for (std::size_t h = 0; h < heads; ++h) {
    T s = 0;
    for (std::size_t e = 0; e < n; ++e) s += alpha[e * heads + h] * d[e * heads + h];
    for (std::size_t e = 0; e < n; ++e)
      d[e * heads + h] = alpha[e * heads + h] * (d[e * heads + h] - s);
  }
}

// What the three operations keep for their derivative.
template <class T>
struct Edges {
  std::vector<T> alpha;   // softmax, before dropout
  std::vector<T> mask;    // of dropout, or empty
  std::vector<T> masked;  // alpha * mask, or empty
  Charge charge;
  const T* weights() const { return masked.empty() ? alpha.data() : masked.data(); }
  void apply_mask() {
    if (mask.empty()) return;
    masked.resize(alpha.size());
    for (std::size_t i = 0; i < alpha.size(); ++i) masked[i] = alpha[i] * mask[i];
  }
};

template <class T>
std::shared_ptr<Edges<T>> make_edges(Tape<T>& t, std::size_t n, double dropout) {
  auto edges = std::make_shared<Edges<T>>();
  edges->charge = Charge(t.exec().budget(), n * sizeof(T) * (t.training() && dropout > 0 ? 3 : 1));
  edges->alpha.resize(n);
  edges->mask = edge_mask(t, n, dropout);
  return edges;
}

// d(loss)/d(score) per edge and head, from the gradient of the weighted messages.
template <class T>
std::vector<T> score_gradient(const Exec& exec, const Csr<T>& a, std::size_t rows,
                              const Edges<T>& edges, const Tensor<T>& dy, const Tensor<T>& x,
                              std::size_t heads) {
  const std::size_t k = x.columns(), d = k / heads;
  std::vector<T> g(entries(a, rows) * heads);
  exec.for_rows(rows, a.row_cost(k + 8 * heads), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t first = a.offset[i];
      for (std::size_t e = first; e < a.offset[i + 1]; ++e)
        for (std::size_t h = 0; h < heads; ++h) {
          T& to = g[e * heads + h];
          to = head_dot(dy.row(i) + h * d, x.row(a.index[e]) + h * d, d);
          if (!edges.mask.empty()) to *= edges.mask[e * heads + h];
        }
      softmax_backward(edges.alpha.data() + first * heads, g.data() + first * heads, a.degree(i),
                       heads);
    }
  });
  return g;
}

// body(column, row, edge) for the edges that leave each source, columns in parallel.
template <class T, class F>
void for_out_edges(const Exec& exec, const Csr<T>& a, std::size_t rows, std::size_t n_columns,
                   std::size_t cost, F body) {
  exec.for_rows(n_columns, a.row_cost(cost), [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c)
      for (std::size_t at = a.t_offset[c]; at < a.t_offset[c + 1]; ++at) {
        if (a.t_row[at] >= rows) break;
        body(c, a.t_row[at], a.t_edge[at]);
      }
  });
}

}  // namespace

template <class T>
Var gat(Tape<T>& t, const Csr<T>& a, std::size_t rows, Var h, Var a_src, Var a_dst,
        const AttentionOptions& options) {
  const std::size_t heads = options.heads, n = t.value(h).rows(), k = t.value(h).columns();
  const std::size_t d = k / heads;
  const Leaky<T> leaky(options.negative_slope);
  const auto edges = make_edges(t, entries(a, rows) * heads, options.dropout);
  // The two halves of the score, per node and head.
  const auto from = std::make_shared<Tensor<T>>(t.tensor(n, heads));
  const auto to = std::make_shared<Tensor<T>>(t.tensor(rows, heads));
  t.exec().for_rows(n, 4 * k, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t g = 0; g < heads; ++g) {
        const T* x = t.value(h).row(i) + g * d;
        from->row(i)[g] = head_dot(x, t.value(a_src).row(g), d);
        if (i < rows) to->row(i)[g] = head_dot(x, t.value(a_dst).row(g), d);
      }
  });
  t.exec().for_rows(rows, a.row_cost(16 * heads), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
        for (std::size_t g = 0; g < heads; ++g)
          edges->alpha[e * heads + g] = leaky(from->row(a.index[e])[g] + to->row(i)[g]);
      row_softmax(edges->alpha.data() + a.offset[i] * heads, a.degree(i), heads);
    }
  });
  edges->apply_mask();
  Tensor<T> y = t.tensor(rows, k);
  weighted_messages(t.exec(), a, rows, edges->weights(), t.value(h), heads, y);
  const Var self = t.next();
  return t.push(std::move(y), true, [=, &t, &a] {
    const Tensor<T>&dy = t.grad(self), &x = t.value(h);
    std::vector<T> g = score_gradient(t.exec(), a, rows, *edges, dy, x, heads);
    // Through LeakyReLU to the two halves.
    Tensor<T> dfrom = Tensor<T>::zeros(n, heads), dto = Tensor<T>::zeros(rows, heads);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
        for (std::size_t u = 0; u < heads; ++u) {
          T& s = g[e * heads + u];
          s *= leaky.derivative(from->row(a.index[e])[u] + to->row(i)[u]);
          dto.row(i)[u] += s;
          dfrom.row(a.index[e])[u] += s;
        }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t u = 0; u < heads; ++u) {
        if (t.needs_grad(a_src))
          add_scaled(dfrom.row(i)[u], x.row(i) + u * d, t.grad(a_src).row(u), d);
        if (i < rows && t.needs_grad(a_dst))
          add_scaled(dto.row(i)[u], x.row(i) + u * d, t.grad(a_dst).row(u), d);
      }
    if (!t.needs_grad(h)) return;
    Tensor<T>& dx = t.grad(h);
    for_out_edges(t.exec(), a, rows, n, k, [&](std::size_t c, std::size_t i, std::size_t e) {
      add_heads(edges->weights() + e * heads, dy.row(i), dx.row(c), heads, d);
    });
    t.exec().for_rows(n, 4 * k, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t u = 0; u < heads; ++u) {
          add_scaled(dfrom.row(i)[u], t.value(a_src).row(u), dx.row(i) + u * d, d);
          if (i < rows) add_scaled(dto.row(i)[u], t.value(a_dst).row(u), dx.row(i) + u * d, d);
        }
    });
  });
}

template <class T>
Var gatv2(Tape<T>& t, const Csr<T>& a, std::size_t rows, Var left, Var right, Var weight,
          const AttentionOptions& options) {
  const std::size_t heads = options.heads, n = t.value(left).rows(), k = t.value(left).columns();
  const std::size_t d = k / heads;
  const Leaky<T> leaky(options.negative_slope);
  const auto edges = make_edges(t, entries(a, rows) * heads, options.dropout);
  t.exec().for_rows(rows, a.row_cost(3 * k + 16 * heads), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const T* r = t.value(right).row(i);
      for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e) {
        const T* l = t.value(left).row(a.index[e]);
        for (std::size_t g = 0; g < heads; ++g) {
          const T* w = t.value(weight).row(g);
          T s = 0;
          T part[8] = {};
          std::size_t j = 0;
          for (; j + 8 <= d; j += 8)
            for (std::size_t v = 0; v < 8; ++v) {
              const T z = l[g * d + j + v] + r[g * d + j + v];
              part[v] += w[j + v] * leaky(z);
            }
          for (; j < d; ++j) s += w[j] * leaky(l[g * d + j] + r[g * d + j]);
          for (const T p : part) s += p;
          edges->alpha[e * heads + g] = s;
        }
      }
      row_softmax(edges->alpha.data() + a.offset[i] * heads, a.degree(i), heads);
    }
  });
  edges->apply_mask();
  Tensor<T> y = t.tensor(rows, k);
  weighted_messages(t.exec(), a, rows, edges->weights(), t.value(left), heads, y);
  const Var self = t.next();
  return t.push(std::move(y), true, [=, &t, &a] {
    const Tensor<T>&dy = t.grad(self), &l = t.value(left), &r = t.value(right);
    const Tensor<T>& w = t.value(weight);
    const std::vector<T> g = score_gradient(t.exec(), a, rows, *edges, dy, l, heads);
    if (t.needs_grad(right)) {
      Tensor<T>& dr = t.grad(right);
      t.exec().for_rows(rows, a.row_cost(3 * k), [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
          for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
            for (std::size_t j = 0; j < k; ++j) {
              const T z = l.row(a.index[e])[j] + r.row(i)[j];
              dr.row(i)[j] += g[e * heads + j / d] * w.data()[j] * leaky.derivative(z);
            }
      });
    }
    if (t.needs_grad(left)) {
      Tensor<T>& dl = t.grad(left);
      for_out_edges(t.exec(), a, rows, n, 4 * k, [&](std::size_t c, std::size_t i, std::size_t e) {
        for (std::size_t j = 0; j < k; ++j) {
          const T z = l.row(c)[j] + r.row(i)[j];
          dl.row(c)[j] += g[e * heads + j / d] * w.data()[j] * leaky.derivative(z) +
                          edges->weights()[e * heads + j / d] * dy.row(i)[j];
        }
      });
    }
    if (t.needs_grad(weight)) {
      T* dw = t.grad(weight).data();
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
          for (std::size_t j = 0; j < k; ++j)
            dw[j] += g[e * heads + j / d] * leaky(l.row(a.index[e])[j] + r.row(i)[j]);
    }
  });
}

template <class T>
Var dot_attention(Tape<T>& t, const Csr<T>& a, std::size_t rows, Var q, Var x, T scale) {
  const std::size_t n = t.value(x).rows(), k = t.value(x).columns();
  const auto edges = make_edges(t, entries(a, rows), 0);
  t.exec().for_rows(rows, a.row_cost(k + 16), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
        edges->alpha[e] = scale * dot(t.value(q).row(i), t.value(x).row(a.index[e]), k);
      row_softmax(edges->alpha.data() + a.offset[i], a.degree(i), 1);
    }
  });
  Tensor<T> y = t.tensor(rows, k);
  weighted_messages(t.exec(), a, rows, edges->weights(), t.value(x), 1, y);
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(q) || t.needs_grad(x), [=, &t, &a] {
    const Tensor<T>&dy = t.grad(self), &vx = t.value(x);
    const std::vector<T> g = score_gradient(t.exec(), a, rows, *edges, dy, vx, 1);
    if (t.needs_grad(q))
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e)
          add_scaled(scale * g[e], vx.row(a.index[e]), t.grad(q).row(i), k);
    if (t.needs_grad(x)) {
      Tensor<T>& dx = t.grad(x);
      for_out_edges(t.exec(), a, rows, n, 2 * k, [&](std::size_t c, std::size_t i, std::size_t e) {
        add_scaled(scale * g[e], t.value(q).row(i), dx.row(c), k);
        add_scaled(edges->alpha[e], dy.row(i), dx.row(c), k);
      });
    }
  });
}

#define RV_INSTANTIATE(T)                                                                         \
  template Var gat(Tape<T>&, const Csr<T>&, std::size_t, Var, Var, Var, const AttentionOptions&); \
  template Var gatv2(Tape<T>&, const Csr<T>&, std::size_t, Var, Var, Var,                         \
                     const AttentionOptions&);                                                    \
  template Var dot_attention(Tape<T>&, const Csr<T>&, std::size_t, Var, Var, T);
RV_INSTANTIATE(float)
RV_INSTANTIATE(double)
#undef RV_INSTANTIATE

}  // namespace rv::gnn
