// What an index over vectors indexes: which type, which distance, and how a Datum becomes the
// floats that codecs take. Shared by hnsw and ivfflat.
//
// Types: vector and halfvec as they are; bit as zeros and ones; sparsevec as a dense sketch of
// kSketchDim signed sums of its entries (count sketch; Charikar, Chen, Farach-Colton 2002), which
// keeps inner products and distances on average, so that sparse vectors of any length and any
// number of entries can be navigated by. The last word always has the exact distance of the row
// itself. Points of hyperbolic space are navigated by as (1 - |p|^2, p) with p in the Poincare
// ball, also those of the Lorentz model.
#pragma once

#include <memory>
#include <vector>

#include "core/quant/codec.h"
#include "pg/base/guard.h"
#include "pg/base/toast_reader.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

enum class ElementType { vector, halfvec, bit, sparsevec };
enum class DistanceKind { l2, inner_product, cosine, l1, hamming, jaccard, poincare, lorentz };

struct VectorOpclass {
  ElementType type;
  DistanceKind distance;
};

// From the operator class of the index's first column: the C symbol of its distance function and
// whether it has a norm function.
VectorOpclass vector_opclass(Relation index);

class IndexedVectors {
 public:
  static constexpr int kSketchDim = 512;

  // `am_name` is for messages. Raises pgvector's errors for columns without dimensions, with too
  // many, and of types that cannot be indexed.
  IndexedVectors(Relation index, const char* am_name, MemoryContext context);

  const VectorOpclass& opclass() const noexcept { return opclass_; }
  // Dimensions of the column.
  int column_dim() const noexcept { return column_dim_; }
  // Floats that a codec takes, and the distance it minimises.
  int dim() const noexcept { return dim_; }
  quant::Metric metric() const noexcept;
  bool bits() const noexcept { return opclass_.type == ElementType::bit; }
  bool sketched() const noexcept { return opclass_.type == ElementType::sparsevec; }
  // The codec's estimate is not in the units of distance(): every candidate's row must be looked
  // at.
  bool rerank_all() const noexcept;

  // The floats of a value, valid until the next call; null when the value is not indexed: a zero
  // vector by cosine distance. Raises 22000 when it does not have the column's dimensions.
  const float* floats(Datum value);

  // Keeps a query. False when the distance to it is undefined for every row (zero by cosine).
  void set_query(Datum value);
  const float* query_floats() const noexcept { return query_floats_.data(); }
  // The query's value without its varlena header.
  const std::vector<std::byte>& query_bytes() const noexcept { return query_bytes_; }
  // The exact distance of a value to the query, in the units of metric(): squared for l2, minus the
  // inner product, sinh^2 of half a hyperbolic distance. NaN sorts last.
  double distance(Datum value);

 private:
  struct Bytes {
    const std::byte* data;
    std::size_t size;
  };
  Bytes bytes(Datum value);
  void check_dim(int dim) const;
  bool to_floats(Bytes value, float* out);
  bool hyperbolic() const noexcept {
    return opclass_.distance == DistanceKind::poincare ||
           opclass_.distance == DistanceKind::lorentz;
  }

  VectorOpclass opclass_;
  int column_dim_ = 0;
  int dim_ = 0;
  ToastReader reader_;
  std::vector<std::byte> unpacked_;
  std::vector<float> floats_;
  std::vector<float> query_floats_;
  std::vector<std::byte> query_bytes_;
};

}  // namespace rv::pg
