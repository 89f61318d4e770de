// Aggregation over in-edges, sparse features, and the random masks of dropout.
#include <cmath>
#include <memory>

#include "core/gnn/dropout_mask.h"
#include "core/gnn/kernels.h"
#include "core/gnn/ops.h"

namespace rv::gnn {
namespace {

// Entries of column c (of the transposed adjacency) in the first `rows` rows.
template <class T>
std::size_t column_end(const Csr<T>& a, std::size_t c, std::size_t rows) {
  if (rows == a.rows) return a.t_offset[c + 1];
  const auto begin = a.t_row.begin() + static_cast<std::ptrdiff_t>(a.t_offset[c]);
  const auto end = a.t_row.begin() + static_cast<std::ptrdiff_t>(a.t_offset[c + 1]);
  return static_cast<std::size_t>(std::lower_bound(begin, end, rows) - a.t_row.begin());
}

}  // namespace

template <class T>
Var propagate(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x) {
  const Tensor<T>& vx = t.value(x);
  const std::size_t k = vx.columns();
  Tensor<T> y = t.tensor(rows, k);
  const T* weights = adjacency.value.empty() ? nullptr : adjacency.value.data();
  t.exec().for_rows(rows, adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t e = adjacency.offset[i];
      gather_sum(vx.data(), k, adjacency.index.data() + e,
                 weights != nullptr ? weights + e : nullptr, 1, adjacency.degree(i), y.row(i), k);
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t, &adjacency] {
    const Tensor<T>& dy = t.grad(self);
    Tensor<T>& dx = t.grad(x);
    t.exec().for_rows(dx.rows(), adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c)
        for (std::size_t at = adjacency.t_offset[c]; at < column_end(adjacency, c, rows); ++at)
          add_scaled(adjacency.weight(adjacency.t_edge[at]), dy.row(adjacency.t_row[at]), dx.row(c),
                     k);
    });
  });
}

template <class T>
Var extreme(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x, bool maximum) {
  const Tensor<T>& vx = t.value(x);
  const std::size_t k = vx.columns();
  Tensor<T> y = t.tensor(rows, k);
  t.exec().for_rows(rows, adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t first = adjacency.offset[i], last = adjacency.offset[i + 1];
      if (first == last) {
        std::fill_n(y.row(i), k, T(0));
      } else if (maximum) {
        gather_max(vx.data(), k, adjacency.index.data() + first, last - first, y.row(i), k);
      } else {
        std::copy_n(vx.row(adjacency.index[first]), k, y.row(i));
        for (std::size_t e = first + 1; e < last; ++e)
          for (std::size_t j = 0; j < k; ++j)
            y.row(i)[j] = std::min(y.row(i)[j], vx.row(adjacency.index[e])[j]);
      }
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t, &adjacency] {
    const Tensor<T>&dy = t.grad(self), &out = t.value(self), &in = t.value(x);
    Tensor<T>& dx = t.grad(x);
    // The winner of (row, column) is the first source with the row's value.
    const auto winner = std::make_unique<std::uint32_t[]>(rows * k);
    t.exec().for_rows(rows, adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        std::fill_n(winner.get() + i * k, k, kNone);
        for (std::size_t e = adjacency.offset[i + 1]; e-- > adjacency.offset[i];)
          for (std::size_t j = 0; j < k; ++j)
            if (in.row(adjacency.index[e])[j] == out.row(i)[j])
              winner[i * k + j] = static_cast<std::uint32_t>(e);
      }
    });
    t.exec().for_rows(dx.rows(), adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c)
        for (std::size_t at = adjacency.t_offset[c]; at < column_end(adjacency, c, rows); ++at) {
          const std::size_t i = adjacency.t_row[at];
          for (std::size_t j = 0; j < k; ++j)
            if (winner[i * k + j] == adjacency.t_edge[at]) dx.row(c)[j] += dy.row(i)[j];
        }
    });
  });
}

template <class T>
Var deviation(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x) {
  const Tensor<T>& vx = t.value(x);
  const std::size_t k = vx.columns();
  Tensor<T> y = t.tensor(rows, k);
  const auto mean = std::make_shared<Tensor<T>>(t.tensor(rows, k));
  t.exec().for_rows(rows, 3 * adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t n = adjacency.degree(i), first = adjacency.offset[i];
      gather_sum(vx.data(), k, adjacency.index.data() + first, nullptr, 0, n, mean->row(i), k);
      std::fill_n(y.row(i), k, T(0));
      if (n == 0) continue;
      for (std::size_t j = 0; j < k; ++j) mean->row(i)[j] /= static_cast<T>(n);
      for (std::size_t e = first; e < first + n; ++e)
        for (std::size_t j = 0; j < k; ++j) {
          const T d = vx.row(adjacency.index[e])[j] - mean->row(i)[j];
          y.row(i)[j] += d * d;
        }
      for (std::size_t j = 0; j < k; ++j) y.row(i)[j] = std::sqrt(y.row(i)[j] / static_cast<T>(n));
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t, &adjacency] {
    const Tensor<T>&dy = t.grad(self), &out = t.value(self), &in = t.value(x);
    Tensor<T>& dx = t.grad(x);
    t.exec().for_rows(dx.rows(), adjacency.row_cost(k), [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c)
        for (std::size_t at = adjacency.t_offset[c]; at < column_end(adjacency, c, rows); ++at) {
          const std::size_t i = adjacency.t_row[at];
          const T n = static_cast<T>(adjacency.degree(i));
          for (std::size_t j = 0; j < k; ++j)
            if (out.row(i)[j] > 0)
              dx.row(c)[j] += dy.row(i)[j] * (in.row(c)[j] - mean->row(i)[j]) / (n * out.row(i)[j]);
        }
    });
  });
}

template <class T>
Var linear(Tape<T>& t, const Csr<T>& x, Var w, Var b) {
  const std::size_t in = x.columns, out = t.value(w).rows();
  Tensor<T> wt = t.tensor(in, out);
  for (std::size_t i = 0; i < out; ++i)
    for (std::size_t j = 0; j < in; ++j) wt.row(j)[i] = t.value(w).row(i)[j];
  Tensor<T> y = t.tensor(x.rows, out);
  const T* values = x.value.empty() ? nullptr : x.value.data();
  t.exec().for_rows(x.rows, x.row_cost(out), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t e = x.offset[i];
      gather_sum(wt.data(), out, x.index.data() + e, values != nullptr ? values + e : nullptr, 1,
                 x.degree(i), y.row(i), out);
      if (b != kNone) add_scaled(T(1), t.value(b).data(), y.row(i), out);
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), true, [=, &t, &x] {
    const Tensor<T>& dy = t.grad(self);
    if (t.needs_grad(w)) {
      Tensor<T>& dw = t.grad(w);
      Tensor<T> dwt = Tensor<T>::zeros(in, out, t.exec().budget());
      t.exec().for_rows(
          in, 2 * out * (1 + x.entries() / (in + 1)), [&](std::size_t begin, std::size_t end) {
            for (std::size_t j = begin; j < end; ++j)
              for (std::size_t at = x.t_offset[j]; at < x.t_offset[j + 1]; ++at)
                add_scaled(x.weight(x.t_edge[at]), dy.row(x.t_row[at]), dwt.row(j), out);
          });
      for (std::size_t i = 0; i < out; ++i)
        for (std::size_t j = 0; j < in; ++j) dw.row(i)[j] += dwt.row(j)[i];
    }
    if (t.needs_grad(b))
      for (std::size_t i = 0; i < dy.rows(); ++i)
        add_scaled(T(1), dy.row(i), t.grad(b).data(), out);
  });
}

template <class T>
Var dropout(Tape<T>& t, Var x, double p) {
  if (!t.training() || p <= 0) return x;
  const Tensor<T>& vx = t.value(x);
  const DropoutMask<T> mask(t.next_seed(), p);
  Tensor<T> y = t.tensor(vx.rows(), vx.columns());
  t.exec().for_rows(y.size(), 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) y.data()[i] = vx.data()[i] * mask.at(i);
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const T* dy = t.grad(self).data();
    T* dx = t.grad(x).data();
    t.exec().for_rows(t.value(self).size(), 8, [=](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) dx[i] += dy[i] * mask.at(i);
    });
  });
}

template <class T>
Csr<T> dropout(Tape<T>& t, const Csr<T>& x, double p) {
  Csr<T> y = x;
  if (!t.training() || p <= 0) return y;
  const DropoutMask<T> mask(t.next_seed(), p);
  y.value.resize(x.entries());
  for (std::size_t e = 0; e < x.entries(); ++e) y.value[e] = x.weight(e) * mask.at(e);
  return y;
}

#define RV_INSTANTIATE(T)                                                \
  template Var propagate(Tape<T>&, const Csr<T>&, std::size_t, Var);     \
  template Var extreme(Tape<T>&, const Csr<T>&, std::size_t, Var, bool); \
  template Var deviation(Tape<T>&, const Csr<T>&, std::size_t, Var);     \
  template Var linear(Tape<T>&, const Csr<T>&, Var, Var);                \
  template Var dropout(Tape<T>&, Var, double);                           \
  template Csr<T> dropout(Tape<T>&, const Csr<T>&, double);
RV_INSTANTIATE(float)
RV_INSTANTIATE(double)
#undef RV_INSTANTIATE

}  // namespace rv::gnn
