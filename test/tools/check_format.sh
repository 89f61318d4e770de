#!/usr/bin/env bash
# clang-format over everything we write in C++.
cd "$(dirname "$0")/../.."
command -v clang-format >/dev/null || { echo "skipped: clang-format is not installed"; exit 77; }
find src test bench include \( -name '*.cpp' -o -name '*.h' \) -print0 |
  xargs -0 -n 40 -P 2 clang-format --dry-run -Werror 2>&1 | grep -E 'error|warning' | head -40
[ "${PIPESTATUS[1]}" = 0 ]
