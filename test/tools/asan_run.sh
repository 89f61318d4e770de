#!/usr/bin/env bash
# asan_run.sh [--undefined] [BUILD_DIR [CTEST-ARGUMENTS...]] -- builds the module with AddressSanitizer
# and UndefinedBehaviorSanitizer (--undefined: only the latter, which is faster and also sees
# std::bad_alloc), loads it into a private copy of the stock server, and runs the SQL tests on it.
# Default: build/asan_server (build/ubsan_server) and every pgTAP file and isolation spec; files named *out_of_memory
# are left out under AddressSanitizer, which ends the process where operator new would throw.
# Any report of a sanitizer fails cluster.down, and ends the backend that made it.
set -euo pipefail
cd "$(dirname "$0")/../.."
sanitizers="address;undefined" name=asan
if [ "${1:-}" = --undefined ]; then sanitizers=undefined name=ubsan; shift; fi
build=${1:-${RUVECTOR_BUILD:-$PWD/build}/${name}_server}; [ $# = 0 ] || shift
mkdir -p "$build"; build=$(cd "$build" && pwd)
if [ $# = 0 ]; then
  set -- -L 'pgtap|isolation'
  [ $name = ubsan ] || set -- "$@" -E out_of_memory
fi
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DRUVECTOR_SANITIZE="$sanitizers" \
  -DRUVECTOR_BUILD_BENCH=OFF >"$build/configure.log" 2>&1 || { tail -20 "$build/configure.log"; exit 1; }
ninja -C "$build" ruvector ruvector_sql ruvector_test | tail -1
export UBSAN_OPTIONS=print_stacktrace=1
RUVECTOR_SERVER_ENV="UBSAN_OPTIONS=$UBSAN_OPTIONS"
if [ $name = asan ]; then
  # The server itself is not instrumented: the runtime has to come first. A backend leaves its memory
  # to the end of the process on purpose: no leak reports.
  cc -shared -fPIC -O1 -fno-builtin test/tools/asan_no_nls.c -o "$build/asan_no_nls.so"
  RUVECTOR_SERVER_ENV+=" LD_PRELOAD=$(cc -print-file-name=libasan.so):$build/asan_no_nls.so"
  RUVECTOR_SERVER_ENV+=" ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:abort_on_error=1:detect_stack_use_after_return=0"
fi
export RUVECTOR_SERVER_ENV
ctest --test-dir "$build" -j"${JOBS:-2}" --output-on-failure --no-tests=error "$@"
