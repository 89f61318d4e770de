#!/usr/bin/env bash
# check_kernel_symbols.sh BUILD_DIR -- kernel objects of two levels share no weak symbol: the linker
# would keep one copy for both, perhaps the one with instructions this CPU lacks.
set -euo pipefail
cd "$1"
objects=$(find src/core -name '*kernels_*.o' | sort)
[ "$(wc -w <<<"$objects")" -ge 4 ] || { echo "kernel objects not found"; exit 1; }
shared=$(for o in $objects; do nm "$o" | awk '$(NF-1) ~ /^[VWuvw]$/ {print $NF}' | sort -u; done | sort | uniq -d)
[ -z "$shared" ] || { echo "weak symbols in more than one level:"; echo "$shared" | c++filt; exit 1; }
echo "kernel symbols: $(wc -w <<<"$objects") objects share none"
