// The one door to PostgreSQL's headers. Rules:
//   * include C++, third-party and core headers BEFORE this one, never after;
//   * further PostgreSQL headers come after it, inside extern "C" {};
//   * nothing under src/core may include it.
#pragma once

// Before postgres.h turns printf and friends into macros.
#include <cmath>
#include <cstdio>

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
}

#include "pg/base/compat.h"

// PostgreSQL macros that collide with names C++ libraries use.
#undef Abs
#undef Max
#undef Min
#undef _
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef fprintf
#undef vfprintf
#undef printf
#undef vprintf
#undef strerror
#undef LOG
#undef INFO
#undef EPSILON
#undef HYPOT

#ifndef PGDLLEXPORT
#define PGDLLEXPORT
#endif
// PG 16+ compiles extensions with -fvisibility=hidden; we do so on every version.
#define RV_EXPORT extern "C" __attribute__((visibility("default")))
