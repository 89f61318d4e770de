#!/usr/bin/env bash
# check_sources.sh BUILD_DIR -- the packager's build gives the same SQL file and the same exported
# symbols as CMake's, with all features and with none. Works in a copy of the sources.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
copy=$build/pgxs
mkdir -p "$copy"
# A source that is gone must not be built from an older copy.
find "$copy" \( -name '*.cpp' -o -name '*.part' -o -name '*.h' -o -name '*.sql' \) ! -path "$copy/generated/*" -delete
tar -cf - Makefile.pgxs ruvector.control cmake include sql/[0-9]*.sql sql/pgvector_name src | tar -xf - -C "$copy"
# A dozen files of a folder are compiled as one, which takes a third of the time: that each of them
# compiles alone, the build by CMake has shown. Kernels have flags of their own; the scan includes
# headers of PostgreSQL's planner, which has an Expr and a Plan like the graph's engine.
find "$copy/src" -name '*.cpp' ! -name '*kernels_*' ! -name cypher_scan.cpp ! -path '*/core/gnn/o*' -printf '%h %f\n' | sort | awk '
  $1 != folder || ++n == 12 { if (out) close(out); n = 0; folder = $1; out = $1 "/together_" ++batch ".cpp" }
  { part = substr($2, 1, length($2) - 4) ".part"
    print "#include \"" part "\"" > out
    system("mv \"" $1 "/" $2 "\" \"" $1 "/" part "\"") }'
# What is compared does not depend on optimisation or the compiler: Clang without the one takes about
# half of what GCC takes with it.
cxx="g++"; command -v clang++ >/dev/null && cxx="clang++"
command -v ccache >/dev/null && cxx="ccache $cxx"
make -C "$copy" -f Makefile.pgxs -j2 CXX="$cxx" OPTIMISE="-O0 -g0 -Wno-cpp" OPTIMISE_KERNELS=-O0 >"$copy/make.log" 2>&1 || { tail -30 "$copy/make.log"; exit 1; }
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" ruvector.control)
cmp "$copy/sql/ruvector--$version.sql" "$build/ruvector--$version.sql"
symbols() { nm -D --defined-only "$1" | awk '{print $3}' | sort; }
diff <(symbols "$copy/ruvector.so") <(symbols "$build/src/pg/ruvector.so")
others=$(symbols "$copy/ruvector.so" | grep -vE '^(rv_|pg_finfo_rv_|Pg_magic_func|_PG_init)' || true)
[ -z "$others" ] || { echo "unexpected exports: $others"; exit 1; }
make -C "$copy" -f Makefile.pgxs install DESTDIR="$copy/stage" CXX="$cxx" >>"$copy/make.log" 2>&1
find "$copy/stage" -name ruvector.so | grep -q . || { echo "install put no module"; exit 1; }
# The name of pgvector is installed on demand, never over pgvector's own files.
find "$copy/stage" -name 'vector*' | grep -q '/vector' && { echo "the name vector was installed unasked"; exit 1; }
name() { make -C "$copy" -f Makefile.pgxs install-pgvector-name DESTDIR="$copy/stage" >>"$copy/make.log" 2>&1; }
name && name || { echo "install-pgvector-name failed"; exit 1; }
control=$(find "$copy/stage" -name vector.control)
echo "comment = 'theirs'" > "$control"
name && { echo "pgvector's file was overwritten"; exit 1; }
rm -rf "$copy/stage"
# All features off: only the parts and files without a feature of their own remain.
make -C "$copy" -f Makefile.pgxs ALL=0 -n sql/ruvector--$version.sql | grep -qE '_(sparse|hyperbolic|attention|gnn|graph|learning|routing)\.sql' && { echo "ALL=0 keeps a feature part"; exit 1; }
echo "sources: PGXS and CMake agree ($(symbols "$copy/ruvector.so" | wc -l) exported symbols)"
