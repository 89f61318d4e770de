// Learned projections around exact attention: heads, mixtures, grids.
#include <algorithm>
#include <cmath>

#include "core/attention/head.h"
#include "core/attention/kernels.h"
#include "core/base/error.h"

namespace rv::attention {
namespace {

// x W^T + b, or x when there is no W.
Matrix project(const Matrix& x, const Params& params, const char* w, const char* b) {
  if (!params.has(w)) return x;
  const Matrix weight = params.need_matrix(w, 0, x.cols);
  Matrix out = multiply_transposed(x, weight);
  if (params.has(b)) add_to_rows(out, params.need_vector(b, out.cols));
  return out;
}

std::size_t split(std::size_t cols, std::size_t heads, const char* what) {
  if (cols % heads != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(cols) + " dimensions of the " + what +
                                                 " cannot be split into " + std::to_string(heads) +
                                                 " heads");
  return cols / heads;
}

}  // namespace

// Query head h takes key and value head h * kv_heads / num_heads.
Evaluated multi_head(const Call& call, std::size_t kv_heads) {
  const Params& p = call.params;
  const std::size_t heads = p.count("num_heads", 8);
  if (heads % kv_heads != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(heads) + " heads cannot share " +
                                                 std::to_string(kv_heads) + " key heads evenly");
  Call inner = call;
  inner.in.q = project(call.in.q, p, "W_q", "b_q");
  inner.in.k = project(call.in.k, p, "W_k", "b_k");
  inner.in.v = project(call.in.v, p, "W_v", "b_v");
  const std::size_t dq = split(inner.in.q.cols, heads, "queries");
  const std::size_t dk = split(inner.in.k.cols, kv_heads, "keys");
  const std::size_t dv = split(inner.in.v.cols, kv_heads, "values");
  if (dq != dk)
    throw Error(ErrorCode::data_exception, "a query head has " + std::to_string(dq) +
                                               " dimensions, a key head " + std::to_string(dk));
  Evaluated result;
  result.output = Matrix(inner.in.q.rows, heads * dv);
  for (std::size_t h = 0; h < heads; ++h) {
    const std::size_t g = h * kv_heads / heads;
    Head head{columns(inner.in.q, h * dq, dq),
              columns(inner.in.k, g * dk, dk),
              columns(inner.in.v, g * dv, dv),
              p,
              h,
              heads,
              call.causal,
              call.offset};
    Evaluated one = evaluate(compose("scaled_dot_product", std::move(head)), call.options);
    place_columns(one.output, h * dv, result.output);
    const auto add_mean = [heads](Matrix& to, const Matrix& from) {
      if (from.empty()) return;
      if (to.empty()) to = Matrix(from.rows, from.cols);
      add_scaled(to.data.data(), 1 / static_cast<double>(heads), from.data.data(),
                 from.data.size());
    };
    add_mean(result.weights, one.weights);
    add_mean(result.scores, one.scores);
  }
  result.output = project(result.output, p, "W_o", "b_o");
  return result;
}

// Logits are mixed over the heads by P_l [heads, m] before the softmax, weights by P_w [m, heads]
// after it; the mixed weights of all m are needed for one row at a time only.
Evaluated talking_heads(const Call& call) {
  const std::size_t heads = call.params.count("num_heads", 8);
  const Matrix &q = call.in.q, &k = call.in.k, &v = call.in.v;
  const std::size_t d = split(q.cols, heads, "queries"), dv = split(v.cols, heads, "values");
  if (q.cols != k.cols)
    throw Error(ErrorCode::data_exception, "queries and keys have different dimensions");
  const Matrix before = call.params.need_matrix("P_l", heads, 0);
  const Matrix after = call.params.need_matrix("P_w", before.cols, heads);
  const double scale = call.params.number("scale", 1 / std::sqrt(static_cast<double>(d)));
  Evaluated result;
  result.output = Matrix(q.rows, v.cols);
  Matrix mixed(before.cols, k.rows);
  std::vector<double> logits(heads), weights(k.rows);
  for (std::size_t i = 0; i < q.rows; ++i) {
    call.poll();
    for (std::size_t j = 0; j < k.rows; ++j) {
      const bool hidden = call.causal && static_cast<long>(j) > static_cast<long>(i) + call.offset;
      for (std::size_t h = 0; h < heads; ++h)
        logits[h] = scale * dot(q.row(i) + h * d, k.row(j) + h * d, d);
      for (std::size_t m = 0; m < mixed.rows; ++m) {
        double s = 0;
        for (std::size_t h = 0; h < heads; ++h) s += logits[h] * before.at(h, m);
        mixed.at(m, j) = hidden ? kMasked : s;
      }
    }
    for (std::size_t m = 0; m < mixed.rows; ++m) softmax(mixed.row(m), k.rows);
    for (std::size_t h = 0; h < heads; ++h) {
      std::fill(weights.begin(), weights.end(), 0.0);
      for (std::size_t m = 0; m < mixed.rows; ++m)
        add_scaled(weights.data(), after.at(m, h), mixed.row(m), k.rows);
      for (std::size_t j = 0; j < k.rows; ++j)
        add_scaled(result.output.row(i) + h * dv, weights[j], v.row(j) + h * dv, dv);
    }
  }
  return result;
}

// Queries and keys are two halves side by side; the second map is subtracted.
Evaluated differential(const Call& call) {
  const double lambda = call.params.number("lambda_", call.params.number("lambda", 0.8));
  const std::size_t half = split(call.in.q.cols, 2, "queries");
  if (call.in.k.cols != 2 * half)
    throw Error(ErrorCode::data_exception, "queries and keys have different dimensions");
  Call part = call;
  part.in.q = columns(call.in.q, 0, half);
  part.in.k = columns(call.in.k, 0, half);
  Evaluated first = composed("scaled_dot_product", part);
  part.in.q = columns(call.in.q, half, half);
  part.in.k = columns(call.in.k, half, half);
  const Evaluated second = composed("scaled_dot_product", part);
  const auto subtract = [lambda](Matrix& a, const Matrix& b) {
    if (!a.empty()) add_scaled(a.data.data(), -lambda, b.data.data(), a.data.size());
  };
  subtract(first.output, second.output);
  subtract(first.weights, second.weights);
  first.scores = {};
  return first;
}

Gates route(std::span<const double> x, const Matrix& gating, std::size_t top_k) {
  std::vector<double> p(gating.rows);
  for (std::size_t e = 0; e < gating.rows; ++e) p[e] = dot(gating.row(e), x.data(), x.size());
  softmax(p.data(), p.size());
  std::vector<std::size_t> order(p.size());
  for (std::size_t e = 0; e < order.size(); ++e) order[e] = e;
  const std::size_t chosen = std::min(top_k, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(chosen), order.end(),
      [&](std::size_t a, std::size_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
  Gates g;
  double sum = 0;
  for (std::size_t t = 0; t < chosen; ++t) sum += p[order[t]];
  for (std::size_t t = 0; t < chosen; ++t) {
    g.experts.push_back(order[t]);
    g.gates.push_back(p[order[t]] / sum);
  }
  return g;
}

// Mixture of attention heads: experts have their own W_q and W_o, keys and values are shared.
Evaluated mixture_of_experts(const Call& call) {
  const Params& p = call.params;
  const Matrix& x = call.in.q;
  const Matrix gating = p.need_matrix("W_g", 0, x.cols);
  const std::size_t experts = gating.rows;
  const Tensor &wq = p.need_tensor("W_q"), &wo = p.need_tensor("W_o");
  const Matrix k = multiply_transposed(call.in.k, p.need_matrix("W_k", 0, call.in.k.cols));
  const Matrix v = multiply_transposed(call.in.v, p.need_matrix("W_v", 0, call.in.v.cols));
  if (wq.shape != std::vector<std::size_t>{experts, k.cols, x.cols})
    throw Error(ErrorCode::invalid_argument,
                "parameter \"W_q\" must have the shape [experts, head dimensions, dimensions]");
  if (wo.shape.size() != 3 || wo.shape[0] != experts || wo.shape[2] != v.cols)
    throw Error(
        ErrorCode::invalid_argument,
        "parameter \"W_o\" must have the shape [experts, output dimensions, value dimensions]");
  const std::size_t out_cols = wo.shape[1], top_k = p.count("top_k", 2);
  const auto slice = [](const Tensor& t, std::size_t e) {
    const std::size_t size = t.shape[1] * t.shape[2];
    const auto begin = t.data.begin() + static_cast<std::ptrdiff_t>(e * size);
    return Matrix(t.shape[1], t.shape[2], {begin, begin + static_cast<std::ptrdiff_t>(size)});
  };
  Evaluated result;
  result.output = Matrix(x.rows, out_cols);
  std::vector<Gates> gates;
  for (std::size_t i = 0; i < x.rows; ++i) gates.push_back(route(x.row_view(i), gating, top_k));
  for (std::size_t e = 0; e < experts; ++e) {
    std::vector<std::size_t> rows;
    std::vector<double> gate;
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t t = 0; t < gates[i].experts.size(); ++t)
        if (gates[i].experts[t] == e) {
          rows.push_back(i);
          gate.push_back(gates[i].gates[t]);
        }
    if (rows.empty()) continue;
    const Matrix q = multiply_transposed(rows_of(x, rows), slice(wq, e));
    Head head{q, k, v, p};
    const Evaluated one = evaluate(compose("scaled_dot_product", std::move(head)), call.options);
    const Matrix out = multiply_transposed(one.output, slice(wo, e));
    for (std::size_t r = 0; r < rows.size(); ++r)
      add_scaled(result.output.row(rows[r]), gate[r], out.row(r), out_cols);
  }
  return result;
}

// Positions on a grid: along the rows, then along the columns with the result as values.
Evaluated axial(const Call& call) {
  const std::size_t n = call.in.q.rows;
  std::size_t height = 0, width = 0;
  if (call.params.has("shape")) {
    const auto shape = call.params.need_vector("shape", 2);
    height = static_cast<std::size_t>(std::max(0.0, shape[0]));
    width = static_cast<std::size_t>(std::max(0.0, shape[1]));
  } else {
    height = width = static_cast<std::size_t>(std::round(std::sqrt(static_cast<double>(n))));
  }
  if (height * width != n || call.in.k.rows != n || call.in.v.rows != n)
    throw Error(ErrorCode::invalid_argument, "a grid of " + std::to_string(height) + " x " +
                                                 std::to_string(width) + " does not hold " +
                                                 std::to_string(n) + " positions");
  const auto along = [&](const Matrix& q, const Matrix& k, const Matrix& v, bool rows) {
    Matrix out(n, v.cols);
    for (std::size_t line = 0; line < (rows ? height : width); ++line) {
      std::vector<std::size_t> members;
      for (std::size_t t = 0; t < (rows ? width : height); ++t)
        members.push_back(rows ? line * width + t : t * width + line);
      Head head{rows_of(q, members), rows_of(k, members), rows_of(v, members), call.params};
      head.causal = call.causal;
      const Evaluated one = evaluate(compose("scaled_dot_product", std::move(head)), call.options);
      for (std::size_t t = 0; t < members.size(); ++t)
        std::copy_n(one.output.row(t), v.cols, out.row(members[t]));
    }
    return out;
  };
  Evaluated result;
  const Matrix first = along(call.in.q, call.in.k, call.in.v, true);
  result.output = along(call.in.q, call.in.k, first, false);
  return result;
}

}  // namespace rv::attention
