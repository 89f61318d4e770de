// One sparse vector against many: the query of a scan, prepared once.
#pragma once

#include <cstdint>
#include <vector>

#include "core/types/sparse.h"

namespace rv {

// The inner products are those of sparse_inner_product(), to the last bit.
class SparseLookup {
 public:
  void remember(const SparseView& v);
  // Prepares the remembered vector, unless it has too many entries for this to pay.
  void prepare();
  bool prepared() const noexcept { return prepared_; }
  bool ready() const noexcept { return ready_; }
  // Whether `v` was remembered last; cheap.
  bool holds(const SparseView& v) const noexcept;
  // REQUIRES: ready(). The dimensions must be equal.
  double inner_product(const SparseView& other) const noexcept;

 private:
  struct Slot {
    std::int32_t index;  // -1: empty
    float value;
  };
  const Slot& slot_of(std::int32_t index) const noexcept;

  bool prepared_ = false, ready_ = false;
  std::vector<std::int32_t> indices_;
  std::vector<float> values_;
  std::vector<std::uint8_t> marks_;
  std::vector<Slot> slots_;  // open addressing
  int shift_ = 0;
};

}  // namespace rv
