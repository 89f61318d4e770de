#!/usr/bin/env bash
# run_tap.sh BUILD_DIR FILE.pl -- one TAP test with PostgreSQL::Test::Cluster on the private server.
set -euo pipefail
umask 022
build=$(cd "$1" && pwd) file=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/as_server_user.sh"
config=${PG_CONFIG:-pg_config}
server=$(cd "$build/server" && pwd -P)
modules=$(dirname "$("$config" --pgxs)")/../../src/test/perl
work=$server/tap/$(basename "$file" .pl)
rm -rf "$work"; mkdir -p "$work/t"; cp "$file" "$(dirname "$file")"/*.pm "$work/t/"
# A standby that a slow machine leaves behind must still find what it has not read.
echo "wal_keep_size = 1GB" >"$work/extra.conf"
if [ "$(id -u)" = 0 ]; then chown -R "$server_user" "$work"; fi
as_server_user env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE LC_ALL=C \
  PATH="$server$("$config" --bindir):$PATH" TEMP_CONFIG="$work/extra.conf" TESTDIR="$work" TESTDATADIR="$work/tmp_check" \
  TESTLOGDIR="$work/log" PG_REGRESS=/bin/true PGPORT=65432 \
  bash -c "cd '$work' && prove -I '$modules' -I t t/$(basename "$file")"
