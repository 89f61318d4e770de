#!/usr/bin/env bash
# run.sh BUILD_DIR CONNINFO [PGVECTOR_CONNINFO] -- every figure of sparse retrieval from one server: 100,000
# and 1,000,000 SPLADE-like vectors, 100,000 texts by BM25, and the sequential scan beside that of a
# database with pgvector's sparsevec when one is named. One JSON line a run, then a table with the bars.
#   DOCS=FILE QUERIES=FILE  vectors in COPY format (.xz, .gz or plain); generated without them
#   ROWS="100000 1000000"   sizes of the vector runs
#   TEXTS=100000            rows of the text run
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
programs=$(cd "$1" && pwd)/bench/sparse
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
docs=${DOCS:--} queries=${QUERIES:--}
for rows in ${ROWS:-100000 1000000}; do
  "$programs/sparse_server" "$2" "$docs" "$queries" "$rows" 10 500 | tee "$out/vectors-$rows"
done
if [ $# -ge 3 ]; then
  first=$(set -- ${ROWS:-100000 1000000}; echo "$1")
  # Scans of both in turn: what else the machine does meets both.
  for round in 1 2 3; do
    "$programs/sparse_server" "$3" "$docs" "$queries" "$first" 10 20 | tee "$out/pgvector-$first-$round"
    "$programs/sparse_server" "$2" "$docs" "$queries" "$first" 10 20 | tee "$out/again-$first-$round"
  done
fi
"$programs/bm25_server" "$2" "${TEXTS:-100000}" | tee "$out/texts"
python3 - "$out" <<'PY'
import glob, json, os, sys
def read(name):
    return [json.load(open(path)) for path in sorted(glob.glob(os.path.join(sys.argv[1], name)))]
rows = []
for run in sorted(read("vectors-*"), key=lambda r: r["rows"]):
    n, million = f"{run['rows']:,} vectors", run["rows"] >= 500000
    rows.append((n, "recall of the exact ten", f"{run['recall']:.4f}", "1.0", run["recall"] == 1))
    p50 = run["index"]["p50_ms"]
    rows.append((n, "p50 (CPU p50)", f"{p50:.2f} ({run['index']['cpu_p50_ms']:.2f}) ms", "6 ms" if million else "1 ms", p50 < (6 if million else 1)))
    share = run["index_bytes"] / run["heap_bytes"]
    rows.append((n, "index / heap", f"{share:.3f}", "0.333", share < 1 / 3))
    rows.append((n, f"build, {run['build_workers']} workers", f"{run['build_s']:.1f} s", "" if million else "10 s", million or run["build_s"] < 10))
    rows.append((n, "sequential scan p50", f"{run['scan']['p50_ms']:.0f} ms", "", True))
theirs, ours = read("pgvector-*"), read("again-*")
if theirs:
    ratio = min(r["scan"]["cpu_mean_ms"] for r in theirs) / min(r["scan"]["cpu_mean_ms"] for r in ours)
    rows.append(("pgvector beside", "scan, CPU time", f"{ratio:.2f} times as fast", "4", ratio >= 4))
for run in read("texts"):
    n = f"{run['rows']:,} texts"
    rows.append((n, "p50 (CPU p50)", f"{run['index']['p50_ms']:.2f} ({run['index']['cpu_p50_ms']:.2f}) ms", "1 ms", run["index"]["p50_ms"] < 1))
    rows.append((n, f"build, {run['build_workers']} workers", f"{run['build_s']:.1f} s", "", True))
    share = run["tokenising_cpu_s"] / run["build_cpu_s"]
    rows.append((n, "tokenising's share of the build's CPU", f"{share:.2f}", "0.5", share > 0.5))
print("| | | measured | bar | |\n|---|---|---|---|---|")
for r in rows:
    print(f"| {r[0]} | {r[1]} | {r[2]} | {r[3]} | {'met' if r[4] and r[3] else '' if r[4] else 'MISSED'} |")
PY
