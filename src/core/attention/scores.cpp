// Raw scores, position encodings and additive biases.
#include <algorithm>
#include <cstdlib>

#include "core/attention/head.h"
#include "core/base/error.h"

namespace rv::attention {
namespace {

double squared_distance(const double* a, const double* b, std::size_t n) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += (a[i] - b[i]) * (a[i] - b[i]);
  return s;
}

// v . tanh(W q + U k), Bahdanau: the projections are done once.
void additive(const Head& head, Composition& c) {
  const Matrix w = head.params.need_matrix("W", 0, head.q.cols);
  const Matrix u = head.params.need_matrix("U", w.rows, head.k.cols);
  const auto v = head.params.need_vector("v", w.rows);
  c.score = [wq = multiply_transposed(head.q, w), uk = multiply_transposed(head.k, u), v](
                std::size_t i, std::size_t first, std::size_t last, double* out) {
    for (std::size_t j = first; j < last; ++j) {
      double s = 0;
      for (std::size_t h = 0; h < v.size(); ++h) s += v[h] * std::tanh(wq.at(i, h) + uk.at(j, h));
      out[j - first] = s;
    }
  };
}

// Deep interest network: a two-layer perceptron of [q, k, q - k, q * k].
void target(const Head& head, Composition& c) {
  check_same_width(head);
  const std::size_t d = head.q.cols;
  Matrix w1 = head.params.need_matrix("W_1", 0, 4 * d);
  auto b1 = head.params.vector_or_empty("b_1", w1.rows);
  b1.resize(w1.rows, 0.0);
  const auto w2 = head.params.need_vector("w_2", w1.rows);
  const double b2 = head.params.number("b_2", 0);
  c.score = [q = head.q, k = head.k, w1 = std::move(w1), b1, w2, b2, d](
                std::size_t i, std::size_t first, std::size_t last, double* out) {
    std::vector<double> x(4 * d);
    for (std::size_t j = first; j < last; ++j) {
      for (std::size_t t = 0; t < d; ++t) {
        const double a = q.at(i, t), b = k.at(j, t);
        x[t] = a;
        x[d + t] = b;
        x[2 * d + t] = a - b;
        x[3 * d + t] = a * b;
      }
      double s = b2;
      for (std::size_t h = 0; h < w2.size(); ++h)
        s += w2[h] * std::max(0.0, dot(w1.row(h), x.data(), 4 * d) + b1[h]);
      out[j - first] = s;
    }
  };
}

long clipped(long x, long limit) { return std::clamp(x, -limit, limit) + limit; }

// Shaw et al.: a learned vector of the clipped distance is added to every key.
void relative(const Head& head, Composition& c) {
  check_same_width(head);
  const auto limit = static_cast<long>(head.params.count("max_relative_position", 16));
  const Matrix table =
      head.params.need_matrix("a_K", static_cast<std::size_t>(2 * limit + 1), head.q.cols);
  // q . aK for every distance, so that a pair costs one addition.
  c.bias = [head_offset = head.offset, limit, scale = c.scale,
            products = multiply_transposed(head.q, table)](std::size_t i, std::size_t j) {
    const long distance = static_cast<long>(j) - static_cast<long>(i) - head_offset;
    return scale * products.at(i, static_cast<std::size_t>(clipped(distance, limit)));
  };
}

std::vector<double> positions(const Head& head, const char* name, std::size_t n, long offset) {
  auto given = head.params.vector_or_empty(name, n);
  if (!given.empty()) return given;
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(static_cast<long>(i) + offset);
  return out;
}

// Rotates the pairs of every row by position * base^(-2 i / d).
void rotate_rows(Matrix& x, const std::vector<double>& at, double base, bool half) {
  const std::size_t pairs = x.cols / 2;
  for (std::size_t r = 0; r < x.rows; ++r)
    for (std::size_t i = 0; i < pairs; ++i) {
      const double angle =
          at[r] * std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(x.cols));
      double& a = x.at(r, half ? i : 2 * i);
      double& b = x.at(r, half ? i + pairs : 2 * i + 1);
      const double s = std::sin(angle), t = std::cos(angle), old = a;
      a = old * t - b * s;
      b = old * s + b * t;
    }
}

struct Rotation {
  std::vector<double> of_q, of_k;
};
Rotation rotate_both(Head& head) {
  if (head.q.cols % 2 != 0)
    throw Error(
        ErrorCode::data_exception,
        "rotary positions need an even number of dimensions, not " + std::to_string(head.q.cols));
  const std::string layout = head.params.word("layout", "interleaved");
  if (layout != "interleaved" && layout != "half")
    throw Error(ErrorCode::invalid_argument, "unknown layout \"" + layout + "\"", {},
                "Layouts are interleaved and half.");
  const double base = head.params.positive("base", 10000);
  Rotation r;
  r.of_k = positions(head, "positions", head.k.rows, 0);
  const bool shared = head.params.has("positions") && !head.params.has("query_positions") &&
                      head.q.rows == head.k.rows;
  r.of_q = shared ? r.of_k : positions(head, "query_positions", head.q.rows, head.offset);
  rotate_rows(head.q, r.of_q, base, layout == "half");
  rotate_rows(head.k, r.of_k, base, layout == "half");
  return r;
}

}  // namespace

void check_same_width(const Head& head) {
  if (head.q.cols != head.k.cols)
    throw Error(ErrorCode::data_exception, "queries have " + std::to_string(head.q.cols) +
                                               " dimensions, keys " + std::to_string(head.k.cols));
}

void rotate(Head& head) { rotate_both(head); }

void rotate_xpos(Head& head) {
  const Rotation r = rotate_both(head);
  const double gamma = head.params.positive("gamma", 0.4);
  const double base = head.params.positive("scale_base", 512);
  const bool half = head.params.word("layout", "interleaved") == "half";
  const auto scaled = [&](Matrix& x, const std::vector<double>& at, double sign) {
    const double d = static_cast<double>(x.cols);
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t j = 0; j < x.cols; ++j) {
        const std::size_t pair = half ? j % (x.cols / 2) : j / 2;
        const double zeta = (2.0 * static_cast<double>(pair) / d + gamma) / (1 + gamma);
        x.at(i, j) *= std::pow(zeta, sign * at[i] / base);
      }
  };
  scaled(head.q, r.of_q, 1);
  scaled(head.k, r.of_k, -1);
}

void set_score(const std::string& type, Head& head, Composition& c) {
  if (type == "additive") return additive(head, c);
  if (type == "target") return target(head, c);
  if (type == "bilinear") {
    head.q = multiply(head.q, head.params.need_matrix("W", head.q.cols, head.k.cols));
    c.scale = head.params.number("scale", 1);
  } else if (type == "cosine") {
    check_same_width(head);
    normalize_rows(head.q);
    normalize_rows(head.k);
    c.scale = 1 / std::max(0.01, head.params.positive("tau", 0.1));
  } else if (type == "t5_bias" || type == "external") {
    c.scale = head.params.number("scale", 1);
  } else if (type == "gated_unit") {
    c.scale = 1 / static_cast<double>(head.k.rows);
  } else if (type == "hopfield") {
    c.scale = head.params.positive("beta", head.default_scale());
  } else {
    c.scale = head.default_scale();
  }
  check_same_width(head);
  if (type == "gaussian") {
    const double h = head.params.positive("bandwidth", 1);
    c.score = [q = head.q, k = head.k, factor = -1 / (2 * h * h)](std::size_t i, std::size_t first,
                                                                  std::size_t last, double* out) {
      for (std::size_t j = first; j < last; ++j)
        out[j - first] = factor * squared_distance(q.row(i), k.row(j), q.cols);
    };
    return;
  }
  if (type == "relative") relative(head, c);
  c.q = head.q;
  c.k = head.k;
}

void set_bias(const std::string& type, const Head& head, Composition& c) {
  const long offset = head.offset;
  if (type == "alibi") {
    double slope =
        std::exp2(-8.0 * static_cast<double>(head.index + 1) / static_cast<double>(head.heads));
    const auto slopes = head.params.vector_or_empty("slopes", head.heads);
    if (!slopes.empty()) slope = slopes[head.index];
    c.bias = [slope, offset](std::size_t i, std::size_t j) {
      return -slope *
             static_cast<double>(std::labs(static_cast<long>(i) + offset - static_cast<long>(j)));
    };
  } else if (type == "t5_bias") {
    const auto table = head.params.need_vector("bias", 0);
    if (table.size() % 2 == 0)
      throw Error(ErrorCode::invalid_argument,
                  "parameter \"bias\" must have 2 m + 1 numbers, for "
                  "distances -m to m");
    const auto limit = static_cast<long>(table.size() / 2);
    c.bias = [table, limit, offset](std::size_t i, std::size_t j) {
      return table[static_cast<std::size_t>(
          clipped(static_cast<long>(j) - static_cast<long>(i) - offset, limit))];
    };
  } else if (type == "graphormer") {
    const auto table = head.params.need_vector("bias", 0);
    const Matrix spd = head.params.need_matrix("spd", head.q.rows, head.k.rows);
    for (const double x : spd.data)
      if (x != std::floor(x) || x >= 1e9)
        throw Error(ErrorCode::invalid_argument, "parameter \"spd\" must hold whole numbers");
    // Unreachable pairs (negative) and far ones share the last bucket.
    c.bias = [table, spd](std::size_t i, std::size_t j) {
      const double hops = spd.at(i, j);
      const std::size_t last = table.size() - 1;
      return table[hops < 0 ? last : std::min(last, static_cast<std::size_t>(hops))];
    };
  } else if (type == "realformer") {
    const Matrix previous = head.params.need_matrix("prev", head.q.rows, head.k.rows);
    c.bias = [previous](std::size_t i, std::size_t j) { return previous.at(i, j); };
  }
}

}  // namespace rv::attention
