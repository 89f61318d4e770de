// One sparse vector against many: the query of a scan, prepared once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/types/sparse.h"
#include "core/types/sparse_kernels.h"

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
  struct Pair {
    std::int32_t index[2];  // -1: empty
    std::int32_t value[2];  // the bits
  };
  bool place_all() noexcept;
  std::size_t place_of(std::int32_t index) const noexcept {
    return (static_cast<std::uint32_t>(index) * factor_) >> shift_;
  }

  bool prepared_ = false, ready_ = false, in_registers_ = false;
  std::size_t size_ = 0;
  std::vector<std::int32_t> words_;  // the indices, then the bits of the values: as they are stored
  std::vector<std::uint8_t> marks_;
  std::array<std::uint32_t, detail::kMarkBits / 32> bits_{};  // the same for registers
  std::vector<Pair> pairs_;                                   // a hash table of buckets for two
  std::uint32_t factor_ = 0;
  int shift_ = 0;
};

}  // namespace rv
