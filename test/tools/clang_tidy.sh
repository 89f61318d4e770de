#!/usr/bin/env bash
# clang_tidy.sh BUILD_DIR -- clang-tidy over src, with a clang compile database of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
  -DRUVECTOR_BUILD_TESTS=OFF -DRUVECTOR_BUILD_BENCH=OFF -DCMAKE_CXX_COMPILER_LAUNCHER= >/dev/null
find src -name '*.cpp' ! -path '*/kernels_*' -print0 |
  xargs -0 -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2>/dev/null
echo "clang-tidy: ok"
