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
  explicit VectorDocument(Scoring scoring) : scoring_(scoring) {}
  // The document's row keeps its address; its kind is set.
  void fill(const SparseView& v, Document& out);

 private:
  Scoring scoring_;
  std::vector<IndexKey> keys_;
};

Query vector_query(Scoring scoring, const SparseView& v);

}  // namespace rv::sparse
