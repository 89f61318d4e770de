// Arrays on large pages: every item is usable, the large ones begin at a large page, sizes that
// cannot be had are refused.
#include "core/base/large_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace rv {
namespace {

TEST(LargeArray, HoldsWhatIsWritten) {
  for (const std::size_t n : {std::size_t{1}, std::size_t{1000}, (std::size_t{16} << 20) / 8,
                              (std::size_t{17} << 20) / 8 + 1}) {
    LargeArray<std::uint64_t> a(n);
    EXPECT_EQ(a.size(), n);
    for (std::size_t i = 0; i < n; ++i) a[i] = i * 3;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) wrong += std::as_const(a)[i] != i * 3 ? 1 : 0;
    EXPECT_EQ(wrong, 0u);
    const bool large = n * sizeof(std::uint64_t) >= std::size_t{16} << 20;
    if (large) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % (std::size_t{2} << 20), 0u);
    }
  }
}

TEST(LargeArray, MovesAndIsEmptyByDefault) {
  LargeArray<int> a, b(3);
  b[2] = 7;
  const int* at = b.data();
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(a.data(), nullptr);
  a = std::move(b);
  EXPECT_EQ(a.data(), at);
  EXPECT_EQ(a.size(), 3u);
  LargeArray<int> c(std::move(a));
  EXPECT_EQ(c[2], 7);
  EXPECT_EQ(a.size(), 0u);  // NOLINT: what is left is empty by contract
  EXPECT_EQ(LargeArray<int>(0).data(), nullptr);
}

TEST(LargeArray, RefusesWhatCannotBeHad) {
  using Array = LargeArray<std::uint64_t>;
  EXPECT_THROW(Array(std::numeric_limits<std::size_t>::max() / 8), std::bad_alloc);
  EXPECT_THROW(Array(std::numeric_limits<std::size_t>::max() / 16 + 1), std::bad_alloc);
}

}  // namespace
}  // namespace rv
