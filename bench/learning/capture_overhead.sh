#!/usr/bin/env bash
# capture_overhead.sh [ROWS [SEARCHES]] -- what noting scans costs a search: instructions of the backend (perf), else
# its CPU time, for learning off, observing 1 % of the scans, observing all of them; the least of nine rounds, since
# other work on the machine only adds.
#   test/tools/cluster.sh up build && test/tools/cluster.sh with build bench/learning/capture_overhead.sh
set -euo pipefail
rows=${1:-20000} searches=${2:-2000} database=capture_overhead_$$
psql -X -q -d postgres -c "CREATE DATABASE $database TEMPLATE rv_template"
trap 'exec 3>&- || true; psql -X -q -d postgres -c "DROP DATABASE $database WITH (FORCE)" || true' EXIT
coproc SESSION { psql -X -q -At -d "$database" 2>&1; }
exec 3>&"${SESSION[1]}" 4<&"${SESSION[0]}"
ask() { printf '%s\n' "$1" "SELECT 'done';" >&3; local line; while read -r line <&4; do [ "$line" = 'done' ] && break; echo "$line"; done; }
ask "SELECT setseed(0.5);
CREATE TABLE items (id int PRIMARY KEY, v vector(128));
INSERT INTO items SELECT i, (SELECT array_agg((sin(i % 500 * d) + random())::real) FROM generate_series(1, 128) d)::vector FROM generate_series(1, $rows) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);
SELECT ruvector_enable_feature('learning', 'items');
SET enable_seqscan = off;
CREATE FUNCTION run(n int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE q vector;
BEGIN
  FOR i IN 1..n LOOP
    SELECT v INTO q FROM items WHERE id = i % $rows + 1;
    PERFORM id FROM items ORDER BY v <-> q LIMIT 10;
  END LOOP;
END \$\$;" >/dev/null
pid=$(ask 'SELECT pg_backend_pid();')
measure() {  # prints instructions, or nanoseconds of CPU
  if [ "$unit" = instructions ]; then
    perf stat -x, -e instructions:u -p "$pid" -o "$counts" sleep 1000 & local perf=$!
    sleep 0.3
    ask "$1 SELECT run($searches);" >/dev/null
    kill -INT $perf; wait $perf 2>/dev/null || true
    grep instructions "$counts" | cut -d, -f1
  else
    ask "$1 SELECT run(1);" >/dev/null
    local before after
    read -r before _ <"/proc/$pid/schedstat"
    ask "SELECT run($searches);" >/dev/null
    read -r after _ <"/proc/$pid/schedstat"
    echo $((after - before))
  fi
}
counts=$(mktemp) unit=instructions
perf stat -x, -e instructions:u -o "$counts" true 2>/dev/null && grep -q '^[0-9]' <(grep instructions "$counts") || unit='ns of CPU'
off='SET ruvector.learning = off;'
some='SET ruvector.learning = observe; SET ruvector.trajectory_sample_rate = 0.01; SET ruvector.audit_rate = 0.001;'
all='SET ruvector.learning = observe; SET ruvector.trajectory_sample_rate = 1; SET ruvector.audit_rate = 0.001;'
measure "$off" >/dev/null
declare -A values=([off]= [some]= [all]=)
for _ in 1 2 3 4 5 6 7 8 9; do
  values[off]+="$(measure "$off") "; values[some]+="$(measure "$some") "; values[all]+="$(measure "$all") "
done
rm -f "$counts"
least() { tr ' ' '\n' <<<"$1" | grep . | sort -n | head -1; }
base=$(least "${values[off]}")
echo "unit: $unit, $searches searches of $rows vectors of 128 dimensions"
for what in off some all; do
  v=$(least "${values[$what]}")
  awk -v w="$what" -v v="$v" -v b="$base" -v n="$searches" 'BEGIN { printf "%-5s %.0f a search, %+.2f %%\n", w, v / n, 100 * (v / b - 1) }'
done
