// What the formula tests of this folder share: inputs of awkward shapes, the plain formula of a
// composed type, the comparison, and the list of formulas. A file writes down the formula of a type
// in float64 loops as
//   RV_FORMULA(type) { ... compare("type", given, params, expected); }
// and formula_test.cpp runs it, failing for every type of the registry that has none.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/attention/attend.h"
#include "core/base/rng.h"

namespace rv::attention::formula {

inline constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Shape {
  std::size_t n, m, d, dv;
};
// Queries, keys, dimensions, dimensions of values. Even dimensions serve the types that need pairs.
inline constexpr Shape kShapes[] = {{1, 1, 2, 1},   {1, 7, 6, 3},    {2, 2, 4, 5},
                                    {5, 5, 34, 33}, {13, 13, 10, 7}, {31, 31, 6, 2},
                                    {9, 67, 18, 1}, {66, 66, 2, 18}};

struct Given {
  Matrix q, k, v;
  double qk(std::size_t i, std::size_t j) const;
  double root() const;
  // The position of query i: the queries are the last of the keys.
  std::size_t at(std::size_t i) const { return i + k.rows - q.rows; }
};

using Score = std::function<double(const Given&, std::size_t, std::size_t)>;
// What becomes of the scores of one row.
using Normalise = std::function<void(std::vector<double>&)>;

Matrix random_matrix(Rng& rng, std::size_t rows, std::size_t cols, double scale = 1);
Given random_given(Rng& rng, const Shape& s, double scale = 1);
Tensor tensor_of(const Matrix& m);
Tensor vector_of(const Matrix& m);  // its numbers as an array of rank 1
Params with(std::initializer_list<std::pair<const char*, Value>> values);

double inner(const double* a, const double* b, std::size_t n);
Matrix times(const Matrix& x, const Matrix& w);                      // x w^T
Matrix part(const Matrix& x, std::size_t first, std::size_t count);  // columns
void soft(std::vector<double>& scores);
double scaled(const Given& g, std::size_t i, std::size_t j);

// Row by row: scores, normaliser, weighted sum of the values.
Matrix expected(const Given& g, const Score& score, const Normalise& normalise = soft);

// In float64 within 1e-9, on the fast path within 3e-4.
void compare(const std::string& type, const Given& g, const Params& p, const Matrix& want);

// The composed type over all shapes; `square`: only those with as many queries as keys.
void check(const std::string& type, const Params& p, const Score& score,
           const Normalise& normalise = soft, bool square = false, double scale = 1);

std::map<std::string, std::vector<void (*)()>>& formulas();
struct Registration {
  Registration(const char* type, void (*run)()) { formulas()[type].push_back(run); }
};

}  // namespace rv::attention::formula

#define RV_FORMULA(type)                                                      \
  static void formula_of_##type();                                            \
  static const Registration registration_of_##type(#type, formula_of_##type); \
  static void formula_of_##type()
