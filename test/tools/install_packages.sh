#!/usr/bin/env bash
# install_packages.sh build|tour|server|test -- installs the Debian packages that are missing.
#   server   what the tests against a server need; test: everything
# Environment: RUVECTOR_PG, the PostgreSQL version (default 15, Debian 12's).
set -euo pipefail
pg=${RUVECTOR_PG:-15}
build="g++ cmake ninja-build ccache make postgresql-$pg postgresql-server-dev-$pg libtbb-dev libeigen3-dev libxsimd-dev"
tour="wordnet-base"
server="libgtest-dev nlohmann-json3-dev postgresql-$pg-pgtap libtap-parser-sourcehandler-pgtap-perl libipc-run-perl
  binutils libpq-dev zlib1g-dev liblzma-dev python3 python3-psycopg2"
test="libbenchmark-dev clang clang-format clang-tidy libclang-rt-14-dev g++-aarch64-linux-gnu"
case ${1:-build} in
  build) wanted=$build ;;
  tour) wanted="$build $tour" ;;
  server) wanted="$build $tour $server" ;;
  test) wanted="$build $tour $server $test" ;;
  *) echo "usage: $0 build|tour|server|test" >&2; exit 2 ;;
esac
missing=()
for p in $wanted; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
if [ ${#missing[@]} = 0 ]; then echo "all packages are installed"; exit 0; fi
echo "installing: ${missing[*]}"
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
# Installing the server package would create and start a cluster; this project makes its own.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  $sudo mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
