// Values of an indexed column as documents.
#pragma once

#include <optional>

#include "core/sparse/vector_document.h"
#include "pg/sparse/tokens.h"

extern "C" {
#include "storage/itemptr.h"
#include "utils/rel.h"
}

namespace rv::pg {

// How the operator class of an index scores.
sparse::Scoring scoring_of(Relation index);

class Extractor {
 public:
  explicit Extractor(Relation index);
  // Keys of `out` are valid until the next call.
  void fill(Datum value, bool is_null, const ItemPointerData& row, sparse::Document& out);

 private:
  void fill_vector(Datum value, sparse::Document& out);

  sparse::Scoring scoring_;
  sparse::VectorDocument vectors_;
  std::optional<Tokenizer> texts_;
  // A child of the context that was current at construction: it ends with that one, which may own
  // this object.
  MemoryContext memory_;
};

}  // namespace rv::pg
