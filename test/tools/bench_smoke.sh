#!/usr/bin/env bash
# bench_smoke.sh BUILD_DIR -- the macro bench runs against the test cluster, finds every neighbour by
# exact search, tells an index that is not used, cleans up after itself, and its report is made.
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
bench=$build/bench/macro/ruvector_bench
[ -x "$bench" ] || { echo "skipped: ruvector_bench is not built"; exit 77; }
if [ "${2:-}" != inside ]; then exec "$here/cluster.sh" with "$build" "$0" "$build" inside; fi

work=$(mktemp -d); trap 'rm -rf "$work"; psql -X -q -d postgres -c "DROP DATABASE IF EXISTS bench_smoke WITH (FORCE)"' EXIT
psql -X -q -d postgres -c "CREATE DATABASE bench_smoke TEMPLATE rv_template"
run() { "$bench" --connect "dbname=bench_smoke" --rows 500 --dim 24 --queries 20 --repeat 1 "$@"; }
printf 'id,label\n' > "$work/rows.csv"; for i in $(seq 0 499); do echo "$i,$((i % 5))"; done >> "$work/rows.csv"
printf 'id,label\n' > "$work/queries.csv"; for i in $(seq 0 19); do echo "$i,$((i % 5))"; done >> "$work/queries.csv"
for metric in l2 cosine ip l1; do run --metric $metric --clients 1,2 --inserts 20 --delete 20 --out "$work/all.json" 2>/dev/null; done
run --type halfvec --name "half" --out "$work/all.json" 2>/dev/null
run --name "filtered" --attributes "$work/rows.csv" --query-attributes "$work/queries.csv" \
  --where 'label = $2' --where-attribute label --out "$work/all.json" 2>/dev/null
# An index that cannot serve the query: exit code 3, and the result is written all the same.
code=0; run --name "index beside" --index "btree (v)" --out "$work/all.json" 2>"$work/stderr" || code=$?
[ $code = 3 ] && grep -q 'the index was not used' "$work/stderr" || { echo "an unused index was not told: $code"; exit 1; }
# With one that can, when this build has it.
if psql -X -At -d bench_smoke -c "SELECT 1 FROM pg_am WHERE amname = 'hnsw'" | grep -q 1; then
  run --name "hnsw" --index "hnsw (v vector_l2_ops)" --set "enable_seqscan = off" --sweep hnsw.ef_search=40,100 \
    --clients 1 --inserts 20 --delete 20 --out "$work/all.json" 2>/dev/null
fi
python3 - "$work/all.json" <<'PY'
import json, sys
runs = [json.loads(line) for line in open(sys.argv[1])]
for run in runs:
    for key in ("results", "results_after_delete", "results_after_vacuum"):
        for r in run.get(key, []):
            exact = not run.get("index") or run["name"] == "index beside"
            assert r["recall"] == 1 if exact else r["recall"] > 0.9, (run["name"], key, r)
            assert r["queries_with_too_few_rows"] == 0 and r["cpu_ms"] > 0 and r["p50_ms"] <= r["p99_ms"], r
            assert r["index_used"] == (0 if exact else 1), (run["name"], r)
assert {run["metric"] for run in runs} == {"l2", "cosine", "ip", "l1"}
assert all(run["insert_autocommit"]["rows_per_s"] > 0 and run["results_after_vacuum"] for run in runs[:4])
assert all(set(r["qps"]) == {"1", "2"} for r in runs[0]["results"])
print(len(runs), "runs are right")
PY
printf 'before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n' > "$work/page.md"
python3 "$here/../../bench/macro/report.py" "$work/all.json" --svg "$work/plot" --html "$work/report.html" \
  --markdown "$work/report.md" --docs "$work/page.md"
grep -q '^before$' "$work/page.md" && grep -q '^after$' "$work/page.md" && ! grep -q '^old$' "$work/page.md"
grep -q '| ruvector .*exact' "$work/report.md" && grep -q '</svg>' "$work/report.html"
python3 -c "import sys, xml.dom.minidom as x; [x.parse(f) for f in sys.argv[1:]]" "$work"/plot-*.svg
left=$(psql -X -At -d bench_smoke -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'ruvector_bench'")
[ "$left" = 0 ] || { echo "the schema was left behind"; exit 1; }
