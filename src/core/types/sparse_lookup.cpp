#include "core/types/sparse_lookup.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rv {
namespace {

// With more entries than this most of the marks are hit by chance.
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kChunk = 256;
constexpr std::uint32_t kMarks = 8192;  // bytes, so that they stay in the first-level cache

// The positions i < n whose index is marked, ascending; returns how many. Vector gathers are slower
// than this on the machines that have been measured, and so are bits in place of bytes.
std::size_t filter(const std::uint8_t* marks, const std::int32_t* indices, std::size_t n,
                   std::uint32_t* out) noexcept {
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out[found] = static_cast<std::uint32_t>(i);
    found += marks[static_cast<std::uint32_t>(indices[i]) % kMarks];
  }
  return found;
}

}  // namespace

void SparseLookup::remember(const SparseView& v) {
  const auto n = static_cast<std::size_t>(v.nnz);
  indices_.assign(v.indices, v.indices + n);
  values_.assign(v.values, v.values + n);
  prepared_ = ready_ = false;
}

void SparseLookup::prepare() {
  const std::size_t n = indices_.size();
  prepared_ = true;
  ready_ = n <= kMostEntries;
  if (!ready_) return;
  marks_.assign(kMarks, 0);
  const std::size_t size = std::bit_ceil(4 * n + 4);
  slots_.assign(size, {-1, 0});
  shift_ = 32 - std::countr_zero(size);
  for (std::size_t i = 0; i < n; ++i) {
    const auto index = static_cast<std::uint32_t>(indices_[i]);
    marks_[index % kMarks] = 1;
    std::size_t at = (index * 0x9E3779B1u) >> shift_;
    while (slots_[at].index >= 0) at = (at + 1) & (size - 1);
    slots_[at] = {indices_[i], values_[i]};
  }
}

bool SparseLookup::holds(const SparseView& v) const noexcept {
  const auto n = static_cast<std::size_t>(v.nnz);
  return n == indices_.size() && (n == 0 || (std::memcmp(v.indices, indices_.data(), n * 4) == 0 &&
                                             std::memcmp(v.values, values_.data(), n * 4) == 0));
}

const SparseLookup::Slot& SparseLookup::slot_of(std::int32_t index) const noexcept {
  std::size_t at = (static_cast<std::uint32_t>(index) * 0x9E3779B1u) >> shift_;
  while (slots_[at].index >= 0 && slots_[at].index != index) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];  // an empty one has the value 0
}

double SparseLookup::inner_product(const SparseView& other) const noexcept {
  std::uint32_t hits[kChunk];
  float sum = 0;
  const auto n = static_cast<std::size_t>(other.nnz);
  for (std::size_t from = 0; from < n; from += kChunk) {
    const std::size_t found =
        filter(marks_.data(), other.indices + from, std::min(kChunk, n - from), hits);
    for (std::size_t i = 0; i < found; ++i)
      sum += other.values[from + hits[i]] * slot_of(other.indices[from + hits[i]]).value;
  }
  return sum;
}

}  // namespace rv
