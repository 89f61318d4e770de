#!/usr/bin/env bash
# private_server.sh BUILD_DIR -- a relocated copy of the installed PostgreSQL below BUILD_DIR/server
# with this build of ruvector (and its test extension) installed into it. Nothing is written to
# system directories. Prints the bin directory. Debian's PostgreSQL finds share and lib relative to
# the binary, so the tree is copied as it is; what the server only reads is linked.
set -euo pipefail
umask 022  # the server's user must be able to look into the tree
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/as_server_user.sh"
config=${PG_CONFIG:-pg_config}
bin=$("$config" --bindir) lib=$("$config" --pkglibdir) share=$("$config" --sharedir)

# Root builds where the server's user cannot look (/root): place the tree elsewhere and link to it.
# /tmp itself is sticky: whoever owns the build must own the folder.
server=$build/server
if [ ! -e "$server" ]; then
  if reachable_by_server_user "$build"; then
    mkdir -p "$server"
  else
    real=${TMPDIR:-/var/tmp}/ruvector-$(printf %s "$build" | cksum | cut -d' ' -f1)
    rm -rf "$real"; mkdir -m 755 "$real"; ln -sfn "$real" "$server"
  fi
fi
server=$(cd "$server" && pwd -P)

if [ ! -x "$server$bin/postgres" ]; then
  mkdir -p "$server$bin" "$server$lib" "$server$share/extension"
  cp -a "$bin/." "$server$bin/"
fi
# Again at every run: packages (pgTAP) may have been installed since. Our own copies stay.
link_new() { [ -e "$2/${1##*/}" ] || ln -sfn "$1" "$2/"; }
for f in "$lib"/*; do link_new "$f" "$server$lib"; done
for f in "$share"/*; do link_new "$f" "$server$share"; done
for f in "$share"/extension/*; do link_new "$f" "$server$share/extension"; done

# A server that has the old file mapped keeps it: replace, never overwrite.
put() { [ ! -L "$2/$(basename "$1")" ] || rm "$2/$(basename "$1")"; install -m 644 "$1" "$2/.new" && mv -f "$2/.new" "$2/$(basename "$1")"; }
put "$build/src/pg/ruvector.so" "$server$lib"
put "$here/../../ruvector.control" "$server$share/extension"
for f in "$build"/ruvector--*.sql; do put "$f" "$server$share/extension"; done
if [ -f "$build/test/module/ruvector_test.so" ]; then
  put "$build/test/module/ruvector_test.so" "$server$lib"
  for f in "$here"/../module/*.control "$here"/../module/*--*.sql; do put "$f" "$server$share/extension"; done
  # The empty extension vector of sql/pgvector_name, as a version beside the stand-in for pgvector.
  pgvector_name=$here/../../sql/pgvector_name
  version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$pgvector_name/vector.control")
  put "$pgvector_name/vector--$version.sql" "$server$share/extension"
  grep -v '^default_version' "$pgvector_name/vector.control" > "$server$share/extension/vector--$version.control"
  chmod 644 "$server$share/extension/vector--$version.control"
fi
echo "$server$bin"
