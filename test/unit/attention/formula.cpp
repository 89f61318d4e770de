#include "formula.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rv::attention::formula {

double Given::qk(std::size_t i, std::size_t j) const { return inner(q.row(i), k.row(j), q.cols); }
double Given::root() const { return std::sqrt(static_cast<double>(q.cols)); }

Matrix random_matrix(Rng& rng, std::size_t rows, std::size_t cols, double scale) {
  Matrix m(rows, cols);
  for (double& x : m.data) x = static_cast<float>(rng.normal() * scale);
  return m;
}

Given random_given(Rng& rng, const Shape& s, double scale) {
  Given g;
  g.q = random_matrix(rng, s.n, s.d, scale);
  g.k = random_matrix(rng, s.m, s.d, scale);
  g.v = random_matrix(rng, s.m, s.dv);
  return g;
}

Tensor tensor_of(const Matrix& m) { return {{m.rows, m.cols}, m.data}; }
Tensor vector_of(const Matrix& m) { return {{m.data.size()}, m.data}; }

Params with(std::initializer_list<std::pair<const char*, Value>> values) {
  Params p;
  for (const auto& [name, value] : values) p.set(name, value);
  return p;
}

double inner(const double* a, const double* b, std::size_t n) {
  double s = 0;
  for (std::size_t t = 0; t < n; ++t) s += a[t] * b[t];
  return s;
}

Matrix times(const Matrix& x, const Matrix& w) {
  Matrix y(x.rows, w.rows);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t o = 0; o < w.rows; ++o) y.at(i, o) = inner(x.row(i), w.row(o), x.cols);
  return y;
}

Matrix part(const Matrix& x, std::size_t first, std::size_t count) {
  Matrix y(x.rows, count);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t t = 0; t < count; ++t) y.at(i, t) = x.at(i, first + t);
  return y;
}

void soft(std::vector<double>& s) {
  double most = kNever, sum = 0;
  for (const double x : s) most = std::max(most, x);
  for (double& x : s) sum += x = x == kNever ? 0 : std::exp(x - most);
  for (double& x : s) x = sum > 0 ? x / sum : 0;
}

double scaled(const Given& g, std::size_t i, std::size_t j) { return g.qk(i, j) / g.root(); }

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

void check(const std::string& type, const Params& p, const Score& score, const Normalise& normalise,
           bool square, double scale) {
  Rng rng(mix64(std::hash<std::string>{}(type)));
  for (const Shape& s : kShapes) {
    if (square && s.n != s.m) continue;
    const Given g = random_given(rng, s, scale);
    compare(type, g, p, expected(g, score, normalise));
  }
}

std::map<std::string, std::vector<void (*)()>>& formulas() {
  static std::map<std::string, std::vector<void (*)()>> all;
  return all;
}

}  // namespace rv::attention::formula
