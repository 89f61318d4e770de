#!/usr/bin/env bash
# run.sh [options] OUT_DIR -- measures one or several systems on the data sets with ruvector_bench, one
# JSON file a system, and writes OUT_DIR/report.md, report.html and SVG plots (report.py).
#   --system EXTENSION=CONNINFO  may be repeated; default ruvector="" (libpq's environment)
#   --sets "sift bge fashion generated synthetic"   default: the first four
#   --data DIR                   folder of sift_128_5k, bge_base_768, fashion_mnist_784
#                                (default RUVECTOR_SHARED/data/dense)
#   --synthetic DIR              base.fvecs or base.npy, query.fvecs and gt.ivecs, cosine
#   --generated N                rows of the generated set, 768 dimensions (default 100000)
#   --methods "exact hnsw ivfflat"   a method that the server does not have is skipped
#   --no-filters --no-writes     leave these phases out
#   --clients 1,2                connections for the throughput (none: --clients "")
#   --build-set "..."            settings of the builds
#   --quick                      few queries, first 10,000 rows
# Environment: RUVECTOR_BENCH, the program (default build/bench/macro/ruvector_bench).
# Systems are measured one after the other on each set, so that a drift of the machine hits all.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bench=${RUVECTOR_BENCH:-$root/build/bench/macro/ruvector_bench}
data=${RUVECTOR_SHARED:-$root/../shared}/data/dense
systems=() sets="sift bge fashion generated" methods="exact hnsw ivfflat" synthetic= generated=100000
filters=1 writes=1 clients=1,2 quick=0 out= build_set="max_parallel_maintenance_workers = 2"
while [ $# -gt 0 ]; do case $1 in
  --system) systems+=("$2"); shift ;;
  --sets) sets=$2; shift ;;
  --data) data=$2; shift ;;
  --synthetic) synthetic=$2; shift ;;
  --generated) generated=$2; shift ;;
  --methods) methods=$2; shift ;;
  --no-filters) filters=0 ;;
  --no-writes) writes=0 ;;
  --clients) clients=$2; shift ;;
  --build-set) build_set=$2; shift ;;
  --quick) quick=1 ;;
  -h|--help) sed -n '2,18p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
  -*) echo "unknown option $1" >&2; exit 2 ;;
  *) out=$1 ;;
esac; shift; done
[ -n "$out" ] || { echo "usage: $0 [options] OUT_DIR (--help)" >&2; exit 2; }
[ -x "$bench" ] || { echo "$bench is not built: cmake -DRUVECTOR_BUILD_BENCH=ON and ninja" >&2; exit 2; }
[ ${#systems[@]} -gt 0 ] || systems=("ruvector=")
mkdir -p "$out"; out=$(cd "$out" && pwd)
status=0

# The access methods of a server once the extension is there.
has_method() {
  psql -X -q -At -d "$2" -v ON_ERROR_STOP=1 -c "SET client_min_messages = warning" \
    -c "CREATE EXTENSION IF NOT EXISTS $1" -c "SELECT count(*) FROM pg_am WHERE amname = '$3'" | grep -q 1
}

# one NAME OPS ARGUMENTS... : every method on every system.
one() {
  local name=$1 ops=$2 method system extension connect; shift 2
  for method in $methods; do
    for system in "${systems[@]}"; do
      extension=${system%%=*} connect=${system#*=}
      local index=() phases=(--repeat 3)
      case $method in
        exact) index=(--queries $((quick ? 5 : 20)) --repeat 1 --set "max_parallel_workers_per_gather = 0") ;;
        hnsw) index=(--index "hnsw (v $ops) WITH (m = 16, ef_construction = 64)"
          --sweep hnsw.ef_search=10,20,40,64,100,200,400 --set "enable_seqscan = off") ;;
        ivfflat) index=(--index "ivfflat (v $ops) WITH (lists = ${lists:-100})"
          --sweep ivfflat.probes=1,2,4,8,16,32 --set "enable_seqscan = off") ;;
      esac
      if [ "$method" != exact ]; then
        if ! has_method "$extension" "$connect" "$method"; then echo "skipped: $extension has no $method"; continue; fi
        [ -z "$clients" ] || phases+=(--clients "$clients")
        if [ $writes = 1 ] && [ "${filtered:-0}" = 0 ]; then phases+=(--inserts $((quick ? 50 : 1000)) --delete 20); fi
      fi
      echo "== $name, $method, $extension"
      "$bench" --connect "$connect" --extension "$extension" --name "$name" --build-set "$build_set" \
        --queries $((quick ? 50 : 1000)) "$@" "${phases[@]}" "${index[@]}" \
        --out "$out/$extension.json" || { status=1; echo "FAILED: $name, $method, $extension"; }
    done
  done
}

rows=(); [ $quick = 0 ] || rows=(--rows 10000)
for set in $sets; do case $set in
  sift)
    d=$data/sift_128_5k; [ -d "$d" ] || { echo "skipped: $d does not exist"; continue; }
    lists=70 one "SIFT 4,800 x 128, L2" vector_l2_ops --base "$d/base.fvecs.gz" --query "$d/query.fvecs.gz" --truth "$d/gt_l2.ivecs" ;;
  bge)
    d=$data/bge_base_768; [ -d "$d" ] || { echo "skipped: $d does not exist"; continue; }
    common=(--base "$d/base.fvecs.gz" --query "$d/query.fvecs.gz" --metric cosine
      --attributes "$d/base_attrs.csv" --query-attributes "$d/query_attrs.csv")
    lists=100 one "BGE 9,844 x 768, cosine" vector_cosine_ops "${common[@]}" --truth "$d/gt_cosine.ivecs"
    [ $filters = 0 ] || lists=100 filtered=1 one "BGE 9,844 x 768, cosine, same source" vector_cosine_ops "${common[@]}" \
      --truth "$d/gt_filter_same_source_cosine.ivecs" --where 'source = $2' --where-attribute source ;;
  fashion)
    d=$data/fashion_mnist_784; [ -d "$d" ] || { echo "skipped: $d does not exist"; continue; }
    truth() { [ $quick = 1 ] || echo "--truth $d/gt_$1_l2.ivecs"; }  # of all rows; else searched
    common=(--base "$d/base.bvecs.xz" --query "$d/query.bvecs.xz" "${rows[@]}" --metric l2
      --attributes "$d/base_attrs.csv" --query-attributes "$d/query_attrs.csv")
    n=$([ $quick = 1 ] && echo 10,000 || echo 60,000)
    whole=(--truth "$d/gt_l2.ivecs"); [ $quick = 0 ] || whole=(--truth "$d/gt_first10k_l2.ivecs")
    lists=250 one "Fashion-MNIST $n x 784, L2" vector_l2_ops "${common[@]}" "${whole[@]}"
    if [ $filters = 1 ]; then
      lists=250 filtered=1 one "Fashion-MNIST $n x 784, L2, same label" vector_l2_ops "${common[@]}" \
        $(truth filter_same_label) --where 'label = $2' --where-attribute label
      lists=250 filtered=1 one "Fashion-MNIST $n x 784, L2, next label" vector_l2_ops "${common[@]}" \
        $(truth filter_next_label) --where 'label = ($2::bigint + 1) % 10' --where-attribute label
      lists=250 filtered=1 one "Fashion-MNIST $n x 784, L2, 1 % range" vector_l2_ops "${common[@]}" \
        $(truth filter_ink_lowest1pct) --where 'ink <= 16.2857015'
    fi ;;
  generated)
    n=$((quick ? 10000 : generated))
    lists=$((n / 1000 + 1)) one "generated clusters $n x 768, L2" vector_l2_ops --rows "$n" --dim 768 ;;
  synthetic)
    [ -n "$synthetic" ] || { echo "skipped: synthetic needs --synthetic DIR"; continue; }
    base=$synthetic/base.fvecs; [ -f "$base" ] || base=$synthetic/base.npy
    lists=1000 one "synthetic $(basename "$synthetic"), cosine" vector_cosine_ops --base "$base" \
      --query "$synthetic/query.fvecs" --truth "$synthetic/gt.ivecs" --metric cosine ;;
  *) echo "unknown set $set" >&2; exit 2 ;;
esac; done
python3 "$here/report.py" "$out"/*.json --svg "$out/recall" --html "$out/report.html" --markdown "$out/report.md"
echo "report: $out/report.md, $out/report.html"
exit $status
