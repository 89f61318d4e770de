#!/usr/bin/env bash
# pgvector_suite.sh [--sql|--tap|--all] BUILD_DIR PGVECTOR_COMPAT.SH PGVECTOR_SRC [REGEX] -- runs pgvector's
# own SQL files and TAP tests (default: both) against this build, on the running test cluster
# (cluster.sh up). Files about an access method that this build does not have are left out and named.
# REGEX: only files whose name matches.
set -euo pipefail
what=--all
case ${1:-} in --sql|--tap|--all) what=$1; shift ;; esac
build=$(cd "$1" && pwd) conformance=$2 source=$(cd "$3" && pwd) only=${4:-.}
here=$(cd "$(dirname "$0")" && pwd)
config=${PG_CONFIG:-pg_config}
if [ "${RUVECTOR_INSIDE:-}" != 1 ]; then
  RUVECTOR_INSIDE=1 exec "$here/cluster.sh" with "$build" "$0" "$what" "$build" "$conformance" "$source" "$only"
fi
have=$(psql -X -At -d rv_template -c "SELECT string_agg(amname, ' ') FROM pg_am WHERE amname IN ('hnsw', 'ivfflat')")
declare -A left_out=([hnsw]=0 [ivfflat]=0)
wanted() {  # sets files: names of what this build can pass, as an anchored regular expression
  local names=() name
  for file in "$@"; do
    name=$(basename "$file"); name=${name%.*}
    [[ $name =~ $only ]] || continue
    case $name in
      *hnsw*) [[ $have =~ hnsw ]] || { left_out[hnsw]=$((left_out[hnsw] + 1)); continue; } ;;
      *ivfflat*) [[ $have =~ ivfflat ]] || { left_out[ivfflat]=$((left_out[ivfflat] + 1)); continue; } ;;
    esac
    names+=("$name")
  done
  files=; [ ${#names[@]} = 0 ] || files=$(IFS='|'; echo "^(${names[*]})\$")
}
status=0
if [ "$what" != --tap ]; then
  wanted "$source"/test/sql/*.sql
  rm -rf "$build/conformance"
  if [ -n "$files" ] && ! "$conformance" --sql --only "$files" --out "$build/conformance" "$source" ruvector; then
    # Differences on purpose are recorded line by line, and listed in docs/migrating-from-pgvector.md.
    for diff in "$build"/conformance/sql/diffs/*.diff; do
      [ -e "$diff" ] || { status=1; break; }
      known=$here/pgvector_differences/$(basename "$diff" .diff).txt
      if [ -e "$known" ] && cmp -s "$known" <(grep -E '^[-+]' "$diff" | grep -vE '^(---|\+\+\+) /'); then
        echo "$(basename "$diff" .diff): differs as recorded"
      else
        echo "$(basename "$diff" .diff): FAILED, $diff"; status=1
      fi
    done
  fi
fi
if [ "$what" != --sql ]; then
  wanted "$source"/test/t/*.pl
  # Clusters of its own, from the private copy of the server. Root steps down to postgres.
  server=$(cd "$build/server" && pwd -P)
  out=$server/conformance-tap; rm -rf "$out"; mkdir -p "$out"
  if [ -n "$files" ] && ! PG_CONFIG=$server$("$config" --bindir)/pg_config "$conformance" --tap --only "$files" --out "$out" \
    "$source" ruvector; then
    # Tests that fail on purpose are recorded by number; the reasons are in docs/migrating-from-pgvector.md.
    failed=$(awk '/^t\/.*\(Wstat/ {sub("t/", "", $1); sub("\\.pl$", "", $1); name = $1}
      /^  Failed tests?:/ {sub("^  Failed tests?: +", ""); gsub(/ /, ""); print name, $0}' "$out/tap/prove.log")
    while read -r name numbers; do
      if [ -z "$name" ]; then echo "tap: FAILED without a test, $out/tap/prove.log"; status=1
      elif grep -qxF "$name $numbers" "$here/pgvector_differences/tap.list"; then echo "$name: differs as recorded"
      else echo "$name: FAILED, tests $numbers"; status=1; fi
    done <<< "$failed"
  fi
fi
for method in hnsw ivfflat; do
  [ ${left_out[$method]} = 0 ] || echo "left out: ${left_out[$method]} files about $method, which this build does not have"
done
exit $status
