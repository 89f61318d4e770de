// Formulas: types of less than quadratic work, written down with all n x m terms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formula.h"

namespace rv::attention::formula {
namespace {

// Divides by the sum, which counts as at least eps.
Normalise at_least(double eps) {
  return [eps](std::vector<double>& s) {
    const double sum = std::max(eps, std::accumulate(s.begin(), s.end(), 0.0));
    for (double& x : s) x /= sum;
  };
}

Matrix unit_rows(Matrix x) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const double norm = std::sqrt(inner(x.row(i), x.row(i), x.cols));
    for (std::size_t t = 0; t < x.cols; ++t) x.at(i, t) /= norm;
  }
  return x;
}

std::size_t largest(const std::vector<double>& x) {
  return static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
}

std::size_t nearest(const double* x, const Matrix& centroids) {
  std::vector<double> s(centroids.rows);
  for (std::size_t c = 0; c < s.size(); ++c) s[c] = inner(x, centroids.row(c), centroids.cols);
  return largest(s);
}

Matrix softmax_of(const Matrix& q, const Matrix& k) {
  Matrix a(q.rows, k.rows);
  for (std::size_t i = 0; i < q.rows; ++i) {
    std::vector<double> s(k.rows);
    for (std::size_t j = 0; j < s.size(); ++j)
      s[j] = inner(q.row(i), k.row(j), q.cols) / std::sqrt(double(q.cols));
    soft(s);
    std::copy(s.begin(), s.end(), a.row(i));
  }
  return a;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.cols);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t t = 0; t < a.cols; ++t)
      for (std::size_t j = 0; j < b.cols; ++j) c.at(i, j) += a.at(i, t) * b.at(t, j);
  return c;
}

}  // namespace

RV_FORMULA(linear) {
  const auto check_map = [](const char* name, double (*phi)(double)) {
    check(
        "linear", with({{"eps", 1e-6}, {"feature_map", std::string(name)}}),
        [phi](const Given& g, std::size_t i, std::size_t j) {
          double s = 0;
          for (std::size_t t = 0; t < g.q.cols; ++t) s += phi(g.q.at(i, t)) * phi(g.k.at(j, t));
          return s;
        },
        at_least(1e-6));
  };
  check_map("elu+1", [](double x) { return x > 0 ? x + 1 : std::exp(x); });
  check_map("relu", [](double x) { return x > 0 ? x : 0; });
}

RV_FORMULA(performer) {
  Rng rng(1);
  for (const Shape& s : kShapes) {
    const Given given = random_given(rng, s);
    const std::size_t features = 11;
    const Matrix w = random_matrix(rng, features, s.d);
    const auto feature = [&](const double* x, std::size_t f) {
      const double root = std::pow(double(s.d), -0.25);
      return std::exp(inner(w.row(f), x, s.d) * root - inner(x, x, s.d) * root * root / 2);
    };
    compare("performer", given, with({{"projection", tensor_of(w)}, {"num_features", 11.0}}),
            expected(
                given,
                [&](const Given& g, std::size_t i, std::size_t j) {
                  double r = 0;
                  for (std::size_t f = 0; f < features; ++f)
                    r += feature(g.q.row(i), f) * feature(g.k.row(j), f);
                  return r;
                },
                at_least(0)));
  }
}

// sin a sin b + cos a cos b = cos(a - b): the kernel is the mean of cos(w (q - k)).
RV_FORMULA(random_feature) {
  Rng rng(2);
  for (const Shape& s : kShapes) {
    const Given given = random_given(rng, s);
    const std::size_t features = 9;
    const Matrix w = random_matrix(rng, features, s.d);
    const Given unit{unit_rows(given.q), unit_rows(given.k), given.v};
    compare("random_feature", given, with({{"projection", tensor_of(w)}, {"input_scale", 0.7}}),
            expected(
                unit,
                [&](const Given& g, std::size_t i, std::size_t j) {
                  double r = 0;
                  for (std::size_t f = 0; f < features; ++f) {
                    double by = 0;
                    for (std::size_t t = 0; t < s.d; ++t)
                      by += w.at(f, t) * 0.7 * (g.q.at(i, t) - g.k.at(j, t));
                    r += std::cos(by) / double(features);
                  }
                  return r;
                },
                at_least(1e-6)));
  }
}

RV_FORMULA(cosformer) {
  for (const double m : {80.0, 100.0})
    check(
        "cosformer", with({{"M", m}}),
        [m](const Given& g, std::size_t i, std::size_t j) {
          double s = 0;
          for (std::size_t t = 0; t < g.q.cols; ++t)
            s += std::max(0.0, g.q.at(i, t)) * std::max(0.0, g.k.at(j, t));
          return s * std::cos(std::acos(-1.0) / 2 * (double(g.at(i)) - double(j)) / m);
        },
        at_least(1e-6));
}

RV_FORMULA(efficient) {
  check(
      "efficient", {},
      [](const Given& g, std::size_t i, std::size_t j) {
        std::vector<double> q(g.q.row(i), g.q.row(i) + g.q.cols);
        soft(q);
        double s = 0;
        for (std::size_t t = 0; t < q.size(); ++t) {
          std::vector<double> column(g.k.rows);
          for (std::size_t r = 0; r < column.size(); ++r) column[r] = g.k.at(r, t);
          soft(column);
          s += q[t] * column[j];
        }
        return s;
      },
      [](std::vector<double>&) {});
}

RV_FORMULA(linformer) {
  Rng rng(3);
  for (const Shape& s : kShapes) {
    const Given g = random_given(rng, s);
    const Matrix e = random_matrix(rng, 4, s.m), f = random_matrix(rng, 4, s.m);
    const Given shorter{g.q, product(e, g.k), product(f, g.v)};
    compare("linformer", g, with({{"E", tensor_of(e)}, {"F", tensor_of(f)}}),
            expected(shorter, scaled));
    compare("linformer", g, with({{"E", tensor_of(e)}}),  // one projection for both
            expected({g.q, product(e, g.k), product(e, g.v)}, scaled));
  }
}

// Z <- Z (13 I - A Z (15 I - A Z (7 I - A Z))) / 4, six times, from A^T / (|A|_1 |A|_inf).
RV_FORMULA(nystrom) {
  Rng rng(4);
  for (const Shape& s : kShapes) {
    const Given g = random_given(rng, s);
    const std::size_t marks = std::min<std::size_t>({3, s.n, s.m});
    const auto means = [marks](const Matrix& x) {
      Matrix out(marks, x.cols);
      for (std::size_t l = 0; l < marks; ++l) {
        const std::size_t first = l * x.rows / marks, last = (l + 1) * x.rows / marks;
        for (std::size_t t = 0; t < x.cols; ++t) {
          for (std::size_t i = first; i < last; ++i) out.at(l, t) += x.at(i, t);
          out.at(l, t) /= double(last - first);
        }
      }
      return out;
    };
    const Matrix lq = means(g.q), lk = means(g.k), a = softmax_of(lq, lk);
    double one = 0, most = 0;
    for (std::size_t i = 0; i < marks; ++i) {
      double row = 0, column = 0;
      for (std::size_t j = 0; j < marks; ++j) {
        row += a.at(i, j);
        column += a.at(j, i);
      }
      most = std::max(most, row);
      one = std::max(one, column);
    }
    Matrix z(marks, marks);
    for (std::size_t i = 0; i < marks; ++i)
      for (std::size_t j = 0; j < marks; ++j) z.at(i, j) = a.at(j, i) / (one * most);
    const auto from = [](double factor, Matrix x) {
      for (std::size_t i = 0; i < x.rows; ++i)
        for (std::size_t j = 0; j < x.cols; ++j) x.at(i, j) = (i == j ? factor : 0) - x.at(i, j);
      return x;
    };
    for (int t = 0; t < 6; ++t) {
      const Matrix az = product(a, z);
      z = product(z, from(13, product(az, from(15, product(az, from(7, az))))));
      for (double& x : z.data) x /= 4;
    }
    compare("nystrom", g, with({{"num_landmarks", 3.0}}),
            product(softmax_of(g.q, lk), product(z, product(softmax_of(lq, g.k), g.v))));
  }
  // With every position a landmark and the iteration converged it is exact attention.
  const Given g = random_given(rng, {6, 6, 24, 5}, 1.5);
  compare("nystrom", g, with({{"num_landmarks", 6.0}, {"pinv_iterations", 40.0}}),
          expected(g, scaled));
}

RV_FORMULA(reformer) {
  Rng rng(5);
  for (const std::size_t n : {1u, 2u, 9u, 40u})
    for (const std::size_t rounds : {1u, 3u}) {
      const std::size_t d = 6, half = 3;
      const Given given = random_given(rng, {n, n, d, 4});
      const Matrix r = random_matrix(rng, rounds * d, half);
      const Matrix unit = unit_rows(given.q);
      std::vector<std::vector<std::size_t>> bucket(rounds, std::vector<std::size_t>(n));
      for (std::size_t round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < n; ++i) {
          std::vector<double> s(2 * half);
          for (std::size_t b = 0; b < half; ++b)
            for (std::size_t t = 0; t < d; ++t) {
              s[b] += unit.at(i, t) * r.at(round * d + t, b);
              s[half + b] -= unit.at(i, t) * r.at(round * d + t, b);
            }
          bucket[round][i] = largest(s);
        }
      const auto together = [&](std::size_t i, std::size_t j) {
        for (const auto& b : bucket)
          if (b[i] == b[j]) return true;
        return false;
      };
      compare("reformer", given,
              with({{"num_buckets", double(2 * half)},
                    {"num_rounds", double(rounds)},
                    {"rotations", Tensor{{rounds, d, half}, r.data}}}),
              expected({given.q, unit, given.v}, [&](const Given& g, std::size_t i, std::size_t j) {
                bool alone = true;
                for (std::size_t t = 0; t < n; ++t) alone = alone && (t == i || !together(i, t));
                return (i == j ? alone : together(i, j)) ? scaled(g, i, j) : kNever;
              }));
    }
}

RV_FORMULA(routing) {
  Rng rng(6);
  for (const Shape& s : kShapes) {
    const Given given = random_given(rng, s);
    const Matrix centroids = random_matrix(rng, 3, s.d);
    const Matrix q = unit_rows(given.q), k = unit_rows(given.k);
    compare("routing", given, with({{"centroids", tensor_of(centroids)}}),
            expected(given, [&](const Given& g, std::size_t i, std::size_t j) {
              return nearest(q.row(i), centroids) == nearest(k.row(j), centroids) ? scaled(g, i, j)
                                                                                  : kNever;
            }));
  }
}

// The mean query of a cluster attends for its members; improved: among the cluster's best keys a
// member has weights of its own, which share what the cluster gave them together.
RV_FORMULA(clustered) {
  Rng rng(7);
  for (const Shape& s : kShapes)
    for (const std::size_t top : {0u, 2u}) {
      const Given g = random_given(rng, s);
      const std::size_t clusters = std::min<std::size_t>(3, s.n);
      Tensor of{{s.n}, {}};
      for (std::size_t i = 0; i < s.n; ++i) of.data.push_back(double(i * 5 % clusters));
      Matrix mean = g.q;
      for (std::size_t i = 0; i < s.n; ++i)
        for (std::size_t t = 0; t < s.d; ++t) {
          double sum = 0, count = 0;
          for (std::size_t j = 0; j < s.n; ++j)
            if (of.data[j] == of.data[i]) {
              sum += g.q.at(j, t);
              ++count;
            }
          mean.at(i, t) = sum / count;
        }
      Matrix want = softmax_of(mean, g.k);
      for (std::size_t i = 0; i < s.n && top > 0; ++i) {
        std::vector<double> sorted(want.row(i), want.row(i) + s.m), own(s.m, kNever);
        std::sort(sorted.rbegin(), sorted.rend());
        double mass = 0;
        for (std::size_t j = 0; j < s.m; ++j)
          if (want.at(i, j) >= sorted[std::min(top, s.m) - 1]) {
            mass += want.at(i, j);
            own[j] = scaled(g, i, j);
          }
        std::vector<double> shares = own;
        soft(shares);
        for (std::size_t j = 0; j < s.m; ++j)
          if (own[j] != kNever) want.at(i, j) = mass * shares[j];
      }
      compare("clustered", g,
              with({{"num_clusters", double(clusters)}, {"topk", double(top)}, {"assignment", of}}),
              product(want, g.v));
    }
}

RV_FORMULA(delta_rule) {
  Rng rng(8);
  for (const Shape& s : kShapes) {
    if (s.n != s.m) continue;
    const Given g = random_given(rng, s);
    const Matrix k = unit_rows(g.k), steps = random_matrix(rng, 1, s.n);
    for (const bool each : {false, true}) {
      Matrix state(s.dv, s.d), want(s.n, s.dv);
      for (std::size_t t = 0; t < s.n; ++t) {
        const double beta = each ? steps.at(0, t) : 0.6;
        for (std::size_t r = 0; r < s.dv; ++r) {
          double recalled = 0;
          for (std::size_t c = 0; c < s.d; ++c) recalled += state.at(r, c) * k.at(t, c);
          for (std::size_t c = 0; c < s.d; ++c)
            state.at(r, c) += beta * (g.v.at(t, r) - recalled) * k.at(t, c);
          want.at(t, r) = inner(state.row(r), g.q.row(t), s.d);
        }
      }
      compare("delta_rule", g, each ? with({{"beta", vector_of(steps)}}) : with({{"beta", 0.6}}),
              want);
    }
  }
}

// A score, no output: the best product of every query, summed.
RV_FORMULA(maxsim) {
  Rng rng(9);
  for (const Shape& s : kShapes) {
    const Given g = random_given(rng, s);
    double want = 0;
    for (std::size_t i = 0; i < s.n; ++i) {
      double best = kNever;
      for (std::size_t j = 0; j < s.m; ++j) best = std::max(best, g.qk(i, j));
      want += best;
    }
    const std::vector<float> q(g.q.data.begin(), g.q.data.end()),
        d(g.k.data.begin(), g.k.data.end());
    std::vector<const float*> queries, documents;
    for (std::size_t i = 0; i < s.n; ++i) queries.push_back(q.data() + i * s.d);
    for (std::size_t j = 0; j < s.m; ++j) documents.push_back(d.data() + j * s.d);
    EXPECT_NEAR(maxsim(queries, documents, s.d), want, 1e-5 * (1 + std::fabs(want)));
  }
}

}  // namespace rv::attention::formula
