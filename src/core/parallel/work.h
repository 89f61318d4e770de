// Work over a range of items: on a worker pool when there is one, else on this thread, with a poll
// of the caller in between. What the core's long computations take instead of a pool, so that they
// can be cancelled.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "core/parallel/worker_pool.h"

namespace rv {

class Work {
 public:
  Work() = default;
  // `poll` runs on the calling thread between pieces of work, about every few milliseconds; it may
  // throw, which ends the work.
  // With `stop`, pieces are not waited for in groups: when it becomes true, no further piece is
  // begun, `poll` runs, and if it returns the rest goes on. Not every interrupt is a cancel.
  explicit Work(WorkerPool* pool, std::function<void()> poll = {}, StopProbe stop = nullptr)
      : pool_(pool), poll_(std::move(poll)), stop_(stop) {}

  int threads() const noexcept { return pool_ == nullptr ? 1 : pool_->threads(); }

  // body(begin, end) for all of [0, n), `grain` items at a time. The pieces are the same whatever
  // the number of threads; bodies of one call may run at the same time.
  void for_range(std::size_t n, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body) const {
    if (pool_ != nullptr && stop_ != nullptr) return until_stopped(n, grain, body);
    const std::size_t pieces = pool_ == nullptr ? 1 : 4 * static_cast<std::size_t>(threads());
    for (std::size_t begin = 0; begin < n;) {
      const std::size_t count = std::min(n - begin, grain * pieces);
      if (pool_ != nullptr && count > grain) {
        const std::size_t groups = (count + grain - 1) / grain;
        pool_->for_each_chunk(groups, 1, nullptr, [&](std::size_t first, std::size_t last) {
          for (std::size_t g = first; g < last; ++g)
            body(begin + g * grain, begin + std::min(count, (g + 1) * grain));
        });
      } else {
        body(begin, begin + count);
      }
      begin += count;
      poll();
    }
  }
  void poll() const {
    if (poll_) poll_();
  }

 private:
  void until_stopped(std::size_t n, std::size_t grain,
                     const std::function<void(std::size_t, std::size_t)>& body) const {
    if (n == 0) return;
    const std::size_t pieces = (n + grain - 1) / grain;
    const auto done = std::make_unique<std::atomic<bool>[]>(pieces);
    std::atomic<std::size_t> finished{0};
    for (;;) {
      pool_->for_each_chunk(pieces, 1, stop_, [&](std::size_t first, std::size_t last) {
        for (std::size_t p = first; p < last; ++p) {
          if (done[p].load(std::memory_order_relaxed)) continue;
          body(p * grain, std::min(n, (p + 1) * grain));
          done[p].store(true, std::memory_order_relaxed);
          finished.fetch_add(1, std::memory_order_relaxed);
        }
      });
      if (finished.load() == pieces) return;
      poll();
    }
  }

  WorkerPool* pool_ = nullptr;
  std::function<void()> poll_;
  StopProbe stop_ = nullptr;
};

}  // namespace rv
