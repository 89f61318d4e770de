#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/memory_budget.h"
#include "core/base/rng.h"

namespace rv {
namespace {

TEST(MemoryBudget, RefusesWhatPassesTheLimitAndNamesTheSetting) {
  MemoryBudget budget(std::size_t{10} << 20, "maintenance_work_mem");
  EXPECT_TRUE(budget.try_charge(std::size_t{9} << 20));
  EXPECT_FALSE(budget.try_charge(std::size_t{2} << 20));
  EXPECT_EQ(budget.used(), std::size_t{9} << 20);
  EXPECT_FALSE(budget.try_charge(~std::size_t{0}));  // no wrap-around
  try {
    budget.charge(std::size_t{2} << 20);
    FAIL() << "charged more than the limit";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::out_of_memory);
    EXPECT_NE(std::string(e.what()).find("maintenance_work_mem is 11 MB"), std::string::npos);
  }
  budget.release(std::size_t{9} << 20);
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(budget.peak(), std::size_t{9} << 20);
}

TEST(Rng, IsTheSameEverywhere) {
  // Reference values of splitmix64 with seed 1234567 (Vigna's published test vector).
  Rng rng(1234567);
  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
  EXPECT_EQ(rng.next(), 9817491932198370423ULL);
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
  Rng rng(7);
  double sum = 0, squares = 0, normal = 0, normal_squares = 0;
  const int n = 200'000;
  std::set<std::uint64_t> faces;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
    const double z = rng.normal();
    normal += z;
    normal_squares += z * z;
    faces.insert(rng.below(6));
  }
  EXPECT_NEAR(sum / n, 0.5, 0.005);
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.005);
  EXPECT_NEAR(normal / n, 0, 0.01);
  EXPECT_NEAR(normal_squares / n, 1, 0.02);
  EXPECT_EQ(faces.size(), 6u);
  EXPECT_LT(*faces.rbegin(), 6u);
}

}  // namespace
}  // namespace rv
