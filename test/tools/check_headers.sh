#!/usr/bin/env bash
# Every header compiles alone.
set -u
build=$1
cd "$(dirname "$0")/../.."
config=${PG_CONFIG:-pg_config}
server="-isystem $("$config" --includedir-server)"
bad=0 n=0
for h in $(find src include -name '*.h' ! -name '*.inc.h'); do
  case $h in src/pg/*) flags=$server ;; *) flags= ;; esac
  n=$((n + 1))
  printf '#include "%s"\n' "$(basename "$h")" |
    ${CXX:-c++} -std=gnu++20 -fsyntax-only -Wall -Wextra -Wno-register -Isrc -Iinclude -I"$(dirname "$h")" \
      -I"$build/generated" $flags -x c++ - || { echo "not includable alone: $h"; bad=1; }
done
printf '#include "ruvector/ruvector.h"\n' | ${CC:-cc} -std=c99 -fsyntax-only -Wall -Iinclude -x c - || bad=1
echo "headers: $n compiled alone"
exit $bad
