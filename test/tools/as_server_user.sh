# Sourced. PostgreSQL refuses to run as root: root steps down to the user postgres.
server_user=$(id -un)
if [ "$(id -u)" = 0 ]; then
  server_user=${RUVECTOR_SERVER_USER:-postgres}
  id "$server_user" >/dev/null 2>&1 || useradd --system --no-create-home --shell /bin/sh "$server_user"
fi
as_server_user() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u "$server_user" -- "$@"); else "$@"; fi
}
reachable_by_server_user() { as_server_user test -x "$1" && as_server_user test -r "$1"; }
