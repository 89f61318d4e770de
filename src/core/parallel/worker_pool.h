// A bounded oneTBB arena whose worker threads never take a signal.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

#include "core/base/stop.h"

namespace rv {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int threads() const noexcept;

  // Runs body(begin, end) over [0, n) in chunks of `grain`. Returns the number
  // of items done; fewer than n only when `stop` became true. An exception in
  // body cancels the rest and is rethrown here, on the calling thread.
  std::size_t for_each_chunk(std::size_t n, std::size_t grain, StopProbe stop,
                             const std::function<void(std::size_t, std::size_t)>& body);

 private:
  friend class BackgroundTask;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One task at a time on a pool's other threads, while the caller goes on; what the caller waits for
// it helps to do. A pool of one thread does the task in wait().
class BackgroundTask {
 public:
  explicit BackgroundTask(WorkerPool& pool);
  ~BackgroundTask();  // waits
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  // Waits for the last one first. `task` may use for_each_chunk() of the same pool.
  void start(std::function<void()> task);
  // Rethrows what the task threw.
  void wait();

 private:
  struct Impl;
  WorkerPool& pool_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rv
