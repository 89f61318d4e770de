#!/usr/bin/env bash
# The kernels compile for aarch64 (NEON), and nothing above the baseline is left in them.
set -euo pipefail
cxx=aarch64-linux-gnu-g++
command -v $cxx >/dev/null || { echo "skipped: $cxx is not installed"; exit 77; }
[ -d /usr/include/xsimd ] || { echo "skipped: xsimd is not installed"; exit 77; }
cd "$(dirname "$0")/../.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
ln -s /usr/include/xsimd "$work/xsimd"  # not -I/usr/include: that holds the host's headers
for f in src/core/simd/*.cpp $(ls src/core/*/*kernels_*.cpp | grep -v '^src/core/simd/'); do
  name=${f#src/core/}; name=${name//\//_}
  $cxx -std=gnu++20 -O2 -Wall -Wextra -Isrc -isystem "$work" -c "$f" -o "$work/${name%.cpp}.o"
done
# Not grep -q: it would leave before nm is done, which pipefail calls a failure.
aarch64-linux-gnu-nm -C "$work/simd_kernels_baseline.o" | grep baseline_kernels >/dev/null
if aarch64-linux-gnu-nm "$work"/*kernels_avx*.o | grep -i ' [TtDdRr] '; then
  echo "an x86 kernel file is not empty on aarch64"; exit 1
fi
echo "aarch64: $(ls "$work"/*.o | wc -l) files compiled"
