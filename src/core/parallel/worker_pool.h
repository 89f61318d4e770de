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
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rv
