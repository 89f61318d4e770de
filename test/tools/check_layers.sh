#!/usr/bin/env bash
# Who may include whom (docs/architecture.md), and a few rules that a grep can see.
set -u
cd "$(dirname "$0")/../.."
bad=0
complain() { if [ -n "$2" ]; then echo "$1:"; echo "$2"; bad=1; fi; }
complain "src/core must not see PostgreSQL" \
  "$(grep -rnE '#include *[<"](postgres\.h|fmgr\.h|miscadmin\.h|access/|storage/|utils/|catalog/|pg/)' src/core)"
complain "PostgreSQL's headers come only through pg/base/pg.h" \
  "$(grep -rnE '#include *"(postgres|fmgr|miscadmin)\.h"' src/pg | grep -v '^src/pg/base/pg\.h:')"
complain "PG_VERSION_NUM belongs into compat.h" \
  "$(grep -rn PG_VERSION_NUM src | grep -v '^src/pg/base/compat\.h:')"
complain "no #ifdef on features: features.inc is the only switch" "$(grep -rnE '#if.*RUVECTOR_WITH' src)"
complain "kernel files include nothing but xsimd and intrinsics" \
  "$(grep -nE '#include' src/core/*/*.inc.h src/core/*/*kernels_*.cpp 2>/dev/null |
     grep -vE '<(cstddef|cstdint|immintrin\.h|arm_neon\.h|xsimd/xsimd\.hpp)>|"core/[a-z]+/[a-z0-9_]+(\.inc)?\.h"')"
# A feature's room includes the rooms below it, never another feature's.
features='sparse hyperbolic attention gnn graph learning routing'
for f in $features; do
  others=$(for o in $features; do [ "$o" = "$f" ] || printf '%s|' "$o"; done); others=${others%|}
  [ -d "src/core/$f" ] && complain "core/$f may not include another feature" \
    "$(grep -rnE "#include \"(core|pg)/($others)/" "src/core/$f")"
  [ -d "src/pg/$f" ] && complain "pg/$f may not include another feature" \
    "$(grep -rnE "#include \"(core|pg)/($others)/" "src/pg/$f")"
done
complain "the shared rooms may not include a feature" \
  "$(grep -rnE "#include \"(core|pg)/(${features// /|})/" src/core/base src/core/simd src/core/types src/core/parallel src/core/text src/core/geometry src/pg/base src/pg/types)"
complain "files over 500 lines" \
  "$(find src -name '*.cpp' -o -name '*.h' | xargs wc -l | awk '$2 != "total" && $1 > 500')"
# Two types of one name would share constructors and destructors: the linker keeps one of each.
complain "types that two files define under one name" \
  "$(find src \( -name '*.h' -o -name '*.cpp' \) -exec awk '
     FNR == 1 { room = ""; hidden = 0 }
     /^(inline )?namespace [A-Za-z_:]+ \{/ { room = $(NF - 1) }
     /^namespace \{/ { hidden = 1 }
     /^\} *\/\/ namespace$/ { hidden = 0 }
     /^(struct|class|enum) [^;]*\{/ && !hidden {
       name = $2 == "class" ? $3 : $2
       if (name !~ /::/) print room "::" name, FILENAME
     }' {} + | sort -u | awk '$1 == last { print $1 ": " file " and " $2 } { last = $1; file = $2 }')"
complain "unfinished words" "$(grep -rnwE 'TODO|FIXME|XXX|HACK' src sql include)"
[ $bad = 0 ] && echo "layers: ok"
exit $bad
