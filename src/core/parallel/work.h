// Work over a range of items: on a worker pool when there is one, else on this thread, with a poll
// of the caller in between. What the core's long computations take instead of a pool, so that they
// can be cancelled.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

#include "core/parallel/worker_pool.h"

namespace rv {

class Work {
 public:
  Work() = default;
  // `poll` runs on the calling thread between pieces of work, about every few milliseconds; it may
  // throw, which ends the work.
  explicit Work(WorkerPool* pool, std::function<void()> poll = {})
      : pool_(pool), poll_(std::move(poll)) {}

  int threads() const noexcept { return pool_ == nullptr ? 1 : pool_->threads(); }

  // body(begin, end) for all of [0, n), `grain` items at a time. The pieces are the same whatever
  // the number of threads; bodies of one call may run at the same time.
  void for_range(std::size_t n, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body) const {
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
  WorkerPool* pool_ = nullptr;
  std::function<void()> poll_;
};

}  // namespace rv
