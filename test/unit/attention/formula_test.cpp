// Every type that has a short formula, against that formula in plain double-precision loops: random
// shapes that fit no vector width or block, one key, masked rows, zero vectors, very large scores.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "core/attention/attend.h"
#include "core/base/rng.h"

namespace rv::attention {
namespace {

constexpr double kNever = -INFINITY;

Matrix random_matrix(Rng& rng, std::size_t rows, std::size_t cols, double scale = 1) {
  Matrix m(rows, cols);
  for (double& x : m.data) x = static_cast<float>(rng.normal() * scale);
  return m;
}

Tensor tensor_of(const Matrix& m) { return {{m.rows, m.cols}, m.data}; }

struct Shape {
  std::size_t n, m, d, dv;
};
// Queries, keys, dimensions, dimensions of values. Even dimensions serve the types that need pairs.
constexpr Shape kShapes[] = {{1, 1, 2, 1},    {1, 7, 6, 3},   {2, 2, 4, 5},   {5, 5, 34, 33},
                             {13, 13, 10, 7}, {31, 31, 6, 2}, {9, 67, 18, 1}, {66, 66, 2, 18}};

struct Given {
  Matrix q, k, v;
  double qk(std::size_t i, std::size_t j) const { return dot(q.row(i), k.row(j), q.cols); }
  double root() const { return std::sqrt(static_cast<double>(q.cols)); }
  // The position of query i: the queries are the last of the keys.
  std::size_t at(std::size_t i) const { return i + k.rows - q.rows; }
};

using Score = std::function<double(const Given&, std::size_t, std::size_t)>;
// What becomes of the scores of one row.
using Normalise = std::function<void(std::vector<double>&)>;

void soft(std::vector<double>& s) {
  double most = kNever, sum = 0;
  for (const double x : s) most = std::max(most, x);
  for (double& x : s) sum += x = x == kNever ? 0 : std::exp(x - most);
  for (double& x : s) x = sum > 0 ? x / sum : 0;
}

Matrix expected(const Given& g, const Score& score, const Normalise& normalise) {
  Matrix out(g.q.rows, g.v.cols);
  for (std::size_t i = 0; i < g.q.rows; ++i) {
    std::vector<double> s(g.k.rows);
    for (std::size_t j = 0; j < s.size(); ++j) s[j] = score(g, i, j);
    normalise(s);
    for (std::size_t j = 0; j < s.size(); ++j)
      for (std::size_t t = 0; t < g.v.cols; ++t) out.at(i, t) += s[j] * g.v.at(j, t);
  }
  return out;
}

void compare(const std::string& type, const Given& g, const Params& p, const Matrix& want) {
  SCOPED_TRACE(type + " n " + std::to_string(g.q.rows) + " m " + std::to_string(g.k.rows) + " d " +
               std::to_string(g.q.cols) + " dv " + std::to_string(g.v.cols));
  for (const bool exact : {true, false}) {
    Options options;
    options.exact = exact;
    const Matrix got = attend(type, {g.q, g.k, g.v}, p, options).output;
    ASSERT_EQ(got.rows, want.rows);
    ASSERT_EQ(got.cols, want.cols);
    for (std::size_t i = 0; i < got.data.size(); ++i)
      ASSERT_NEAR(got.data[i], want.data[i], (exact ? 1e-9 : 3e-4) * (1 + std::fabs(want.data[i])))
          << (exact ? "float64 " : "float32 ") << i;
  }
}

void check(const std::string& type, const Params& p, const Score& score,
           const Normalise& normalise = soft, bool square = false, double scale = 1) {
  Rng rng(mix64(std::hash<std::string>{}(type)));
  for (const Shape& s : kShapes) {
    if (square && s.n != s.m) continue;
    const Given g{random_matrix(rng, s.n, s.d, scale), random_matrix(rng, s.m, s.d, scale),
                  random_matrix(rng, s.m, s.dv)};
    compare(type, g, p, expected(g, score, normalise));
  }
}

Params with(std::initializer_list<std::pair<const char*, Value>> values) {
  Params p;
  for (const auto& [name, value] : values) p.set(name, value);
  return p;
}

double scaled(const Given& g, std::size_t i, std::size_t j) { return g.qk(i, j) / g.root(); }

TEST(AttentionFormula, Scores) {
  check("scaled_dot_product", {}, scaled);
  check("scaled_dot_product", with({{"scale", 0.3}}),
        [](const Given& g, std::size_t i, std::size_t j) { return 0.3 * g.qk(i, j); });
  check("cosine", with({{"tau", 0.25}}), [](const Given& g, std::size_t i, std::size_t j) {
    return g.qk(i, j) / 0.25 /
           std::sqrt(dot(g.q.row(i), g.q.row(i), g.q.cols) * dot(g.k.row(j), g.k.row(j), g.q.cols));
  });
  check("gaussian", with({{"bandwidth", 1.7}}), [](const Given& g, std::size_t i, std::size_t j) {
    double s = 0;
    for (std::size_t t = 0; t < g.q.cols; ++t)
      s += (g.q.at(i, t) - g.k.at(j, t)) * (g.q.at(i, t) - g.k.at(j, t));
    return -s / (2 * 1.7 * 1.7);
  });
  check("sigmoid", {}, scaled, [](std::vector<double>& s) {
    const double n = static_cast<double>(s.size());
    for (double& x : s) x = 1 / (1 + n * std::exp(-x));
  });
  check(
      "gated_unit", {},
      [](const Given& g, std::size_t i, std::size_t j) {
        const double x = std::max(0.0, g.qk(i, j) / static_cast<double>(g.k.rows));
        return x * x;
      },
      [](std::vector<double>&) {});
  // One step of retrieval moves the state before it is compared again.
  check("hopfield", with({{"beta", 0.8}, {"steps", 1.0}}),
        [](const Given& g, std::size_t i, std::size_t j) {
          std::vector<double> w(g.k.rows), state(g.q.cols);
          for (std::size_t t = 0; t < w.size(); ++t) w[t] = 0.8 * g.qk(i, t);
          soft(w);
          for (std::size_t t = 0; t < w.size(); ++t)
            add_scaled(state.data(), w[t], g.k.row(t), g.q.cols);
          return 0.8 * dot(state.data(), g.k.row(j), g.q.cols);
        });
}

TEST(AttentionFormula, Weights) {
  Rng rng(7);
  for (const Shape& s : kShapes) {
    const std::size_t hidden = s.d + 1;
    const Given g{random_matrix(rng, s.n, s.d), random_matrix(rng, s.m, s.d),
                  random_matrix(rng, s.m, s.dv)};
    const Matrix w = random_matrix(rng, s.d, s.d), a = random_matrix(rng, hidden, s.d),
                 b = random_matrix(rng, hidden, s.d), c = random_matrix(rng, 1, hidden);
    compare("bilinear", g, with({{"W", tensor_of(w)}}),
            expected(
                g,
                [&](const Given& x, std::size_t i, std::size_t j) {
                  double r = 0;
                  for (std::size_t t = 0; t < s.d; ++t)
                    for (std::size_t u = 0; u < s.d; ++u)
                      r += x.q.at(i, t) * w.at(t, u) * x.k.at(j, u);
                  return r;
                },
                soft));
    compare("additive", g,
            with({{"W", tensor_of(a)}, {"U", tensor_of(b)}, {"v", Tensor{{hidden}, c.data}}}),
            expected(
                g,
                [&](const Given& x, std::size_t i, std::size_t j) {
                  double r = 0;
                  for (std::size_t h = 0; h < hidden; ++h)
                    r += c.at(0, h) *
                         std::tanh(dot(a.row(h), x.q.row(i), s.d) + dot(b.row(h), x.k.row(j), s.d));
                  return r;
                },
                soft));
    const std::size_t half = s.d / 2;
    Matrix difference(s.n, s.dv);
    for (int side = 0; side < 2; ++side) {
      const auto from = side == 0 ? std::size_t{0} : half;
      const Matrix part = expected(
          g,
          [&](const Given& x, std::size_t i, std::size_t j) {
            return dot(x.q.row(i) + from, x.k.row(j) + from, half) /
                   std::sqrt(static_cast<double>(half));
          },
          soft);
      for (std::size_t i = 0; i < part.data.size(); ++i)
        difference.data[i] += (side == 0 ? 1 : -0.35) * part.data[i];
    }
    compare("differential", g, with({{"lambda", 0.35}}), difference);
  }
}

TEST(AttentionFormula, Normalisers) {
  for (const double k : {1.0, 3.0, 100.0})
    check("topk", with({{"k", k}}), scaled, [k](std::vector<double>& s) {
      std::vector<double> sorted = s;
      std::sort(sorted.rbegin(), sorted.rend());
      const double least = sorted[std::min(sorted.size(), static_cast<std::size_t>(k)) - 1];
      for (double& x : s) x = x < least ? kNever : x;
      soft(s);
    });
  for (const double alpha : {1.2, 1.5, 2.0})
    check("entmax", with({{"alpha", alpha}}), scaled, [alpha](std::vector<double>& s) {
      for (double& x : s) x *= alpha - 1;
      const auto sum = [&](double tau) {
        double r = 0;
        for (const double x : s) r += std::pow(std::max(0.0, x - tau), 1 / (alpha - 1));
        return r;
      };
      double high = *std::max_element(s.begin(), s.end()), low = high - 1;
      for (int step = 0; step < 200; ++step) {
        const double middle = (low + high) / 2;
        (sum(middle) > 1 ? low : high) = middle;
      }
      for (double& x : s) x = std::pow(std::max(0.0, x - low), 1 / (alpha - 1));
    });
  for (const int rounds : {1, 3, 5}) {
    Rng rng(static_cast<std::uint64_t>(rounds));
    for (const Shape& shape : kShapes) {
      if (shape.n != shape.m) continue;
      const Given g{random_matrix(rng, shape.n, shape.d), random_matrix(rng, shape.m, shape.d),
                    random_matrix(rng, shape.m, shape.dv)};
      Matrix s(shape.n, shape.n), want(shape.n, shape.dv);
      for (std::size_t i = 0; i < shape.n; ++i)
        for (std::size_t j = 0; j < shape.n; ++j) s.at(i, j) = std::exp(scaled(g, i, j));
      for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < shape.n; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < shape.n; ++j) sum += round % 2 == 0 ? s.at(i, j) : s.at(j, i);
          for (std::size_t j = 0; j < shape.n; ++j)
            (round % 2 == 0 ? s.at(i, j) : s.at(j, i)) /= sum;
        }
      for (std::size_t i = 0; i < shape.n; ++i)
        for (std::size_t j = 0; j < shape.n; ++j)
          add_scaled(want.row(i), s.at(i, j), g.v.row(j), shape.dv);
      compare("sinkhorn", g, with({{"n_iters", static_cast<double>(rounds)}}), want);
    }
  }
}

TEST(AttentionFormula, Positions) {
  for (const bool half : {false, true})
    check("rope", with({{"base", 100.0}, {"layout", std::string(half ? "half" : "interleaved")}}),
          [half](const Given& g, std::size_t i, std::size_t j) {
            double s = 0;
            const std::size_t pairs = g.q.cols / 2;
            for (std::size_t t = 0; t < pairs; ++t) {
              const std::size_t a = half ? t : 2 * t, b = half ? t + pairs : 2 * t + 1;
              const double angle = (static_cast<double>(g.at(i)) - static_cast<double>(j)) *
                                   std::pow(100.0, -2.0 * double(t) / double(g.q.cols));
              // R(m) q . R(n) k is q rotated by m - n against k.
              const double x = g.q.at(i, a), y = g.q.at(i, b);
              s += (x * std::cos(angle) - y * std::sin(angle)) * g.k.at(j, a) +
                   (x * std::sin(angle) + y * std::cos(angle)) * g.k.at(j, b);
            }
            return s / g.root();
          });
  check("alibi", with({{"num_heads", 1.0}}), [](const Given& g, std::size_t i, std::size_t j) {
    return j > g.at(i) ? kNever : scaled(g, i, j) - double(g.at(i) - j) / 256;
  });
  for (const Shape& s : kShapes) {
    Rng rng(s.n + s.m);
    const int reach = 2;
    const Given g{random_matrix(rng, s.n, s.d), random_matrix(rng, s.m, s.d),
                  random_matrix(rng, s.m, s.dv)};
    const Matrix a = random_matrix(rng, 2 * reach + 1, s.d);
    const auto row = [&](std::size_t i, std::size_t j) {
      const int by = static_cast<int>(j) - static_cast<int>(g.at(i));
      return static_cast<std::size_t>(std::clamp(by, -reach, reach) + reach);
    };
    compare("relative", g, with({{"max_relative_position", double(reach)}, {"a_K", tensor_of(a)}}),
            expected(
                g,
                [&](const Given& x, std::size_t i, std::size_t j) {
                  return (x.qk(i, j) + dot(x.q.row(i), a.row(row(i, j)), s.d)) / x.root();
                },
                soft));
  }
  check("adaptive_span", with({{"span", 3.0}, {"ramp", 4.0}}),
        [](const Given& g, std::size_t i, std::size_t j) {
          if (j > g.at(i)) return kNever;
          const double m = std::clamp((4.0 + 3.0 - double(g.at(i) - j)) / 4.0, 0.0, 1.0);
          return m > 0 ? scaled(g, i, j) + std::log(m) : kNever;
        });
}

TEST(AttentionFormula, Patterns) {
  const auto masked = [](auto allowed) {
    return [allowed](const Given& g, std::size_t i, std::size_t j) {
      return allowed(static_cast<long>(g.at(i)), static_cast<long>(j)) ? scaled(g, i, j) : kNever;
    };
  };
  check("scaled_dot_product", with({{"causal", true}}),
        masked([](long i, long j) { return j <= i; }));
  check("sliding_window", with({{"window", 3.0}}),
        masked([](long i, long j) { return std::labs(i - j) <= 3; }));
  check("dilated", with({{"window", 2.0}, {"dilation", 3.0}}),
        masked([](long i, long j) { return std::labs(i - j) <= 6 && (i - j) % 3 == 0; }));
  check("strided", with({{"stride", 4.0}}),
        masked([](long i, long j) { return j <= i && (i - j <= 4 || (i - j) % 4 == 0); }));
  check("fixed", with({{"stride", 4.0}, {"c", 2.0}}),
        masked([](long i, long j) { return j <= i && (i / 4 == j / 4 || j % 4 >= 2); }));
  check("block_local", with({{"block_size", 5.0}}),
        masked([](long i, long j) { return i / 5 == j / 5; }));
}

// Rows of the mask without a single key give zeros, whatever else there is.
TEST(AttentionFormula, MaskedRowsZeroVectorsAndLargeScores) {
  Rng rng(11);
  const std::size_t n = 70, d = 6;
  Given g{random_matrix(rng, n, d), random_matrix(rng, n, d), random_matrix(rng, n, 3)};
  Matrix mask(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) mask.at(i, j) = i % 3 != 0 && (i * 7 + j * 3) % 5 < 2;
  compare("scaled_dot_product", g, with({{"mask", tensor_of(mask)}}),
          expected(
              g,
              [&](const Given& x, std::size_t i, std::size_t j) {
                return mask.at(i, j) != 0 ? scaled(x, i, j) : kNever;
              },
              soft));
  // Zero queries and keys weigh alike.
  std::fill(g.q.data.begin(), g.q.data.end(), 0.0);
  compare("scaled_dot_product", g, {}, expected(g, scaled, soft));
  for (const char* type : {"entmax", "topk", "linear", "performer", "efficient"}) {
    const Matrix y = attend(type, {g.q, g.k, g.v}, {}, {}).output;
    for (const double x : y.data) EXPECT_TRUE(std::isfinite(x)) << type;
  }
  // Scores of thousands do not overflow: the largest takes all.
  check("scaled_dot_product", {}, scaled, soft, false, 100);
  check("gaussian", with({{"bandwidth", 0.01}}), [](const Given& x, std::size_t i, std::size_t j) {
    double s = 0;
    for (std::size_t t = 0; t < x.q.cols; ++t)
      s += (x.q.at(i, t) - x.k.at(j, t)) * (x.q.at(i, t) - x.k.at(j, t));
    return -s / (2 * 0.01 * 0.01);
  });
}

TEST(AttentionFormula, Linear) {
  const auto phi = [](double x) { return x > 0 ? x + 1 : std::exp(x); };
  check(
      "linear", with({{"eps", 0.0}}),
      [phi](const Given& g, std::size_t i, std::size_t j) {
        double s = 0;
        for (std::size_t t = 0; t < g.q.cols; ++t) s += phi(g.q.at(i, t)) * phi(g.k.at(j, t));
        return s;
      },
      [](std::vector<double>& s) {
        double sum = 0;
        for (const double x : s) sum += x;
        for (double& x : s) x /= sum;
      });
  check(
      "retention", with({{"gamma", 0.9}}),
      [](const Given& g, std::size_t i, std::size_t j) {
        return j > g.at(i) ? 0.0 : scaled(g, i, j) * std::pow(0.9, double(g.at(i) - j));
      },
      [](std::vector<double>&) {}, true);
  Rng rng(5);
  for (const Shape& s : kShapes) {
    const Given g{random_matrix(rng, s.n, s.d), random_matrix(rng, s.m, s.d),
                  random_matrix(rng, s.m, s.dv)};
    const std::size_t features = 11;
    const Matrix w = random_matrix(rng, features, s.d);
    const auto feature = [&](const double* x, std::size_t f) {
      const double root = std::pow(double(s.d), -0.25);
      return std::exp(dot(w.row(f), x, s.d) * root - dot(x, x, s.d) * root * root / 2);
    };
    compare("performer", g, with({{"projection", tensor_of(w)}, {"num_features", 11.0}}),
            expected(
                g,
                [&](const Given& x, std::size_t i, std::size_t j) {
                  double r = 0;
                  for (std::size_t f = 0; f < features; ++f)
                    r += feature(x.q.row(i), f) * feature(x.k.row(j), f);
                  return r;
                },
                [](std::vector<double>& r) {
                  double sum = 0;
                  for (const double x : r) sum += x;
                  for (double& x : r) x /= sum;
                }));
  }
}

}  // namespace
}  // namespace rv::attention
