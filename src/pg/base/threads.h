// Worker threads of this backend, for arithmetic on copied data.
#pragma once

#include "core/parallel/worker_pool.h"

namespace rv::pg {

// The pool that ruvector.threads asks for, made when first used and kept; null where one thread is
// to be used: with the setting 1, in parallel workers and in background processes, whose number
// PostgreSQL already limits.
WorkerPool* worker_pool();

// The pool that CREATE INDEX and REINDEX use: max_parallel_maintenance_workers + 1 threads, at most
// as many as there are cores, unless ruvector.threads says otherwise. Never null; one thread is the
// backend itself.
WorkerPool& maintenance_pool();

// Called from define_core_settings().
void define_thread_settings();

}  // namespace rv::pg
