// From a row of scores to weights, and from weights to an output row.
#include <algorithm>
#include <numeric>

#include "core/attention/head.h"
#include "core/base/error.h"

namespace rv::attention {
namespace {

double log_sum_exp(const double* x, std::size_t n, std::size_t stride) {
  double top = kMasked;
  for (std::size_t i = 0; i < n; ++i) top = std::max(top, x[i * stride]);
  if (!std::isfinite(top)) return top;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(x[i * stride] - top);
  return top + std::log(sum);
}

// alpha-entmax by bisection on the threshold: sum p is monotone in tau.
void entmax(double* x, std::size_t n, double alpha) {
  double top = kMasked;
  for (std::size_t i = 0; i < n; ++i) top = std::max(top, x[i]);
  if (!std::isfinite(top)) {
    std::fill_n(x, n, 0.0);
    return;
  }
  const double power = 1 / (alpha - 1);
  for (std::size_t i = 0; i < n; ++i) x[i] = (alpha - 1) * (x[i] - top);
  const auto probability = [&](double s, double tau) {
    return s > tau ? std::pow(s - tau, power) : 0.0;
  };
  // At tau = -1 the largest alone has weight 1; at 0 all weights are 0.
  double low = -1, high = 0;
  for (int step = 0; step < 100 && high - low > 0; ++step) {
    const double middle = (low + high) / 2;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += probability(x[i], middle);
    if (middle == low || middle == high) break;
    (sum >= 1 ? low : high) = middle;
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] = probability(x[i], low);
  for (std::size_t i = 0; i < n; ++i) x[i] /= sum;
}

// Softmax over the k largest; of equal scores the earlier one wins.
void top_k(double* x, std::size_t n, std::size_t k) {
  if (k < n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::nth_element(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
        [x](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] > x[b] : a < b; });
    for (std::size_t i = k; i < n; ++i) x[order[i]] = kMasked;
  }
  softmax(x, n);
}

// Rows and columns of exp(scores) in turn, in the log domain; starts and ends with rows.
void sinkhorn(Matrix& s, std::size_t iterations) {
  for (std::size_t t = 0; t < iterations; ++t) {
    const bool by_row = t % 2 == 0;
    for (std::size_t i = 0; i < (by_row ? s.rows : s.cols); ++i) {
      if (i % 64 == 0) poll_now();
      double* x = by_row ? s.row(i) : s.data.data() + i;
      const std::size_t n = by_row ? s.cols : s.rows, stride = by_row ? 1 : s.cols;
      const double log_sum = log_sum_exp(x, n, stride);
      if (std::isfinite(log_sum))
        for (std::size_t j = 0; j < n; ++j) x[j * stride] -= log_sum;
    }
  }
  for (double& x : s.data) x = std::exp(x);
}

// External attention: softmax over the tokens, then every row by its sum.
void double_normalise(Matrix& s) {
  for (std::size_t j = 0; j < s.cols; ++j) {
    if (j % 64 == 0) poll_now();
    const double log_sum = log_sum_exp(s.data.data() + j, s.rows, s.cols);
    for (std::size_t i = 0; i < s.rows; ++i) s.at(i, j) = std::exp(s.at(i, j) - log_sum);
  }
  for (std::size_t i = 0; i < s.rows; ++i) {
    const double sum = std::accumulate(s.row(i), s.row(i) + s.cols, 0.0);
    for (std::size_t j = 0; j < s.cols && sum > 0; ++j) s.at(i, j) /= sum;
  }
}

void adaptive_span(const Head& head, Composition& c) {
  const double span = head.params.number("span", 32), ramp = head.params.positive("ramp", 32);
  c.normalise = [span, ramp, offset = head.offset](std::size_t i, std::size_t first, double* x,
                                                   std::size_t n) {
    double top = kMasked;
    for (std::size_t j = 0; j < n; ++j) top = std::max(top, x[j]);
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double back =
          static_cast<double>(static_cast<long>(i) + offset - static_cast<long>(first + j));
      const double soft = std::clamp((ramp + span - back) / ramp, 0.0, 1.0);
      x[j] = x[j] == kMasked ? 0.0 : soft * std::exp(x[j] - top);
      sum += x[j];
    }
    if (sum > 0)
      for (std::size_t j = 0; j < n; ++j) x[j] /= sum;
  };
}

template <class F>
Normalise elementwise(F f) {
  return [f](std::size_t, std::size_t, double* x, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) x[j] = x[j] == kMasked ? 0.0 : f(x[j]);
  };
}

}  // namespace

void set_normaliser(const std::string& type, const Head& head, Composition& c) {
  if (type == "entmax") {
    const double alpha = head.params.number("alpha", 1.5);
    if (!(alpha > 1 && alpha <= 100))
      throw Error(
          ErrorCode::invalid_argument,
          "parameter \"alpha\" must be above 1 and at most 100, not " + std::to_string(alpha), {},
          "entmax with alpha = 1 is softmax: use scaled_dot_product.");
    c.normalise = [alpha](std::size_t, std::size_t, double* x, std::size_t n) {
      entmax(x, n, alpha);
    };
  } else if (type == "topk") {
    c.normalise = [k = head.params.count("k", 32)](std::size_t, std::size_t, double* x,
                                                   std::size_t n) { top_k(x, n, k); };
  } else if (type == "sinkhorn") {
    const std::size_t iterations = head.params.count("n_iters", 3);
    if (iterations % 2 == 0)
      throw Error(ErrorCode::invalid_argument,
                  "parameter \"n_iters\" must be odd, not " + std::to_string(iterations));
    c.whole = true;
    c.normalise_all = [iterations](Matrix& s) { sinkhorn(s, iterations); };
  } else if (type == "external") {
    c.whole = true;
    c.normalise_all = double_normalise;
  } else if (type == "sigmoid") {
    const double bias = head.params.number("bias", -std::log(static_cast<double>(head.k.rows)));
    c.normalise = elementwise([bias](double x) { return 1 / (1 + std::exp(-(x + bias))); });
  } else if (type == "gated_unit") {
    c.normalise = elementwise([](double x) { return x > 0 ? x * x : 0.0; });
  } else if (type == "target") {
    c.normalise = elementwise([](double x) { return x; });
  } else if (type == "adaptive_span") {
    adaptive_span(head, c);
  }
}

void set_aggregation(const std::string& type, const Head& head, Composition& c) {
  if (type != "relative" || !head.params.has("a_V")) return;
  // Shaw et al.: the distance's vector is added to every value, too.
  const auto limit = static_cast<long>(head.params.count("max_relative_position", 16));
  const Matrix table =
      head.params.need_matrix("a_V", static_cast<std::size_t>(2 * limit + 1), head.v.cols);
  c.aggregate = [v = head.v, table, limit, offset = head.offset](
                    std::size_t i, std::size_t first, const double* w, std::size_t n, double* out) {
    for (std::size_t j = 0; j < n; ++j) {
      const long distance = static_cast<long>(first + j) - static_cast<long>(i) - offset;
      add_scaled(out, w[j], v.row(first + j), v.cols);
      add_scaled(out, w[j],
                 table.row(static_cast<std::size_t>(std::clamp(distance, -limit, limit) + limit)),
                 v.cols);
    }
  };
}

}  // namespace rv::attention
