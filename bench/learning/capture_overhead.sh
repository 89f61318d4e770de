#!/usr/bin/env bash
# capture_overhead.sh [ROWS [SEARCHES [ROUNDS]]] -- what noting scans costs a search: CPU time of the backend for learning
# off, observing 1 % of the scans, observing all of them. Each round measures the three in an order of its own and compares
# them with each other, so that what else the machine does falls on all alike; the median of the rounds' ratios is
# reported with its 95 % interval (order statistics). Rounds go on until both intervals are on one side of the bars, 1 %
# and 3 %, or ROUNDS is reached; a bar within its interval is left undecided, which counts as missed.
#   test/tools/cluster.sh up build && test/tools/cluster.sh with build bench/learning/capture_overhead.sh
set -euo pipefail
export LC_ALL=C
rows=${1:-20000} searches=${2:-100} most=${3:-1500} least=100 database=capture_overhead_$$
psql -X -q -d postgres -c "CREATE DATABASE $database TEMPLATE rv_template"
work=$(mktemp -d)
trap 'exec 3>&- || true; rm -rf "$work"; psql -X -q -d postgres -c "DROP DATABASE $database WITH (FORCE)" || true' EXIT
coproc SESSION { psql -X -q -At -d "$database" 2>&1; }
exec 3>&"${SESSION[1]}" 4<&"${SESSION[0]}"
ask() { printf '%s\n' "$1" "SELECT 'done';" >&3; local line; while read -r line <&4; do [ "$line" = 'done' ] && break; echo "$line"; done; }
ask "SELECT setseed(0.5);
CREATE TABLE items (id int PRIMARY KEY, v vector(128));
INSERT INTO items SELECT i, (SELECT array_agg((sin(i % 500 * d) + random())::real) FROM generate_series(1, 128) d)::vector FROM generate_series(1, $rows) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);
SELECT ruvector_enable_feature('learning', 'items');
SET enable_seqscan = off;
CREATE FUNCTION run(n int, first int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE q vector;
BEGIN
  FOR i IN first..first + n - 1 LOOP
    SELECT v INTO q FROM items WHERE id = i % $rows + 1;
    PERFORM id FROM items ORDER BY v <-> q LIMIT 10;
  END LOOP;
END \$\$;" >/dev/null
pid=$(ask 'SELECT pg_backend_pid();')
declare -A set=(
  [off]='SET ruvector.learning = off;'
  [some]='SET ruvector.learning = observe; SET ruvector.trajectory_sample_rate = 0.01; SET ruvector.audit_rate = 0.001;'
  [all]='SET ruvector.learning = observe; SET ruvector.trajectory_sample_rate = 1; SET ruvector.audit_rate = 0.001;')
measure() {  # nanoseconds of CPU for the round's queries
  ask "${set[$1]} SELECT run(1, $2);" >/dev/null
  local before after
  read -r before _ <"/proc/$pid/schedstat"
  ask "SELECT run($searches, $2);" >/dev/null
  read -r after _ <"/proc/$pid/schedstat"
  echo $((after - before))
}
interval() {  # median and its 95 % interval of a file of percentages
  sort -g "$1" | awk '{ v[NR] = $1 } END { h = 0.98 * sqrt(NR); l = int(NR / 2 - h); u = int(NR / 2 + 1 + h + 0.999)
    if (l < 1) l = 1; if (u > NR) u = NR; m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.3f %.3f %.3f\n", m, v[l], v[u] }'
}
decided() {  # the interval is on one side of the bar
  interval "$work/$1" | awk -v bar="$2" '{ exit !($3 <= bar || $2 > bar) }'
}
for what in off some all; do measure $what 0 >/dev/null; done
round=0
orders=('off some all' 'some all off' 'all off some' 'all some off' 'some off all' 'off all some')
while [ $round -lt "$most" ]; do
  first=$((round * searches % rows))
  declare -A spent=()
  for what in ${orders[round % 6]}; do spent[$what]=$(measure $what $first); done
  echo "${spent[off]}" >>"$work/off"
  for what in some all; do awk -v a="${spent[$what]}" -v b="${spent[off]}" 'BEGIN { print 100 * (a / b - 1) }' >>"$work/$what"; done
  round=$((round + 1))
  [ $round -lt $least ] || [ $((round % 10)) -ne 0 ] || { decided some 1 && decided all 3 && break; }
done
echo "$round rounds of $searches searches of $rows vectors of 128 dimensions; $(sort -g "$work/off" | awk -v n="$searches" '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / n / 1000 }') us of CPU a search with learning off"
for bar in 'some 1' 'all 3'; do
  interval "$work/${bar% *}" | awk -v w="${bar% *}" -v bar="${bar#* }" '{ printf "%-5s %+.2f %% (95 %%: %+.2f to %+.2f), bar %d %%: %s\n", w, $1, $2, $3, bar, ($3 <= bar ? "kept" : ($2 > bar ? "missed" : "undecided")) }'
done
