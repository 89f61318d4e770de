// Formulas: types that differ from exact attention in their score or in their normaliser.
#include <algorithm>
#include <cmath>

#include "formula.h"

namespace rv::attention::formula {
namespace {

double squared_distance(const Given& g, std::size_t i, std::size_t j) {
  double s = 0;
  for (std::size_t t = 0; t < g.q.cols; ++t) s += std::pow(g.q.at(i, t) - g.k.at(j, t), 2);
  return s;
}

void by_sum(std::vector<double>& s) {
  double sum = 0;
  for (const double x : s) sum += x;
  for (double& x : s) x /= sum;
}

void unchanged(std::vector<double>&) {}

template <class F>
void each_shape(std::uint64_t seed, F f) {
  Rng rng(seed);
  for (const Shape& s : kShapes) f(rng, s, random_given(rng, s));
}

}  // namespace

RV_FORMULA(scaled_dot_product) {
  check("scaled_dot_product", {}, scaled);
  check("scaled_dot_product", with({{"scale", 0.3}}),
        [](const Given& g, std::size_t i, std::size_t j) { return 0.3 * g.qk(i, j); });
  check("scaled_dot_product", with({{"causal", true}}),
        [](const Given& g, std::size_t i, std::size_t j) {
          return j <= g.at(i) ? scaled(g, i, j) : kNever;
        });
}

RV_FORMULA(cosine) {
  check("cosine", with({{"tau", 0.25}}), [](const Given& g, std::size_t i, std::size_t j) {
    return g.qk(i, j) / 0.25 /
           std::sqrt(inner(g.q.row(i), g.q.row(i), g.q.cols) *
                     inner(g.k.row(j), g.k.row(j), g.q.cols));
  });
}

RV_FORMULA(gaussian) {
  check("gaussian", with({{"bandwidth", 1.7}}), [](const Given& g, std::size_t i, std::size_t j) {
    return -squared_distance(g, i, j) / (2 * 1.7 * 1.7);
  });
}

RV_FORMULA(sigmoid) {
  check("sigmoid", {}, scaled, [](std::vector<double>& s) {
    const double n = static_cast<double>(s.size());
    for (double& x : s) x = 1 / (1 + n * std::exp(-x));
  });
}

RV_FORMULA(gated_unit) {
  check(
      "gated_unit", {},
      [](const Given& g, std::size_t i, std::size_t j) {
        const double x = std::max(0.0, g.qk(i, j) / static_cast<double>(g.k.rows));
        return x * x;
      },
      unchanged);
}

RV_FORMULA(bilinear) {
  each_shape(1, [](Rng& rng, const Shape& s, const Given& given) {
    const Matrix w = random_matrix(rng, s.d, s.d);
    compare("bilinear", given, with({{"W", tensor_of(w)}}),
            expected(given, [&](const Given& g, std::size_t i, std::size_t j) {
              double r = 0;
              for (std::size_t t = 0; t < s.d; ++t)
                for (std::size_t u = 0; u < s.d; ++u) r += g.q.at(i, t) * w.at(t, u) * g.k.at(j, u);
              return r;
            }));
  });
}

RV_FORMULA(additive) {
  each_shape(2, [](Rng& rng, const Shape& s, const Given& given) {
    const std::size_t hidden = s.d + 1;
    const Matrix w = random_matrix(rng, hidden, s.d), u = random_matrix(rng, hidden, s.d),
                 v = random_matrix(rng, 1, hidden);
    compare("additive", given,
            with({{"W", tensor_of(w)}, {"U", tensor_of(u)}, {"v", vector_of(v)}}),
            expected(given, [&](const Given& g, std::size_t i, std::size_t j) {
              double r = 0;
              for (std::size_t h = 0; h < hidden; ++h)
                r += v.at(0, h) *
                     std::tanh(inner(w.row(h), g.q.row(i), s.d) + inner(u.row(h), g.k.row(j), s.d));
              return r;
            }));
  });
}

RV_FORMULA(target) {
  each_shape(3, [](Rng& rng, const Shape& s, const Given& given) {
    const std::size_t hidden = 5;
    const Matrix w1 = random_matrix(rng, hidden, 4 * s.d), b1 = random_matrix(rng, 1, hidden),
                 w2 = random_matrix(rng, 1, hidden);
    const Params p = with(
        {{"W_1", tensor_of(w1)}, {"b_1", vector_of(b1)}, {"w_2", vector_of(w2)}, {"b_2", 0.25}});
    const Score score = [&](const Given& g, std::size_t i, std::size_t j) {
      double r = 0.25;
      for (std::size_t h = 0; h < hidden; ++h) {
        double z = b1.at(0, h);
        for (std::size_t t = 0; t < s.d; ++t) {
          const double q = g.q.at(i, t), k = g.k.at(j, t);
          z += w1.at(h, t) * q + w1.at(h, s.d + t) * k + w1.at(h, 2 * s.d + t) * (q - k) +
               w1.at(h, 3 * s.d + t) * q * k;
        }
        r += w2.at(0, h) * (z > 0 ? z : 0);
      }
      return r;
    };
    compare("target", given, p, expected(given, score, unchanged));
  });
}

RV_FORMULA(differential) {
  each_shape(4, [](Rng&, const Shape& s, const Given& given) {
    const std::size_t half = s.d / 2;
    Matrix want(s.n, s.dv);
    for (std::size_t side = 0; side < 2; ++side) {
      const Given one{part(given.q, side * half, half), part(given.k, side * half, half), given.v};
      const Matrix map = expected(one, scaled);
      for (std::size_t i = 0; i < map.data.size(); ++i)
        want.data[i] += (side == 0 ? 1 : -0.35) * map.data[i];
    }
    compare("differential", given, with({{"lambda", 0.35}}), want);
  });
}

// Each step of retrieval replaces the state before it is compared again.
RV_FORMULA(hopfield) {
  for (const int steps : {0, 1, 3})
    each_shape(5, [steps](Rng&, const Shape&, const Given& given) {
      const auto beta = [](const Given& g, std::size_t i, std::size_t j) {
        return 0.8 * g.qk(i, j);
      };
      Given state{given.q, given.k, given.k};
      for (int t = 0; t < steps; ++t) state.q = expected(state, beta);
      state.v = given.v;
      compare("hopfield", given, with({{"beta", 0.8}, {"steps", double(steps)}}),
              expected(state, beta));
    });
}

RV_FORMULA(topk) {
  for (const double k : {1.0, 3.0, 100.0})
    check("topk", with({{"k", k}}), scaled, [k](std::vector<double>& s) {
      std::vector<double> sorted = s;
      std::sort(sorted.rbegin(), sorted.rend());
      const double least = sorted[std::min(sorted.size(), static_cast<std::size_t>(k)) - 1];
      for (double& x : s) x = x < least ? kNever : x;
      soft(s);
    });
}

RV_FORMULA(entmax) {
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
}

RV_FORMULA(sinkhorn) {
  for (const int rounds : {1, 3, 5})
    each_shape(6, [rounds](Rng&, const Shape& shape, const Given& g) {
      if (shape.n != shape.m) return;
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
          for (std::size_t t = 0; t < shape.dv; ++t) want.at(i, t) += s.at(i, j) * g.v.at(j, t);
      compare("sinkhorn", g, with({{"n_iters", double(rounds)}}), want);
    });
}

// Softmax over the tokens (the queries), then every row by its sum; the memory is given or learned.
RV_FORMULA(external) {
  each_shape(7, [](Rng& rng, const Shape& s, const Given& given) {
    const std::size_t slots = 4;
    const Matrix mk = random_matrix(rng, slots, s.d), mv = random_matrix(rng, slots, s.dv);
    const auto want = [&](const Matrix& k, const Matrix& v) {
      const Matrix a = times(given.q, k);
      Matrix w(a.rows, a.cols), out(a.rows, v.cols);
      for (std::size_t j = 0; j < a.cols; ++j) {
        std::vector<double> column(a.rows);
        for (std::size_t i = 0; i < a.rows; ++i) column[i] = a.at(i, j);
        soft(column);
        for (std::size_t i = 0; i < a.rows; ++i) w.at(i, j) = column[i];
      }
      for (std::size_t i = 0; i < a.rows; ++i) {
        std::vector<double> row(w.row(i), w.row(i) + w.cols);
        by_sum(row);
        for (std::size_t j = 0; j < a.cols; ++j)
          for (std::size_t t = 0; t < v.cols; ++t) out.at(i, t) += row[j] * v.at(j, t);
      }
      return out;
    };
    compare("external", given, with({{"M_k", tensor_of(mk)}, {"M_v", tensor_of(mv)}}),
            want(mk, mv));
    compare("external", given, {}, want(given.k, given.v));
  });
}

RV_FORMULA(realformer) {
  each_shape(8, [](Rng& rng, const Shape& s, const Given& given) {
    const Matrix prev = random_matrix(rng, s.n, s.m, 2);
    compare("realformer", given, with({{"prev", tensor_of(prev)}}),
            expected(given, [&](const Given& g, std::size_t i, std::size_t j) {
              return scaled(g, i, j) + prev.at(i, j);
            }));
  });
}

}  // namespace rv::attention::formula
