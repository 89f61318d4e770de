// Sparse vectors as documents and queries of an inner-product or cosine index.
#pragma once

#include <vector>

#include "core/sparse/document.h"
#include "core/sparse/query.h"
#include "core/types/sparse.h"

namespace rv::sparse {

// Turns vectors into documents; keeps the keys that the last one refers to.
class VectorDocument {
 public:
  // `pruning` is the share of a vector's weight (the sum of the magnitudes) that is left out, at
  // most: of the lightest entries as many as hold no more than it. 0 leaves out nothing.
  explicit VectorDocument(Scoring scoring, double pruning = 0)
      : scoring_(scoring), pruning_(pruning) {}
  // The document's row keeps its address; its kind is set.
  void fill(const SparseView& v, Document& out);

 private:
  float least_kept(const SparseView& v);
  Scoring scoring_;
  double pruning_;
  std::vector<float> magnitudes_;
  std::vector<IndexKey> keys_;
};

Query vector_query(Scoring scoring, const SparseView& v);

}  // namespace rv::sparse
