#!/usr/bin/env bash
# other_postgres.sh SUITE DIR [CTEST-ARGUMENTS...] -- builds this checkout and runs its tests against the
# PostgreSQL of another Debian suite (trixie: 17, sid: 18), in a chroot that is made below DIR and kept
# for the next time. Needs root, debootstrap, about 2.5 GB. Nothing outside DIR is changed.
# Default: the SQL, isolation, documentation and TAP tests; what knows nothing of PostgreSQL is not
# tested again. MIRROR is taken from the environment or apt's sources.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
suite=$1; mkdir -p "$2"; dir=$(cd "$2" && pwd); shift 2
[ $# -gt 0 ] || set -- -L 'pgtap|docs|tap|isolation'
case $suite in
  bookworm) pg=15 ;;
  trixie) pg=17 ;;
  sid|forky) pg=18 ;;
  *) echo "which PostgreSQL $suite has is not known here" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/../.."
mirror=${MIRROR:-$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
  sed -nE 's/^(URIs:|deb) +(\[[^]]*\] +)?(https?:[^ ]*debian)\/?( .*|$)/\3/p' | head -1)}
[ -n "$mirror" ] || { echo "no Debian mirror found: set MIRROR" >&2; exit 2; }
root=$dir/$suite
if [ ! -e "$root/var/lib/dpkg/status" ]; then
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$dir/$suite.log" 2>&1 || { tail -5 "$dir/$suite.log"; exit 1; }
fi
# A mirror that lags behind is good enough for a test.
echo 'Acquire::Check-Valid-Until "false";' > "$root/etc/apt/apt.conf.d/90lagging-mirror"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
# The files as they are here, committed or not; what is no longer here goes.
mkdir -p "$root/src/ruvector"
find "$root/src/ruvector" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -xf - -C "$root/src/ruvector"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 RUVECTOR_PG=$pg "$@"; }
inside bash -c 'cd /src/ruvector && test/tools/install_packages.sh server'
inside bash -euc 'cd /src/ruvector
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG" \
    -DRUVECTOR_WERROR=OFF -DRUVECTOR_BUILD_BENCH=OFF >build.log || { tail build.log; exit 1; }
  ninja -k0 -C build ruvector ruvector_sql ruvector_test >build.log || { grep -A15 FAILED: build.log; exit 1; }
  ctest --test-dir build -j2 --output-on-failure --no-tests=error "$@"' ctest "$@"
