// The engine's composed types against their formulas, and the test that runs the formulas of all
// types: random shapes that fit no vector width or block, one key, masked rows, zero vectors, very
// large scores.
#include "formula.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/attention/types.h"

namespace rv::attention::formula {
namespace {

std::vector<std::string> every_type() {
  std::vector<std::string> names;
  for (const TypeInfo& t : types()) names.emplace_back(t.name);
  return names;
}

class AttentionFormula : public testing::TestWithParam<std::string> {};

TEST_P(AttentionFormula, Holds) {
  const auto found = formulas().find(GetParam());
  ASSERT_NE(found, formulas().end()) << "no independent formula of " << GetParam();
  for (const auto& run : found->second) run();
}
INSTANTIATE_TEST_SUITE_P(EveryType, AttentionFormula, testing::ValuesIn(every_type()),
                         [](const auto& info) { return info.param; });

TEST(AttentionFormulas, BelongToTypes) {
  EXPECT_EQ(types().size(), 68u);
  for (const auto& [name, runs] : formulas()) EXPECT_NE(find_type(name), nullptr) << name;
}

// Rows of the mask without a single key give zeros, whatever else there is.
TEST(AttentionFormulas, MaskedRowsZeroVectorsAndLargeScores) {
  Rng rng(11);
  const std::size_t n = 70, d = 6;
  Given g = random_given(rng, {n, n, d, 3});
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

}  // namespace
}  // namespace rv::attention::formula
