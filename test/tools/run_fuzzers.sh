#!/usr/bin/env bash
# run_fuzzers.sh BUILD_DIR SECONDS [NAME...] -- run each fuzz target of BUILD_DIR for SECONDS, or
# only the named ones (vector_text, ...). One closing line a target; exits 1 when any of them found
# something. What was found stays in BUILD_DIR/fuzz/findings, what was learnt in
# BUILD_DIR/fuzz/corpus; the seeds in the source tree are only read.
#   JOBS=N  targets at a time (default 1)
set -uo pipefail
[ $# -ge 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
seconds=$2
shift 2
source=$(cd "$(dirname "$0")/../fuzz" && pwd)
[ $# -gt 0 ] || set -- $(cd "$source" && ls ./*_fuzzer.cpp | sed 's|^\./||; s/_fuzzer\.cpp$//')

run_one() {
  local name=$1 target=$build/test/fuzz/${1}_fuzzer work=$build/fuzz status=0
  local findings=$work/findings/$name corpus=$work/corpus/$name log=$work/$name.log
  [ -x "$target" ] || { echo "$name: FAILED, $target is not built"; return 1; }
  mkdir -p "$findings" "$corpus"
  local options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1
    -entropic_scale_per_exec_time=1 -reload=0
    -artifact_prefix="$findings/")
  [ ! -f "$source/$name.dict" ] || options+=(-dict="$source/$name.dict")
  "$target" "${options[@]}" "$corpus" "$source/corpus/$name" >"$log" 2>&1 || status=$?
  local runs coverage
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  # A finding of an earlier run counts until somebody removes it.
  if [ "$status" != 0 ] || [ -n "$(ls -A "$findings")" ]; then
    echo "$name: FOUND SOMETHING, see $log and $findings"
    return 1
  fi
  echo "$name: ok, ${runs:-0} runs in $seconds s, $coverage edges"
  [ "${runs:-0}" -gt 0 ]
}

export -f run_one
export build seconds source
printf '%s\n' "$@" | xargs -P "${JOBS:-1}" -I{} bash -c 'run_one "$1"' run_one {}
[ $? = 0 ]
