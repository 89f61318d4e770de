// Reading a whole table for an index build, in batches. What is trained on comes from
// table_sample.h.
#pragma once

#include <functional>
#include <vector>

#include "pg/am/indexed_vectors.h"

extern "C" {
#include "nodes/execnodes.h"
#include "storage/itemptr.h"
}

namespace rv::pg {

class BuildReader {
 public:
  BuildReader(Relation heap, Relation index, IndexInfo* info, IndexedVectors& vectors)
      : heap_(heap), index_(index), info_(info), vectors_(vectors) {}

  // All rows: batches of at most `batch` vectors with their places. `take` runs C++ code without
  // PostgreSQL calls outside call(). Returns the number of heap rows, indexed or not.
  using Take =
      std::function<void(const float* vectors, const ItemPointerData* tids, std::size_t n)>;
  double read(std::size_t batch, const Take& take);

 private:
  static void row(Relation index, ItemPointer tid, Datum* values, bool* nulls, bool alive,
                  void* state);

  Relation heap_;
  Relation index_;
  IndexInfo* info_;
  IndexedVectors& vectors_;
  // The batch that is being filled.
  std::vector<float> floats_;
  std::vector<ItemPointerData> tids_;
  std::size_t batch_ = 0;
  const Take* take_ = nullptr;
};

}  // namespace rv::pg
