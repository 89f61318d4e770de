// A parallel loop that survives interruptions: not every interrupt is a cancel, and after one that
// is not, the work that is left goes on.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/parallel/worker_pool.h"

namespace rv {

// Runs body(begin, end) over [0, n) in chunks of `grain`, each chunk once. When `stop` becomes
// true, `on_stop` is called on the calling thread (it throws to give up) and the rest is resumed.
inline void for_each_resumable(WorkerPool& pool, std::size_t n, std::size_t grain, StopProbe stop,
                               const std::function<void()>& on_stop,
                               const std::function<void(std::size_t, std::size_t)>& body) {
  if (n == 0) return;
  const std::size_t chunks = (n + grain - 1) / grain;
  const auto done = std::make_unique<std::atomic<bool>[]>(chunks);
  std::atomic<std::size_t> finished{0};
  for (;;) {
    pool.for_each_chunk(chunks, 1, stop, [&](std::size_t from, std::size_t to) {
      for (std::size_t c = from; c < to; ++c) {
        if (done[c].load(std::memory_order_relaxed)) continue;
        body(c * grain, std::min(n, (c + 1) * grain));
        done[c].store(true, std::memory_order_relaxed);
        finished.fetch_add(1, std::memory_order_relaxed);
      }
    });
    if (finished.load() == chunks) return;
    on_stop();
  }
}

}  // namespace rv
