#!/usr/bin/env bash
# doc_sql.sh BUILD_DIR PAGE.md -- runs the page's ```sql blocks, in order, in a fresh database.
#   ```sql                  must succeed
#   ```sql error=22000      its last statement must fail with this SQLSTATE
#   ```sql skip -- reason   is not run; the reason is printed
set -euo pipefail
build=$1 page=$2
here=$(cd "$(dirname "$0")" && pwd)
script=$(mktemp "${TMPDIR:-/tmp}/doc_sql.XXXXXX.sql"); trap 'rm -f "$script"' EXIT
awk '
  /^```sql/ {
    spec = substr($0, 7); kind = "run"; code = ""
    if (spec ~ /skip/) { kind = "skip"; sub(/.*skip *-* */, "", spec); print "\\echo skipped: " spec }
    if (match(spec, /error=[0-9A-Z]+/)) { kind = "error"; code = substr(spec, RSTART + 6, RLENGTH - 6) }
    if (kind == "error") print "\\set ON_ERROR_STOP 0"
    inside = 1; next
  }
  /^```/ && inside {
    inside = 0
    if (kind == "error") {
      print "SELECT :'"'"'SQLSTATE'"'"' = '"'"'" code "'"'"' AS as_expected, :'"'"'SQLSTATE'"'"' AS block_sqlstate \\gset"
      print "\\set ON_ERROR_STOP 1\n\\if :as_expected\n\\else\n\\echo expected SQLSTATE " code ", got :block_sqlstate\nSELECT 1/0;\n\\endif"
    }
    if (kind != "skip") blocks++
    next
  }
  inside && kind != "skip" { print }
  END { print "\\echo " blocks + 0 " blocks run" }
' "$page" > "$script"
grep -qE '^```sql' "$page" || { echo "no SQL in $page"; exit 77; }
chmod 644 "$script"
"$here/cluster.sh" sql "$build" "$script" > "$script.out" 2>&1 || { tail -30 "$script.out"; rm -f "$script.out"; exit 1; }
grep -E '^(skipped|[0-9]+ blocks)' "$script.out"; rm -f "$script.out"
