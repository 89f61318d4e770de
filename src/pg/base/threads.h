// Worker threads of this backend, for arithmetic on copied data.
#pragma once

#include "core/parallel/worker_pool.h"

namespace rv::pg {

// The pool that ruvector.threads asks for, made when first used and kept; null where one thread is
// to be used: with the setting 1, in parallel workers and in background processes, whose number
// PostgreSQL already limits.
WorkerPool* worker_pool();

// Called from define_core_settings().
void define_thread_settings();

}  // namespace rv::pg
