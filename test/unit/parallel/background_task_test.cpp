#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/parallel/worker_pool.h"

namespace rv {
namespace {

class BackgroundTaskOn : public testing::TestWithParam<int> {};

TEST_P(BackgroundTaskOn, DoesEachTaskOnceInOrder) {
  WorkerPool pool(GetParam());
  BackgroundTask background(pool);
  background.wait();  // for nothing
  std::vector<int> done;
  for (int i = 0; i < 100; ++i) {
    background.start([&done, i] { done.push_back(i); });
    if (i % 7 == 0) background.wait();
  }
  background.wait();
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(done, expected);
}

TEST_P(BackgroundTaskOn, TaskMayUseThePool) {
  WorkerPool pool(GetParam());
  BackgroundTask background(pool);
  for (int round = 0; round < 20; ++round) {
    std::atomic<std::size_t> sum{0}, beside{0};
    background.start([&] {
      pool.for_each_chunk(1000, 3, nullptr, [&](std::size_t b, std::size_t e) {
        while (b < e) sum += b++;
      });
    });
    pool.for_each_chunk(100, 1, nullptr, [&](std::size_t b, std::size_t) { beside += b; });
    background.wait();
    ASSERT_EQ(sum, 499'500u);
    ASSERT_EQ(beside, 4950u);
  }
}

TEST_P(BackgroundTaskOn, ExceptionReachesWhoWaits) {
  WorkerPool pool(GetParam());
  BackgroundTask background(pool);
  background.start([] { throw std::runtime_error("x"); });
  EXPECT_THROW(background.wait(), std::runtime_error);
  int done = 0;
  background.start([&] { ++done; });
  background.wait();
  EXPECT_EQ(done, 1);
  background.start([] { throw std::runtime_error("not waited for"); });
}

TEST_P(BackgroundTaskOn, DestructorWaits) {
  WorkerPool pool(GetParam());
  std::atomic<bool> done{false};
  {
    BackgroundTask background(pool);
    background.start([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      done = true;
    });
  }
  EXPECT_TRUE(done);
}

INSTANTIATE_TEST_SUITE_P(Threads, BackgroundTaskOn, testing::Values(1, 2, 4));

// The caller goes on while the task runs: each waits for what the other does.
TEST(BackgroundTask, RunsBesideTheCaller) {
  WorkerPool pool(2);
  BackgroundTask background(pool);
  std::atomic<bool> begun{false}, go_on{false};
  background.start([&] {
    begun = true;
    while (!go_on) std::this_thread::yield();
  });
  while (!begun) std::this_thread::yield();
  go_on = true;
  background.wait();
}

}  // namespace
}  // namespace rv
