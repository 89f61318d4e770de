#!/usr/bin/env bash
# run.sh [CONNINFO [PART...]] -- the figures of attention, graph networks and hyperbolic embeddings through
# SQL, beside their bars: one table at the end, and exit code 1 when a bar is missed. As a superuser (the
# processor time of a backend comes from /proc), in a database of its own, which is made for it.
#   layers      one GNN layer forward as a whole statement: 10,000 nodes, 100,000 edges, 128 to 128
#   attention   self-attention of 2,048 and 8,192 vectors, 8 heads of 64, one thread, and what memory it takes
#   aggregate   ruvector_attention_agg beside avg(vector), 100,000 x 768
#   cora        training on Cora, ten seeds each of GCN, GAT and GraphSAGE
#   mammals     Poincare embedding of the mammals of WordNet, 5 dimensions, 150 epochs
#   nouns       of the nouns, 10 dimensions, 60 epochs (minutes)
#   index       recall and time of the hyperbolic index over the nouns, beside the Euclidean index (after nouns)
#   cancel      time from a cancel to its effect, in training and in long layers, and what is left behind
#   large       1,000,000 nodes, 10,000,000 edges: refusal with the need, and runs within the limit (minutes, 3 GB)
# All parts run when none is named. Data: RUVECTOR_SHARED/data/neural (default ../shared beside the checkout).
# Wall times need a quiet machine; CPU times hold on a busy one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${RUVECTOR_SHARED:-$here/../../../shared}/data/neural" && pwd)
connect=${1:-}; [ $# -gt 0 ] && shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(layers attention aggregate cora mammals nouns index cancel large)
for part in "${parts[@]}"; do
  [ -f "$here/$part.sql" ] || { echo "no part $part: see the head of $0" >&2; exit 2; }
done
database=ruvector_bench_neural
server() { psql -X -q -v ON_ERROR_STOP=1 -d "${connect:-dbname=postgres}" "$@"; }
bench() { server -d "$connect dbname=$database" "$@"; }
if [ "$(server -At -c "SELECT 1 FROM pg_database WHERE datname = '$database'")" != 1 ]; then
  server -c "CREATE DATABASE $database"
fi
bench -f "$here/setup.sql"
for part in "${parts[@]}"; do
  echo "-- $part" >&2
  bench -v data="$data" -f "$here/$part.sql" >&2
done
bench -f "$here/report.sql"
[ "$(bench -At -c "SELECT count(*) FROM figures WHERE met = false")" = 0 ]
