#!/usr/bin/env bash
# install_packages.sh build|tour|test -- installs the Debian packages that are missing.
set -euo pipefail
build="g++ cmake ninja-build ccache make postgresql-15 postgresql-server-dev-15 libtbb-dev libeigen3-dev libxsimd-dev"
tour="wordnet-base"
test="libgtest-dev nlohmann-json3-dev libbenchmark-dev postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl libipc-run-perl
  clang clang-format clang-tidy libclang-rt-14-dev g++-aarch64-linux-gnu binutils libpq-dev zlib1g-dev liblzma-dev python3"
case ${1:-build} in
  build) wanted=$build ;;
  tour) wanted="$build $tour" ;;
  test) wanted="$build $tour $test" ;;
  *) echo "usage: $0 build|tour|test" >&2; exit 2 ;;
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
