#!/usr/bin/env bash
# check_kernel_symbols.sh BUILD_DIR -- kernel objects of two levels share no weak symbol, nor
# with any other object: the linker would keep one copy for both, perhaps the one with instructions this CPU lacks.
set -euo pipefail
cd "$1"
objects=$(find src/core -name '*kernels_*.o' | sort)
[ "$(wc -w <<<"$objects")" -ge 4 ] || { echo "kernel objects not found"; exit 1; }
shared=$(for o in $objects; do nm "$o" | awk '$(NF-1) ~ /^[VWuvw]$/ {print $NF}' | sort -u; done | sort | uniq -d)
[ -z "$shared" ] || { echo "weak symbols in more than one level:"; echo "$shared" | c++filt; exit 1; }
# Nor with any other object of the module.
defined() { for o in "$@"; do nm "$o" | awk '$(NF-1) ~ /^[VWu]$/ {print $NF}'; done | sort -u; }
# shellcheck disable=SC2086  # words
shared=$(comm -12 <(defined $objects) <(defined $(find src/core src/pg -name '*.o' ! -name '*kernels_*.o')))
[ -z "$shared" ] || { echo "weak symbols of kernels in other objects, too:"; echo "$shared" | c++filt; exit 1; }
echo "kernel symbols: $(wc -w <<<"$objects") objects share none with each other or with the rest"
