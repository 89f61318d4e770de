#include "pg/base/threads.h"

#include <algorithm>
#include <thread>

#include "pg/base/guard.h"

extern "C" {
#include "access/parallel.h"
#include "optimizer/cost.h"
#include "utils/guc.h"
}

namespace rv::pg {
namespace {

int threads_setting = -1;

int wanted_threads(int workers) {
  if (IsParallelWorker() || MyBackendType != B_BACKEND) return 1;
  if (threads_setting >= 0) return std::max(threads_setting, 1);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(workers + 1, 1, std::max(cores, 1));
}

// Never destroyed: exit() runs destructors of statics under live frames.
WorkerPool& pool_of(int threads) {
  static WorkerPool* pool = nullptr;
  if (pool == nullptr || pool->threads() != threads) {
    delete pool;
    pool = nullptr;
    pool = new WorkerPool(threads);
  }
  return *pool;
}

}  // namespace

WorkerPool* worker_pool() {
  const int n = wanted_threads(max_parallel_workers_per_gather);
  return n == 1 ? nullptr : &pool_of(n);
}

WorkerPool& maintenance_pool() { return pool_of(wanted_threads(max_parallel_maintenance_workers)); }

void define_thread_settings() {
  DefineCustomIntVariable(
      "ruvector.threads", "Threads that training and other arithmetic in one backend may use.",
      "-1 takes max_parallel_workers_per_gather + 1, at most as many as there are cores; 1 uses "
      "none beside the backend's own. Results do not depend on it.",
      &threads_setting, -1, -1, 256, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

}  // namespace rv::pg
