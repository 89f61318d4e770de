// Storage parameters and settings of the inverted indexes.
#pragma once

#include "core/sparse/index.h"
#include "core/sparse/ranking.h"
#include "pg/base/guard.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

struct SparseSettings {
  double query_share;  // ruvector.sparse_query_share
  int candidates;      // ruvector.sparse_candidates
};
const SparseSettings& sparse_settings() noexcept;

// Callbacks for IndexAmRoutine.amoptions.
bytea* sparse_reloptions(Datum reloptions, bool validate);
bytea* bm25_reloptions(Datum reloptions, bool validate);

sparse::Options index_options(Relation index);
// Share of each vector's weight that is not indexed; 0 for BM25.
double pruning_of(Relation index);
sparse::Bm25 bm25_parameters(Relation index);
// The text search configuration of a BM25 index; InvalidOid when none is set.
Oid text_configuration(Relation index);

}  // namespace rv::pg
