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

int wanted_threads() {
  if (IsParallelWorker() || MyBackendType != B_BACKEND) return 1;
  if (threads_setting >= 0) return std::max(threads_setting, 1);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(max_parallel_workers_per_gather + 1, 1, std::max(cores, 1));
}

}  // namespace

WorkerPool* worker_pool() {
  // Never destroyed: exit() runs destructors of statics under live frames.
  static WorkerPool* pool = nullptr;
  const int n = wanted_threads();
  if (n == 1) return nullptr;
  if (pool == nullptr || pool->threads() != n) {
    delete pool;
    pool = nullptr;
    pool = new WorkerPool(n);
  }
  return pool;
}

void define_thread_settings() {
  DefineCustomIntVariable(
      "ruvector.threads", "Threads that training and other arithmetic in one backend may use.",
      "-1 takes max_parallel_workers_per_gather + 1, at most as many as there are cores; 1 uses "
      "none beside the backend's own. Results do not depend on it.",
      &threads_setting, -1, -1, 256, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

}  // namespace rv::pg
