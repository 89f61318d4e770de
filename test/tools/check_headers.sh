#!/usr/bin/env bash
# check_headers.sh BUILD_DIR -- every header compiles alone. One that a source file includes before
# anything else was compiled alone when that file was; the others are compiled here.
# RUVECTOR_ALL_HEADERS=1: all of them.
set -u
build=$1
cd "$(dirname "$0")/../.."
config=${PG_CONFIG:-pg_config}
server="-isystem $("$config" --includedir-server)"
declare -A proven
if [ -z "${RUVECTOR_ALL_HEADERS:-}" ]; then
  while read -r first; do proven[src/$first]=1; done < <(
    find src -name '*.cpp' -exec awk 'FNR == 1 { open = 1 }
      open && /^[^\/ \t]/ { if (/^#include "/) { gsub(/"/, "", $2); print $2 } open = 0 }' {} +)
fi
# That a header names the standard headers of what it uses, lint.includes shows: here they are parsed once.
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cxx="${CXX:-c++} -std=gnu++20 -fsyntax-only -Wall -Wextra -Wno-register -Isrc -Iinclude"
grep -oE '<[a-z_]+>' cmake/PrecompiledHeaders.cmake | sed 's/^/#include /' > "$work/standard.h"
[ -s "$work/standard.h" ] || { echo "no list of precompiled headers"; exit 1; }
${cxx/-fsyntax-only/} -x c++-header "$work/standard.h" -o "$work/standard.h.gch" || exit 1
bad=0 n=0
for h in $(find src include -name '*.h' ! -name '*.inc.h'); do
  [ -z "${proven[$h]:-}" ] || continue
  case $h in src/pg/*) flags=$server ;; *) flags= ;; esac
  n=$((n + 1))
  printf '#include "%s"\n' "$(basename "$h")" |
    $cxx -I"$(dirname "$h")" -I"$build/generated" $flags -include "$work/standard.h" -x c++ - || { echo "not includable alone: $h"; bad=1; }
done
printf '#include "ruvector/ruvector.h"\n' | ${CC:-cc} -std=c99 -fsyntax-only -Wall -Iinclude -x c - || bad=1
echo "headers: $n compiled alone, ${#proven[@]} first in a source file"
[ "$n" -gt 0 ] || { echo "no header was compiled"; bad=1; }
exit $bad
