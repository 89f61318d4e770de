#include "core/parallel/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace rv {
namespace {

std::atomic<bool> stop_now{false};
bool probe() noexcept { return stop_now; }

TEST(WorkerPool, VisitsEveryItemOnce) {
  WorkerPool pool(4);
  std::vector<std::atomic<int>> seen(10'000);
  const auto visit = [&](std::size_t b, std::size_t e) {
    while (b < e) ++seen[b++];
  };
  EXPECT_EQ(pool.for_each_chunk(seen.size(), 7, nullptr, visit), seen.size());
  for (auto& s : seen) ASSERT_EQ(s, 1);
}

TEST(WorkerPool, StopsEarlyWhenAsked) {
  WorkerPool pool(4);
  stop_now = false;
  const auto done = pool.for_each_chunk(1'000'000, 1, probe, [](std::size_t b, std::size_t) {
    if (b == 0) stop_now = true;
  });
  EXPECT_LT(done, 1'000'000u);
}

TEST(WorkerPool, ExceptionReachesTheCaller) {
  WorkerPool pool(4);
  const auto thrower = [](std::size_t b, std::size_t) {
    if (b == 50) throw std::runtime_error("x");
  };
  EXPECT_THROW(pool.for_each_chunk(100, 1, nullptr, thrower), std::runtime_error);
}

}  // namespace
}  // namespace rv
