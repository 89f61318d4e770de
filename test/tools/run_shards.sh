#!/usr/bin/env bash
# run_shards.sh TEST_PROGRAM N ARGS... -- runs a sanitised GoogleTest program as N processes side by side, a part of
# the tests in each; prints what each said, one after the other.
set -u
program=$1 shards=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
# oneTBB keeps its observers to the end of the process.
export LSAN_OPTIONS=suppressions=$here/lsan.supp
export GTEST_TOTAL_SHARDS=$shards
processes=() status=0
for ((i = 0; i < shards; i++)); do
  GTEST_SHARD_INDEX=$i "$program" "$@" >"$work/$i" 2>&1 &
  processes+=($!)
done
for ((i = 0; i < shards; i++)); do
  wait "${processes[i]}" || status=1
  cat "$work/$i"
  # A program that ran nothing would pass as well.
  grep -qE '[1-9][0-9]* tests? from' "$work/$i" || { echo "shard $i ran no test"; status=1; }
done
exit $status
