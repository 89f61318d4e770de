// Formulas: attention in the Poincare ball, on the hyperboloid, on spheres and in their products.
#include <cmath>

#include "formula.h"

namespace rv::attention::formula {
namespace {

using Point = std::vector<double>;
constexpr double kCurvatures[] = {-1, -0.4, -2.5};

Point point(const Matrix& m, std::size_t i) { return {m.row(i), m.row(i) + m.cols}; }
double product(const Point& a, const Point& b) { return inner(a.data(), b.data(), a.size()); }
Point scaled_by(double r, Point x) {
  for (double& v : x) v *= r;
  return x;
}

// Points within a share of the ball's radius 1 / sqrt(c).
Matrix ball_points(Rng& rng, std::size_t n, std::size_t d, double c) {
  Matrix m = random_matrix(rng, n, d);
  for (std::size_t i = 0; i < n; ++i) {
    const Point x = point(m, i);
    const double r = 0.9 * rng.uniform() / std::sqrt(c * product(x, x));
    for (std::size_t t = 0; t < d; ++t) m.at(i, t) = static_cast<float>(m.at(i, t) * r);
  }
  return m;
}

double distance(const Point& x, const Point& y, double c) {
  Point d = x;
  for (std::size_t t = 0; t < d.size(); ++t) d[t] -= y[t];
  return std::acosh(1 +
                    2 * c * product(d, d) / ((1 - c * product(x, x)) * (1 - c * product(y, y)))) /
         std::sqrt(c);
}

Point mobius_add(const Point& x, const Point& y, double c) {
  const double xy = c * product(x, y), xx = c * product(x, x), yy = c * product(y, y);
  Point out(x.size());
  for (std::size_t t = 0; t < x.size(); ++t)
    out[t] = ((1 + 2 * xy + yy) * x[t] + (1 - xx) * y[t]) / (1 + 2 * xy + xx * yy);
  return out;
}

Point log_map(const Point& x, const Point& y, double c) {
  const Point u = mobius_add(scaled_by(-1, x), y, c);
  const double n = std::sqrt(product(u, u)), root = std::sqrt(c);
  return n == 0 ? u : scaled_by((1 - c * product(x, x)) / root * std::atanh(root * n) / n, u);
}

Point exp_map(const Point& x, const Point& v, double c) {
  const double n = std::sqrt(product(v, v)), root = std::sqrt(c);
  if (n == 0) return x;
  return mobius_add(x, scaled_by(std::tanh(root * n / (1 - c * product(x, x))) / (root * n), v), c);
}

// To the Klein model, the mean weighted with Lorentz factors, and back.
Point midpoint(const std::vector<Point>& x, const std::vector<double>& w, double c) {
  Point sum(x[0].size());
  double total = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const Point klein = scaled_by(2 / (1 + c * product(x[j], x[j])), x[j]);
    const double factor = w[j] / std::sqrt(1 - c * product(klein, klein));
    for (std::size_t t = 0; t < sum.size(); ++t) sum[t] += factor * klein[t];
    total += factor;
  }
  const Point mean = scaled_by(1 / total, sum);
  return scaled_by(1 / (1 + std::sqrt(1 - c * product(mean, mean))), mean);
}

std::vector<double> weights(const Given& g, std::size_t i, const Score& score) {
  std::vector<double> w(g.k.rows);
  for (std::size_t j = 0; j < w.size(); ++j) w[j] = score(g, i, j);
  soft(w);
  return w;
}

Matrix midpoints(const Given& g, double c, const Score& score) {
  Matrix out(g.q.rows, g.v.cols);
  std::vector<Point> values;
  for (std::size_t j = 0; j < g.v.rows; ++j) values.push_back(point(g.v, j));
  for (std::size_t i = 0; i < g.q.rows; ++i) {
    const Point m = midpoint(values, weights(g, i, score), c);
    std::copy(m.begin(), m.end(), out.row(i));
  }
  return out;
}

}  // namespace

RV_FORMULA(poincare) {
  Rng rng(1);
  for (const Shape& s : kShapes)
    for (const double curvature : kCurvatures) {
      const double c = -curvature;
      const Given g{ball_points(rng, s.n, s.d, c), ball_points(rng, s.m, s.d, c),
                    ball_points(rng, s.m, s.dv, c)};
      compare("poincare", g, with({{"curvature", curvature}, {"beta", 1.4}, {"gamma", 0.3}}),
              midpoints(g, c, [c](const Given& x, std::size_t i, std::size_t j) {
                return -1.4 * distance(point(x.q, i), point(x.k, j), c) - 0.3;
              }));
    }
}

RV_FORMULA(busemann) {
  Rng rng(2);
  for (const Shape& s : kShapes)
    for (const double curvature : kCurvatures) {
      const double c = -curvature;
      const Given g{random_matrix(rng, s.n, s.d), ball_points(rng, s.m, s.d, c),
                    ball_points(rng, s.m, s.dv, c)};
      compare("busemann", g, with({{"curvature", curvature}}),
              midpoints(g, c, [c](const Given& x, std::size_t i, std::size_t j) {
                const Point q = point(x.q, i), k = point(x.k, j);
                Point away = scaled_by(1 / std::sqrt(product(q, q)), q);
                for (std::size_t t = 0; t < away.size(); ++t) away[t] -= std::sqrt(c) * k[t];
                return -std::log(product(away, away) / (1 - c * product(k, k))) / std::sqrt(c);
              }));
    }
}

RV_FORMULA(lorentz) {
  Rng rng(3);
  for (const Shape& s : kShapes)
    for (const double curvature : kCurvatures) {
      const double c = -curvature;
      const Given g = random_given(rng, s);
      const auto time = [c](const Matrix& m, std::size_t i) {
        return std::sqrt(1 / c + inner(m.row(i), m.row(i), m.cols));
      };
      const Score score = [&](const Given& x, std::size_t i, std::size_t j) {
        return (2 / c + 2 * (x.qk(i, j) - time(x.q, i) * time(x.k, j))) / x.root();
      };
      Matrix want(s.n, s.dv + 1);
      for (std::size_t i = 0; i < s.n; ++i) {
        const auto w = weights(g, i, score);
        for (std::size_t j = 0; j < s.m; ++j) {
          want.at(i, 0) += w[j] * time(g.v, j);
          for (std::size_t t = 0; t < s.dv; ++t) want.at(i, t + 1) += w[j] * g.v.at(j, t);
        }
        const double m0 = want.at(i, 0);
        const double length =
            std::sqrt(c * (2 * m0 * m0 - inner(want.row(i), want.row(i), s.dv + 1)));
        for (std::size_t t = 0; t <= s.dv; ++t) want.at(i, t) /= length;
      }
      compare("lorentz", g, with({{"curvature", curvature}}), want);
    }
}

RV_FORMULA(hgcn) {
  Rng rng(4);
  for (const double curvature : kCurvatures) {
    const double c = -curvature;
    const std::size_t n = 12, d = 5;
    const Matrix x = ball_points(rng, n, d, c), a = random_matrix(rng, 1, 2 * d);
    Matrix edges(2, 30);
    for (double& e : edges.data) e = double(rng.below(n));
    Matrix want(n, d);
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<std::size_t> from;
      for (std::size_t e = 0; e < edges.cols; ++e)
        if (edges.at(1, e) == double(i) && edges.at(0, e) != double(i))
          from.push_back(static_cast<std::size_t>(edges.at(0, e)));
      from.push_back(i);
      std::vector<double> w;
      const Point origin(d), own = log_map(origin, point(x, i), c);
      for (const std::size_t j : from) {
        const Point other = log_map(origin, point(x, j), c);
        // The map at the origin has the factor 2 of the metric in both directions.
        w.push_back(inner(a.row(0), own.data(), d) + inner(a.row(0) + d, other.data(), d));
      }
      soft(w);
      Point tangent(d);
      for (std::size_t e = 0; e < from.size(); ++e) {
        const Point step = log_map(point(x, i), point(x, from[e]), c);
        for (std::size_t t = 0; t < d; ++t) tangent[t] += w[e] * step[t];
      }
      const Point out = exp_map(point(x, i), tangent, c);
      std::copy(out.begin(), out.end(), want.row(i));
    }
    compare("hgcn", {x, x, x},
            with({{"curvature", curvature}, {"edge_index", tensor_of(edges)}, {"a", vector_of(a)}}),
            want);
  }
}

RV_FORMULA(mixed_curvature) {
  Rng rng(5);
  const std::size_t e = 3, h = 2, s = 4;
  for (const double curvature : kCurvatures)
    for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{1, 1}, {4, 9}, {20, 20}}) {
      const double c = -curvature;
      const auto rows = [&](std::size_t count) {
        const Matrix flat = random_matrix(rng, count, e), curved = ball_points(rng, count, h, c);
        Matrix round = random_matrix(rng, count, s), all(count, e + h + s);
        for (std::size_t i = 0; i < count; ++i) {
          const double norm = std::sqrt(inner(round.row(i), round.row(i), s));
          for (std::size_t t = 0; t < e; ++t) all.at(i, t) = flat.at(i, t);
          for (std::size_t t = 0; t < h; ++t) all.at(i, e + t) = curved.at(i, t);
          for (std::size_t t = 0; t < s; ++t) all.at(i, e + h + t) = round.at(i, t) / norm;
        }
        return all;
      };
      const Given g{rows(n), rows(m), rows(m)};
      const Score score = [&](const Given& x, std::size_t i, std::size_t j) {
        const Point a = point(x.q, i), b = point(x.k, j);
        double flat = 0, cosine = 0;
        for (std::size_t t = 0; t < e; ++t) flat += (a[t] - b[t]) * (a[t] - b[t]);
        for (std::size_t t = e + h; t < e + h + s; ++t) cosine += a[t] * b[t];
        const double curved =
            distance({a.begin() + e, a.begin() + e + h}, {b.begin() + e, b.begin() + e + h}, c);
        return -(0.5 * flat + 1.5 * curved * curved + 2 * std::pow(std::acos(cosine), 2));
      };
      const Given curved{part(g.q, e, h), part(g.k, e, h), part(g.v, e, h)};
      Matrix want = expected(g, score);
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<Point> values;
        for (std::size_t j = 0; j < m; ++j) values.push_back(point(curved.v, j));
        const Point middle = midpoint(values, weights(g, i, score), c);
        std::copy(middle.begin(), middle.end(), want.row(i) + e);
        const double norm = std::sqrt(inner(want.row(i) + e + h, want.row(i) + e + h, s));
        for (std::size_t t = 0; t < s; ++t) want.at(i, e + h + t) /= norm;
      }
      compare("mixed_curvature", g,
              with({{"curvature", curvature},
                    {"dims", Tensor{{3}, {double(e), double(h), double(s)}}},
                    {"weights", Tensor{{3}, {0.5, 1.5, 2}}}}),
              want);
    }
}

// With both parts given, and with one vector for both, whose hyperbolic side is exp_0 of it.
RV_FORMULA(dual_space) {
  Rng rng(6);
  for (const double curvature : kCurvatures)
    for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{1, 1}, {4, 9}, {20, 20}}) {
      const double c = -curvature;
      const std::size_t d = 5, h = 3;
      const auto score_of = [c](Matrix qe, Matrix ke, Matrix qh, Matrix kh) {
        return [=](const Given&, std::size_t i, std::size_t j) {
          return (0.7 * inner(qe.row(i), ke.row(j), qe.cols) / std::sqrt(double(qe.cols)) -
                  0.2 * distance(point(qh, i), point(kh, j), c)) /
                 0.5;
        };
      };
      Params p = with({{"curvature", curvature},
                       {"euclidean_weight", 0.7},
                       {"hyperbolic_weight", 0.2},
                       {"temperature", 0.5}});
      const Matrix qe = random_matrix(rng, n, d), ke = random_matrix(rng, m, d),
                   v = random_matrix(rng, m, 4);
      const auto into_ball = [c](Matrix x) {
        for (std::size_t i = 0; i < x.rows; ++i) {
          const double norm = std::sqrt(c * inner(x.row(i), x.row(i), x.cols));
          for (std::size_t t = 0; t < x.cols; ++t) x.at(i, t) *= std::tanh(norm) / norm;
        }
        return x;
      };
      const Given one{qe, ke, v};
      compare("dual_space", one, p, expected(one, score_of(qe, ke, into_ball(qe), into_ball(ke))));
      const Matrix qh = ball_points(rng, n, h, c), kh = ball_points(rng, m, h, c);
      const auto joined = [](const Matrix& a, const Matrix& b) {
        Matrix x(a.rows, a.cols + b.cols);
        for (std::size_t i = 0; i < a.rows; ++i) {
          std::copy_n(a.row(i), a.cols, x.row(i));
          std::copy_n(b.row(i), b.cols, x.row(i) + a.cols);
        }
        return x;
      };
      p.set("dims", Tensor{{2}, {double(d), double(h)}});
      const Given both{joined(qe, qh), joined(ke, kh), v};
      compare("dual_space", both, p, expected(both, score_of(qe, ke, qh, kh)));
    }
}

}  // namespace rv::attention::formula
