// Formulas: types that know positions, and those that look at some keys only.
#include <algorithm>
#include <cmath>
#include <set>

#include "formula.h"

namespace rv::attention::formula {
namespace {

template <class Allowed>
Score masked(Allowed allowed) {
  return [allowed](const Given& g, std::size_t i, std::size_t j) {
    return allowed(static_cast<long>(g.at(i)), static_cast<long>(j)) ? scaled(g, i, j) : kNever;
  };
}

// q and k of one pair of coordinates, q turned by `angle` against k.
double turned(const Given& g, std::size_t i, std::size_t j, std::size_t a, std::size_t b,
              double angle) {
  const double x = g.q.at(i, a), y = g.q.at(i, b);
  return (x * std::cos(angle) - y * std::sin(angle)) * g.k.at(j, a) +
         (x * std::sin(angle) + y * std::cos(angle)) * g.k.at(j, b);
}

// R(m) q . R(n) k is q rotated by m - n against k; each pair may be scaled by what depends on m -
// n.
Score rotary(bool half, double base, std::function<double(double pair, double by)> factor) {
  return [=](const Given& g, std::size_t i, std::size_t j) {
    double s = 0;
    const std::size_t pairs = g.q.cols / 2;
    const double by = double(g.at(i)) - double(j), d = double(g.q.cols);
    for (std::size_t t = 0; t < pairs; ++t)
      s += factor(2 * double(t) / d, by) * turned(g, i, j, half ? t : 2 * t,
                                                  half ? t + pairs : 2 * t + 1,
                                                  by * std::pow(base, -2 * double(t) / d));
    return s / g.root();
  };
}

}  // namespace

RV_FORMULA(rope) {
  for (const bool half : {false, true})
    check("rope", with({{"base", 100.0}, {"layout", std::string(half ? "half" : "interleaved")}}),
          rotary(half, 100, [](double, double) { return 1.0; }));
}

RV_FORMULA(xpos) {
  for (const bool half : {false, true}) {
    const Score all = rotary(
        half, 50, [](double pair, double by) { return std::pow((pair + 0.3) / 1.3, by / 20); });
    check("xpos",
          with({{"base", 50.0},
                {"gamma", 0.3},
                {"scale_base", 20.0},
                {"layout", std::string(half ? "half" : "interleaved")}}),
          [all](const Given& g, std::size_t i, std::size_t j) {
            return j > g.at(i) ? kNever : all(g, i, j);
          });
  }
}

RV_FORMULA(alibi) {
  check("alibi", with({{"num_heads", 1.0}}), [](const Given& g, std::size_t i, std::size_t j) {
    return j > g.at(i) ? kNever : scaled(g, i, j) - double(g.at(i) - j) / 256;
  });
  // Two heads over the halves of the vectors: slopes 2^-4 and 2^-8, both directions.
  Rng rng(1);
  for (const Shape& s : {Shape{4, 6, 8, 6}, Shape{11, 11, 6, 2}}) {
    const Given g = random_given(rng, s);
    Matrix want(s.n, s.dv);
    for (std::size_t h = 0; h < 2; ++h) {
      const Given one{part(g.q, h * s.d / 2, s.d / 2), part(g.k, h * s.d / 2, s.d / 2),
                      part(g.v, h * s.dv / 2, s.dv / 2)};
      const Matrix y = expected(one, [h](const Given& x, std::size_t i, std::size_t j) {
        return scaled(x, i, j) -
               std::fabs(double(x.at(i)) - double(j)) * (h == 0 ? 1. / 16 : 1. / 256);
      });
      for (std::size_t i = 0; i < s.n; ++i)
        for (std::size_t t = 0; t < y.cols; ++t) want.at(i, h * y.cols + t) = y.at(i, t);
    }
    compare("alibi", g, with({{"num_heads", 2.0}, {"causal", false}}), want);
  }
}

RV_FORMULA(relative) {
  Rng rng(2);
  for (const Shape& s : kShapes) {
    const int reach = 2;
    const Given g = random_given(rng, s);
    const Matrix a = random_matrix(rng, 2 * reach + 1, s.d),
                 av = random_matrix(rng, 2 * reach + 1, s.dv);
    const auto row = [&](std::size_t i, std::size_t j) {
      const int by = static_cast<int>(j) - static_cast<int>(g.at(i));
      return static_cast<std::size_t>(std::clamp(by, -reach, reach) + reach);
    };
    const Score score = [&](const Given& x, std::size_t i, std::size_t j) {
      return (x.qk(i, j) + inner(x.q.row(i), a.row(row(i, j)), s.d)) / x.root();
    };
    Params p = with({{"max_relative_position", double(reach)}, {"a_K", tensor_of(a)}});
    compare("relative", g, p, expected(g, score));
    // With vectors of distances for the values, too.
    p.set("a_V", tensor_of(av));
    Matrix want(s.n, s.dv);
    for (std::size_t i = 0; i < s.n; ++i) {
      std::vector<double> w(s.m);
      for (std::size_t j = 0; j < s.m; ++j) w[j] = score(g, i, j);
      soft(w);
      for (std::size_t j = 0; j < s.m; ++j)
        for (std::size_t t = 0; t < s.dv; ++t)
          want.at(i, t) += w[j] * (g.v.at(j, t) + av.at(row(i, j), t));
    }
    compare("relative", g, p, want);
  }
}

RV_FORMULA(t5_bias) {
  Rng rng(3);
  const Matrix bias = random_matrix(rng, 1, 7);
  check("t5_bias", with({{"bias", vector_of(bias)}}),
        [&](const Given& g, std::size_t i, std::size_t j) {
          const long by = static_cast<long>(j) - static_cast<long>(g.at(i));
          return g.qk(i, j) + bias.data[static_cast<std::size_t>(std::clamp(by, -3L, 3L) + 3)];
        });
}

RV_FORMULA(adaptive_span) {
  check("adaptive_span", with({{"span", 3.0}, {"ramp", 4.0}}),
        [](const Given& g, std::size_t i, std::size_t j) {
          if (j > g.at(i)) return kNever;
          const double m = std::clamp((4.0 + 3.0 - double(g.at(i) - j)) / 4.0, 0.0, 1.0);
          return m > 0 ? scaled(g, i, j) + std::log(m) : kNever;
        });
}

RV_FORMULA(retention) {
  check(
      "retention", with({{"gamma", 0.9}}),
      [](const Given& g, std::size_t i, std::size_t j) {
        return j > g.at(i) ? 0.0 : scaled(g, i, j) * std::pow(0.9, double(g.at(i) - j));
      },
      [](std::vector<double>&) {}, true);
}

RV_FORMULA(graphormer) {
  Rng rng(4);
  for (const Shape& s : kShapes) {
    const Given given = random_given(rng, s);
    const Matrix bias = random_matrix(rng, 1, 4);
    Matrix hops(s.n, s.m);
    for (double& x : hops.data) x = double(rng.below(7)) - 1;
    compare("graphormer", given, with({{"spd", tensor_of(hops)}, {"bias", vector_of(bias)}}),
            expected(given, [&](const Given& g, std::size_t i, std::size_t j) {
              const double h = hops.at(i, j);
              return scaled(g, i, j) + bias.data[h < 0 || h > 3 ? 3 : static_cast<std::size_t>(h)];
            }));
  }
}

RV_FORMULA(sliding_window) {
  check("sliding_window", with({{"window", 3.0}}),
        masked([](long i, long j) { return std::labs(i - j) <= 3; }));
  check("sliding_window", with({{"window", 3.0}, {"causal", true}}),
        masked([](long i, long j) { return j <= i && i - j < 3; }));
}

RV_FORMULA(dilated) {
  check("dilated", with({{"window", 2.0}, {"dilation", 3.0}}),
        masked([](long i, long j) { return std::labs(i - j) <= 6 && (i - j) % 3 == 0; }));
}

RV_FORMULA(strided) {
  check("strided", with({{"stride", 4.0}}),
        masked([](long i, long j) { return j <= i && (i - j <= 4 || (i - j) % 4 == 0); }));
}

RV_FORMULA(fixed) {
  check("fixed", with({{"stride", 4.0}, {"c", 2.0}}),
        masked([](long i, long j) { return j <= i && (i / 4 == j / 4 || j % 4 >= 2); }));
}

RV_FORMULA(block_local) {
  check("block_local", with({{"block_size", 5.0}}),
        masked([](long i, long j) { return i / 5 == j / 5; }));
}

RV_FORMULA(longformer) {
  check("longformer", with({{"window", 1.0}}),  // position 0 is the default global token
        masked([](long i, long j) { return std::labs(i - j) <= 1 || i == 0 || j == 0; }));
  Rng rng(5);
  const Shape s{23, 23, 6, 5};
  const Given g = random_given(rng, s);
  compare("longformer", g, with({{"window", 2.0}, {"global_tokens", Tensor{{2}, {4, 19}}}}),
          expected(g, masked([](long i, long j) {
                     return std::labs(i - j) <= 2 || i == 4 || j == 4 || i == 19 || j == 19;
                   })));
}

RV_FORMULA(bigbird) {
  Rng rng(6);
  for (const std::size_t n : {5u, 29u}) {
    const Given g = random_given(rng, {n, n, 8, 3});
    std::set<std::pair<long, long>> pairs;
    Matrix given(0, 2);
    for (int e = 0; e < 40; ++e) {
      const auto i = static_cast<long>(rng.below(n)), j = static_cast<long>(rng.below(n));
      pairs.emplace(i, j);
      given.data.insert(given.data.end(), {double(i), double(j)});
      ++given.rows;
    }
    compare("bigbird", g,
            with({{"window", 1.0},
                  {"global_tokens", Tensor{{1}, {3}}},
                  {"random_pairs", tensor_of(given)}}),
            expected(g, masked([&](long i, long j) {
                       return std::labs(i - j) <= 1 || i == 3 || j == 3 || pairs.contains({i, j});
                     })));
  }
}

// Exactly k keys for everyone: of the places where a window of k fits, the one with the query
// nearest to its middle.
RV_FORMULA(neighborhood) {
  for (const long size : {3L, 7L})
    check("neighborhood", with({{"kernel_size", double(size)}}),
          [size](const Given& g, std::size_t i, std::size_t j) {
            const long n = static_cast<long>(g.k.rows), at = static_cast<long>(g.at(i));
            const long k = std::min(n, size);
            long best = 0;
            for (long start = 0; start + k <= n; ++start)
              if (std::labs(start + k / 2 - at) < std::labs(best + k / 2 - at)) best = start;
            const long key = static_cast<long>(j);
            return key >= best && key < best + k ? scaled(g, i, j) : kNever;
          });
}

// Along the rows of the grid, then along its columns with what came out as values.
RV_FORMULA(axial) {
  Rng rng(7);
  for (const auto& [h, w] : {std::pair<std::size_t, std::size_t>{3, 4}, {1, 5}, {7, 9}}) {
    Given g = random_given(rng, {h * w, h * w, 6, 5});
    const auto same = [w = w](bool row) {
      return masked([w, row](long i, long j) {
        const long width = static_cast<long>(w);
        return row ? i / width == j / width : i % width == j % width;
      });
    };
    Given second = g;
    second.v = expected(g, same(true));
    compare("axial", g, with({{"shape", Tensor{{2}, {double(h), double(w)}}}}),
            expected(second, same(false)));
  }
}

}  // namespace rv::attention::formula
