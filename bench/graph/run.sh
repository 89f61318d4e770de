#!/usr/bin/env bash
# run.sh [CONNINFO [PART...]] -- the figures of property graphs through SQL, beside their bars: one table at the
# end, and exit code 1 when a bar is missed. As a superuser (the processor time of a backend comes from /proc),
# in a database of its own, which is made for it.
#   import      100,000 nodes and 1,000,000 edges by ruvector_graph_import, beside plain tables with the same indexes
#   queries     single MATCH, two hops, shortest path on that graph, random parameters
#   connect     the first query of a new connection, beside the same query warm
#   algorithms  projection, PageRank of 20 iterations, Louvain, components, triangles
#   social      the shared social graph (10k persons, 200k KNOWS, 50k posts): CPU time of each query beside hand-written
#               SQL on indexed tables, the short ones statement by statement in turns as well, and loads; needs
#               python3-psycopg2 and RUVECTOR_SHARED (default ../shared beside the checkout)
# All parts run when none is named; queries, connect and algorithms need import. Sizes: NODES, EDGES. Wall times need a
# quiet machine; CPU times hold on a busy one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=${RUVECTOR_SHARED:-$here/../../../shared}
connect=${1:-}; [ $# -gt 0 ] && shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(import queries connect algorithms social)
for part in "${parts[@]}"; do
  [ "$part" = social ] || [ "$part" = connect ] || [ -f "$here/$part.sql" ] ||
    { echo "no part $part: see the head of $0" >&2; exit 2; }
done
database=ruvector_bench_graph
server() { psql -X -q -v ON_ERROR_STOP=1 -d "${connect:-dbname=postgres}" "$@"; }
bench() { server -d "$connect dbname=$database" "$@"; }
figure() {  # PART WHAT VALUE UNIT [BAR]
  bench -c "INSERT INTO figures (part, what, value, unit, bar) VALUES ('$1', '$2', $3, '$4', ${5:-NULL})"
}
if [ "$(server -At -c "SELECT 1 FROM pg_database WHERE datname = '$database'")" != 1 ]; then
  server -c "CREATE DATABASE $database"
fi

connect_part() {
  local query="SELECT count(*) FROM ruvector_cypher('bench', 'MATCH (n:Node {id: \$id})-[:LINK]->(m:Node) RETURN m.id', '{\"id\": 77}')"
  local all=()
  for _ in 1 2 3 4 5 6 7 8 9; do
    # All in one connection: the first, and the median of those after it.
    all+=("$(bench -At <<SQL
SELECT now_ms() AS t \gset
$query \gset ignored_
SELECT now_ms() - :t AS first \gset
SELECT :first - median FROM measure(\$q\$ $query \$q\$, 21);
SQL
)")
  done
  figure connect 'first query over the warm one, median of 9' \
    "$(printf '%s\n' "${all[@]}" | sort -g | sed -n 5p)" ms 15
}

social_part() {
  local work python=/usr/bin/python3 dsn="$connect dbname=$database"
  work=$(mktemp -d "${TMPDIR:-/tmp}/rv-social.XXXXXX")
  "$python" "$shared/bench/graph/gen.py" "$work/csv" >&2
  bench -c "SELECT ruvector_drop_graph('snb', true)" -o /dev/null
  for engine in sql ruvector; do
    "$python" "$shared/bench/graph/bench.py" load "$engine" --csv "$work/csv" --dsn "$dsn" --json "$work/load_$engine.json" >&2
  done
  # The adapter of the plain tables does it too. In a database with autovacuum it happens by itself after a load.
  bench -c "VACUUM ANALYZE snb.node, snb.node_label, snb.edge"
  # The bulk import of the same rows, with the copying, the same indexes and VACUUM.
  bench -v csv="$work/csv" -f "$here/social_import.sql" >&2
  local apart=()
  if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    # The client on one processor and the backends on another. Where they come to lie by chance, a look-up takes half
    # as long again as elsewhere, whichever engine it is: waking the other side is counted to who does it.
    postmaster=$(bench -At -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    postmaster=$(ps -o ppid= -p "$postmaster" | tr -d ' ')
    processors=$(taskset -cp "$postmaster" | sed 's/.*: //')
    trap 'taskset -cp "$processors" "$postmaster" >/dev/null' EXIT
    taskset -cp 1 "$postmaster" >/dev/null
    apart=(taskset -c 0)
  fi
  for engine in sql ruvector; do
    "${apart[@]}" "$python" "$shared/bench/graph/bench.py" query "$engine" --dsn "$dsn" --json "$work/query_$engine.json" >&2
  done
  "$python" "$here/social_report.py" "$work" | bench -f -
  "${apart[@]}" "$python" "$here/social_turns.py" "$shared/bench/graph/bench.py" "$dsn" | bench -f -
  rm -rf "$work"
}

bench -f "$here/../neural/setup.sql"
for part in "${parts[@]}"; do
  echo "-- $part" >&2
  case $part in
    connect | social) "${part}_part" ;;
    *) bench -v nodes="${NODES:-100000}" -v edges="${EDGES:-1000000}" -f "$here/$part.sql" >&2 ;;
  esac
done
bench -f "$here/../neural/report.sql"
[ "$(bench -At -c "SELECT count(*) FROM figures WHERE met = false")" = 0 ]
