#!/usr/bin/env bash
# cpu.sh [OUTCOMES [DECISIONS]] -- CPU time of ruvector_route() and _explain() in a server: 20 agents, one session, the
# median of five rounds, without exploration and with the default one. Unlike latency.sql it can be trusted on a busy
# machine.
#   test/tools/cluster.sh up build && test/tools/cluster.sh with build bench/routing/cpu.sh
set -euo pipefail
outcomes=${1:-100000} decisions=${2:-1000} database=route_cpu_$$
psql -X -q -d postgres -c "CREATE DATABASE $database TEMPLATE rv_template"
trap 'exec 3>&- || true; psql -X -q -d postgres -c "DROP DATABASE $database WITH (FORCE)" || true' EXIT
coproc SESSION { psql -X -q -At -d "$database" 2>&1; }
exec 3>&"${SESSION[1]}" 4<&"${SESSION[0]}"
ask() { printf '%s\n' "$1" "SELECT 'done';" >&3; local line; while read -r line <&4; do [ "$line" = 'done' ] && break; echo "$line"; done; }
ask "SET ruvector.route_exploration = 0;
\\set outcomes $outcomes
\\i $(cd "$(dirname "$0")" && pwd)/agents_and_outcomes.sql
ANALYZE;
CREATE FUNCTION run(what text, n int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE e vector;
BEGIN
  FOR j IN 1..n LOOP
    SELECT p INTO e FROM points WHERE points.i = j % 1000 + 1;
    IF what = 'explain' THEN PERFORM ruvector_route_explain('a request', embedding := e);
    ELSIF what = 'route' THEN PERFORM ruvector_route('a request', embedding := e); END IF;
  END LOOP;
END \$\$;" >/dev/null
pid=$(ask 'SELECT pg_backend_pid();')
spent() {  # mean microseconds of CPU
  ask "SELECT run('$1', 20);" >/dev/null
  local before after
  for _ in 1 2 3 4 5; do
    read -r before _ <"/proc/$pid/schedstat"
    ask "SELECT run('$1', $decisions);" >/dev/null
    read -r after _ <"/proc/$pid/schedstat"
    echo $(((after - before) / decisions))
  done | sort -n | sed -n 3p
}
report() {
  local nothing=$(spent nothing) route=$(spent route) explain=$(spent explain)
  awk -v w="$1" -v r="$((route - nothing))" -v e="$((explain - nothing))" 'BEGIN { printf "%s: route %.1f us, explain %.1f us of CPU\n", w, r / 1000, e / 1000 }'
}
report "knn over $outcomes outcomes"
ask "SELECT ruvector_train_router('default', 'ridge', '{\"promote\": true}');" >/dev/null
report 'ridge model'
ask 'RESET ruvector.route_exploration;' >/dev/null
report 'ridge model, default exploration'
