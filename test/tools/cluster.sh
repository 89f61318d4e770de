#!/usr/bin/env bash
# cluster.sh up|down|pgtap|sql|isolation|psql|with BUILD_DIR [FILE | COMMAND...] -- one throw-away cluster for ctest.
#   up     private server, initdb, start, template database with pgtap + ruvector + ruvector_test
#   pgtap  FILE in a database of its own, through pg_prove
#   sql    FILE in a database of its own, psql, stops at the first error
#   isolation  FILE (test/isolation/specs/X.spec) in a database of its own, against test/isolation/expected/X.out
#   with   runs a command with PGHOST and so on set to the cluster
#   down   stop; fails when the log tells of a crash
set -euo pipefail
umask 022
verb=$1 build=$(cd "$2" && pwd) file=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/as_server_user.sh"
config=${PG_CONFIG:-pg_config}
server=$(cd "$build" && { [ -d server ] && cd server && pwd -P; } || true)
bin=$server$("$config" --bindir)
home=$server/test-cluster data=$server/test-cluster/data
# The socket folder tells clusters apart; socket paths must be short.
sockets=/tmp/rv-$(printf %s "$build" | cksum | cut -d' ' -f1)
export PGHOST=$sockets PGPORT=5432 PGUSER=ruvector PGDATABASE=postgres
unset PGOPTIONS PGSERVICE PGPASSWORD
psql() { "$bin/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }

fresh_database() {
  db="t_$(basename "$file" | tr -c 'a-z0-9\n' _)_$$"
  # A template can be copied by one session at a time.
  flock "$home/template.lock" "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d postgres -c "CREATE DATABASE $db TEMPLATE rv_template"
  trap '"$bin/psql" -X -q -d postgres -c "DROP DATABASE $db WITH (FORCE)" >/dev/null 2>&1 || true' EXIT
}

case $verb in
  up)
    "$here/private_server.sh" "$build" >/dev/null
    server=$(cd "$build/server" && pwd -P); bin=$server$("$config" --bindir)
    home=$server/test-cluster data=$home/data
    [ -d "$data" ] && as_server_user "$bin/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$home" "$sockets"; mkdir -p "$home" "$sockets"; touch "$home/template.lock"
    chmod 777 "$home/template.lock"
    if [ "$(id -u)" = 0 ]; then chown "$server_user" "$home" "$sockets"; fi
    as_server_user "$bin/initdb" -D "$data" -U ruvector -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null
    # shellcheck disable=SC2086  # words: NAME=VALUE for the server only (test/tools/asan_run.sh)
    as_server_user env ${RUVECTOR_SERVER_ENV:-} "$bin/pg_ctl" -D "$data" -w -l "$home/log" start -o "-p 5432 -k $sockets \
      -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60 \
      -c shared_buffers=256MB -c jit=off" >/dev/null
    psql -d postgres -c "CREATE DATABASE rv_template"
    psql -d rv_template -c "CREATE EXTENSION pgtap" -c "CREATE EXTENSION ruvector"
    psql -d postgres -c "ALTER DATABASE rv_template IS_TEMPLATE true" ;;
  down)
    as_server_user "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null
    if grep -nE 'TRAP|PANIC|terminated by signal|reinitializing|Sanitizer|runtime error:' "$home/log"; then
      echo "the server log tells of a crash: $home/log"; exit 1
    fi
    rm -rf "$data" ;;
  pgtap) fresh_database; pg_prove -q --psql-bin "$bin/psql" -d "$db" "$file" ;;
  sql)   fresh_database; psql -d "$db" -f "$file" ;;
  isolation)
    fresh_database
    # Debian: the tools are in postgresql-server-dev, beside the PGXS makefiles.
    tester=$(dirname "$("$config" --pgxs)")/../../src/test/isolation/pg_isolation_regress
    [ -x "$tester" ] || { echo "skipped: $tester is not installed"; exit 77; }
    name=$(basename "$file" .spec) out=$(mktemp -d "${TMPDIR:-/tmp}/rv-isolation.XXXXXX")
    "$tester" --use-existing --dbname="$db" --bindir="$bin" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
      --inputdir="$(dirname "$file")/.." --outputdir="$out" "$name" >"$out/log" 2>&1 || {
      cat "$out/log"; find "$out" -name regression.diffs -exec cat {} +; rm -rf "$out"; exit 1; }
    rm -rf "$out" ;;
  with)  shift 2; exec "$@" ;;
  psql)  exec "$bin/psql" -X -d postgres ;;
  *) echo "usage: $0 up|down|pgtap|sql|isolation|psql BUILD_DIR [FILE]" >&2; exit 2 ;;
esac
