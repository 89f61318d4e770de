// Vectors of a random part of a table, to train an index on.
#pragma once

#include <cstddef>
#include <vector>

#include "pg/am/indexed_vectors.h"

extern "C" {
#include "nodes/execnodes.h"
}

namespace rv::pg {

// The rows an index over the table will have, estimated from a few of its blocks. Some index NULLs.
double estimate_rows(Relation heap, Relation index, IndexInfo* info, bool with_nulls = false);

// At most `wanted` vectors, row by row, drawn from all over the table; the same ones every time.
// `rows` is the estimate above.
std::vector<float> sample_vectors(Relation heap, Relation index, IndexInfo* info,
                                  IndexedVectors* vectors, std::size_t wanted, double rows);

}  // namespace rv::pg
