// Types whose keys, weights or queries are learned: synthesizer, product keys, pooling.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/attention/head.h"
#include "core/attention/kernels.h"
#include "core/base/error.h"

namespace rv::attention {
namespace {

// The k largest of x, largest first; of equals the earlier one.
std::vector<std::size_t> largest(const std::vector<double>& x, std::size_t k) {
  std::vector<std::size_t> order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  k = std::min(k, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
      [&x](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] > x[b] : a < b; });
  order.resize(k);
  return order;
}

// softmax over the rows of u . tanh(W h + b), and the weighted sum of the rows.
std::vector<double> pooled(const Matrix& h, const Params& p, const char* w, const char* b,
                           const char* u, std::vector<double>* weights) {
  const Matrix weight = p.need_matrix(w, 0, h.cols);
  Matrix hidden = multiply_transposed(h, weight);
  if (p.has(b)) add_to_rows(hidden, p.need_vector(b, hidden.cols));
  const auto context = p.need_vector(u, hidden.cols);
  std::vector<double> scores(h.rows), out(h.cols, 0.0);
  for (std::size_t i = 0; i < h.rows; ++i)
    for (std::size_t j = 0; j < hidden.cols; ++j)
      scores[i] += context[j] * std::tanh(hidden.at(i, j));
  softmax(scores.data(), scores.size());
  for (std::size_t i = 0; i < h.rows; ++i) add_scaled(out.data(), scores[i], h.row(i), h.cols);
  if (weights != nullptr) *weights = std::move(scores);
  return out;
}

}  // namespace

// Weights come from the query alone (dense) or are learned outright (random).
Evaluated synthesizer(const Call& call) {
  const Params& p = call.params;
  const std::string variant = p.word("variant", "dense");
  const std::size_t n = call.in.v.rows;
  Evaluated result;
  if (variant == "random") {
    result.weights = p.need_matrix("R", 0, n);
    if (result.weights.rows < call.in.q.rows)
      throw Error(ErrorCode::invalid_argument,
                  "parameter \"R\" has fewer rows than there are queries");
    result.weights.rows = call.in.q.rows;
    result.weights.data.resize(call.in.q.rows * n);
  } else if (variant == "dense") {
    const Matrix w1 = p.need_matrix("W_1", 0, call.in.q.cols);
    Matrix hidden = multiply_transposed(call.in.q, w1);
    if (p.has("b_1")) add_to_rows(hidden, p.need_vector("b_1", hidden.cols));
    for (double& x : hidden.data) x = std::max(0.0, x);
    // Trained for a maximal length: the first n outputs.
    Matrix w2 = p.need_matrix("W_2", 0, hidden.cols);
    if (w2.rows < n)
      throw Error(ErrorCode::invalid_argument, "parameter \"W_2\" is for " +
                                                   std::to_string(w2.rows) + " keys, there are " +
                                                   std::to_string(n));
    result.weights = columns(multiply_transposed(hidden, w2), 0, n);
    if (p.has("b_2")) {
      auto b2 = p.need_vector("b_2", w2.rows);
      b2.resize(n);
      add_to_rows(result.weights, b2);
    }
  } else {
    throw Error(ErrorCode::invalid_argument, "unknown variant \"" + variant + "\"", {},
                "Variants are dense and random.");
  }
  for (std::size_t i = 0; i < result.weights.rows; ++i) {
    for (std::size_t j = 0; call.causal && j < n; ++j)
      if (static_cast<long>(j) > static_cast<long>(i) + call.offset)
        result.weights.at(i, j) = kMasked;
    softmax(result.weights.row(i), n);
  }
  result.output = multiply(result.weights, call.in.v);
  return result;
}

// The two halves of a query choose among C_1 and C_2; value row a * |C_2| + b belongs to the pair.
Evaluated product_key(const Call& call) {
  const Matrix &q = call.in.q, &v = call.in.v;
  if (q.cols % 2 != 0)
    throw Error(ErrorCode::data_exception,
                "product_key needs an even number of dimensions, not " + std::to_string(q.cols));
  const std::size_t half = q.cols / 2, top = call.params.count("topk", 32);
  const Matrix c1 = call.params.need_matrix("C1", 0, half),
               c2 = call.params.need_matrix("C2", 0, half);
  if (v.rows != c1.rows * c2.rows)
    throw Error(ErrorCode::invalid_argument, "product_key needs " +
                                                 std::to_string(c1.rows * c2.rows) +
                                                 " values, not " + std::to_string(v.rows));
  Evaluated result;
  result.output = Matrix(q.rows, v.cols);
  const bool weights = (call.options.want & static_cast<unsigned>(Want::weights)) != 0;
  if (weights) result.weights = Matrix(q.rows, v.rows);
  for (std::size_t i = 0; i < q.rows; ++i) {
    call.poll();
    std::vector<double> s1(c1.rows), s2(c2.rows), sums;
    for (std::size_t a = 0; a < c1.rows; ++a) s1[a] = dot(q.row(i), c1.row(a), half);
    for (std::size_t b = 0; b < c2.rows; ++b) s2[b] = dot(q.row(i) + half, c2.row(b), half);
    const auto best1 = largest(s1, top), best2 = largest(s2, top);
    std::vector<std::size_t> rows;
    for (const std::size_t a : best1)
      for (const std::size_t b : best2) {
        sums.push_back(s1[a] + s2[b]);
        rows.push_back(a * c2.rows + b);
      }
    const auto chosen = largest(sums, top);
    std::vector<double> w(chosen.size());
    for (std::size_t t = 0; t < chosen.size(); ++t) w[t] = sums[chosen[t]];
    softmax(w.data(), w.size());
    for (std::size_t t = 0; t < chosen.size(); ++t) {
      add_scaled(result.output.row(i), w[t], v.row(rows[chosen[t]]), v.cols);
      if (weights) result.weights.at(i, rows[chosen[t]]) = w[t];
    }
  }
  return result;
}

// Learned seeds attend over the set.
Evaluated pma(const Call& call) {
  Params p = call.params;
  p.set_default("num_heads", 4.0);
  Inputs in = call.in;
  in.q = p.need_matrix("seeds", 0, 0);
  return multi_head({in, p, call.options, false, 0}, p.count("num_heads", 4));
}

// Words to segments to a document; segments in the order of their numbers.
Evaluated hierarchical(const Call& call) {
  const Matrix& h = call.in.k;
  std::map<double, std::vector<std::size_t>> segments;
  if (call.params.has("segment")) {
    const auto of = call.params.need_vector("segment", h.rows);
    for (std::size_t i = 0; i < h.rows; ++i) segments[of[i]].push_back(i);
  } else {
    for (std::size_t i = 0; i < h.rows; ++i) segments[0].push_back(i);
  }
  Matrix vectors(0, h.cols);
  for (const auto& [id, members] : segments) {
    call.poll();
    const auto v = pooled(rows_of(h, members), call.params, "W_w", "b_w", "u_w", nullptr);
    vectors.data.insert(vectors.data.end(), v.begin(), v.end());
    ++vectors.rows;
  }
  Evaluated result;
  std::vector<double> weights;
  auto out = pooled(vectors, call.params, "W_s", "b_s", "u_s", &weights);
  result.output = Matrix(1, h.cols, std::move(out));
  const std::size_t count = weights.size();
  result.weights = Matrix(1, count, std::move(weights));
  return result;
}

Evaluated self_attentive_pooling(const Call& call) {
  const Matrix& h = call.in.k;
  const Matrix w1 = call.params.need_matrix("W_1", 0, h.cols);
  const Matrix w2 = call.params.need_matrix("W_2", 0, w1.rows);
  Matrix hidden = multiply_transposed(h, w1);
  for (double& x : hidden.data) x = std::tanh(x);
  Evaluated result;
  result.weights = multiply_transposed(w2, hidden);
  for (std::size_t r = 0; r < result.weights.rows; ++r) softmax(result.weights.row(r), h.rows);
  result.output = multiply(result.weights, h);
  return result;
}

}  // namespace rv::attention
