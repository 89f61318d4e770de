#!/usr/bin/env bash
# clients.sh [OUTCOMES [CALLS [CLIENTS]]] -- ruvector_route() by one client and by CLIENTS (16) at once: 20 agents, kNN over
# OUTCOMES, a cached model, and that with the default exploration. For each: wall clock p50 and p95 of a call, CPU time of a call (median of batches; what a
# batch does besides is measured and taken off), and calls a second of all clients together. On a machine of fewer
# processors than clients the wall clock of a call is mostly waiting for one: what can be compared there is the CPU time,
# and that the throughput does not fall.
#   test/tools/cluster.sh up build && test/tools/cluster.sh with build bench/routing/clients.sh
set -euo pipefail
export LC_ALL=C
outcomes=${1:-100000} calls=${2:-200} clients=${3:-16} batches=10 database=route_clients_$$
psql -X -q -d postgres -c "CREATE DATABASE $database TEMPLATE rv_template"
work=$(mktemp -d)
trap 'rm -rf "$work"; psql -X -q -d postgres -c "DROP DATABASE $database WITH (FORCE)" || true' EXIT
run() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
run -v outcomes="$outcomes" -f "$(dirname "$0")/agents_and_outcomes.sql"
run >/dev/null <<SQL
CREATE TABLE measured (what text, clients int, cpu_us float8, empty_us float8, wall_us float8[], began timestamptz, ended timestamptz);
-- CPU of this backend until now. The kernel counts a running process now and then: too coarse for a call, not for a batch.
CREATE FUNCTION cpu_us() RETURNS float8 LANGUAGE sql VOLATILE AS \$\$SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::float8 / 1000\$\$;
CREATE PROCEDURE batch(what text, clients int, calls int, first int) LANGUAGE plpgsql AS \$\$
DECLARE e vector; t timestamptz; took float8[] := '{}'; c0 float8; c1 float8; c2 float8; began timestamptz;
BEGIN
  c0 := cpu_us();
  FOR j IN 1..calls LOOP
    SELECT p INTO e FROM points WHERE points.i = (first + j) % 1000 + 1;
    t := clock_timestamp();
    took := took || extract(epoch FROM clock_timestamp() - t)::float8 * 1e6;
  END LOOP;
  took := '{}';
  began := clock_timestamp();
  c1 := cpu_us();
  FOR j IN 1..calls LOOP
    SELECT p INTO e FROM points WHERE points.i = (first + j) % 1000 + 1;
    t := clock_timestamp();
    PERFORM ruvector_route('a request', embedding := e);
    took := took || extract(epoch FROM clock_timestamp() - t)::float8 * 1e6;
  END LOOP;
  c2 := cpu_us();
  IF clients > 0 THEN INSERT INTO measured VALUES (what, clients, (c2 - c1) / calls, (c1 - c0) / calls, took, began, clock_timestamp()); END IF;
END \$\$;
VACUUM ANALYZE;
SQL
session() {  # what, clients, number
  {
    [[ $1 = *exploration ]] || echo "SET ruvector.route_exploration = 0;"
    echo "CALL batch('$1', 0, 50, $3 * 61);"  # reads the outcomes
    echo "SELECT pg_advisory_lock_shared(1); SELECT pg_advisory_unlock_shared(1);"
    for b in $(seq $batches); do echo "CALL batch('$1', $2, $calls, $3 * 61 + $b * 17);"; done
  } | run >/dev/null
}
phase() {  # what, clients
  coproc GATE { psql -X -q -At -d "$database"; }
  echo "SELECT pg_advisory_lock(1);" >&"${GATE[1]}"
  read -r -t 60 _ <&"${GATE[0]}"
  local sessions=()
  for n in $(seq "$2"); do session "$1" "$2" "$n" & sessions+=($!); done
  # All have read the outcomes and wait.
  until [ "$(run -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")" = "$2" ]; do sleep 0.2; done
  local gate=$GATE_PID
  echo "SELECT pg_advisory_unlock(1);" >&"${GATE[1]}"
  wait "${sessions[@]}"
  eval "exec ${GATE[1]}>&-"
  wait "$gate" 2>/dev/null || true
}
for what in "knn over $outcomes outcomes" 'ridge model' 'ridge model with the default exploration'; do
  [ "$what" != 'ridge model' ] || run -c "SELECT ruvector_train_router('default', 'ridge', '{\"promote\": true}')" >/dev/null
  for n in 1 "$clients"; do phase "$what" "$n"; done
done
echo "$(nproc) processors, $batches batches of $calls calls a client"
run -c "SELECT format('%s, %s clients: wall p50 %s us, p95 %s us; CPU %s us a call; %s calls a second', what, clients, round(p50::numeric, 1), round(p95::numeric, 1), round(cpu::numeric, 1), round(rate::numeric))
  FROM (SELECT what, clients, percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_us - empty_us) AS cpu,
      sum(cardinality(wall_us)) / extract(epoch FROM max(ended) - min(began)) AS rate, min(began) AS at FROM measured GROUP BY 1, 2) a
  JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY w) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY w) AS p95
    FROM measured m, unnest(m.wall_us) w WHERE m.what = a.what AND m.clients = a.clients) l ON true ORDER BY at"
