#include "core/types/sparse_lookup.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/simd/distance.h"

namespace rv {
namespace {

// With more entries than this most of the marks are hit by chance.
constexpr std::size_t kMostEntries = 2048;
// The registers of AVX-512 hold fewer marks.
constexpr std::size_t kMostInRegisters = 512;
constexpr std::size_t kChunk = 256;
constexpr std::uint32_t kMarks = 8192;  // bytes, so that they stay in the first-level cache
// Ways that are tried to place all entries before the table is made larger.
constexpr int kTries = 8;
// The largest table: a megabyte, of which a query touches little.
constexpr std::size_t kMostPairs = std::size_t{1} << 16;

// The positions i < n whose index is marked, ascending; returns how many. Vector gathers are slower
// than this on the machines that have been measured, and so are bits in place of bytes.
std::size_t marked(const std::uint8_t* marks, const std::int32_t* indices, std::size_t n,
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
  size_ = static_cast<std::size_t>(v.nnz);
  words_.resize(2 * size_);
  std::copy_n(v.indices, size_, words_.begin());
  std::transform(v.values, v.values + size_, words_.begin() + static_cast<std::ptrdiff_t>(size_),
                 [](float x) { return std::bit_cast<std::int32_t>(x); });
  prepared_ = ready_ = false;
}

// False when three entries want the same pair of slots.
bool SparseLookup::place_all() noexcept {
  std::fill(pairs_.begin(), pairs_.end(), Pair{{-1, -1}, {0, 0}});
  for (std::size_t i = 0; i < size_; ++i) {
    Pair& pair = pairs_[place_of(words_[i])];
    const std::size_t at = pair.index[0] < 0 ? 0 : 1;
    if (pair.index[at] >= 0) return false;
    pair.index[at] = words_[i];
    pair.value[at] = words_[size_ + i];
  }
  return true;
}

void SparseLookup::prepare() {
  prepared_ = true;
  ready_ = false;
  if (size_ > kMostEntries) return;
  // Multiplicative hashing (Knuth, volume 3, section 6.4): other factors until one leaves no pair
  // of slots too full, so that looking an entry up takes no branch.
  factor_ = 0x9E3779B1u;
  for (std::size_t n = std::bit_ceil(4 * size_ + 4); !ready_ && n <= kMostPairs; n *= 2) {
    pairs_.resize(n);
    shift_ = 32 - std::countr_zero(n);
    for (int i = 0; i < kTries && !ready_; ++i) {
      ready_ = place_all();
      if (!ready_) factor_ = (factor_ * 0x2C1B3C6Du + 0x297A2D38u) | 1u;
    }
  }
  if (!ready_) return;
#if defined(__x86_64__)
  in_registers_ = size_ <= kMostInRegisters && simd::active_level() >= simd::Level::avx512;
#endif
  marks_.assign(kMarks, 0);
  bits_.fill(0);
  for (std::size_t i = 0; i < size_; ++i) {
    const auto index = static_cast<std::uint32_t>(words_[i]);
    marks_[index % kMarks] = 1;
    bits_[index % detail::kMarkBits / 32] |= 1u << index % 32;
  }
}

bool SparseLookup::holds(const SparseView& v) const noexcept {
  if (static_cast<std::size_t>(v.nnz) != size_) return false;
  if (size_ == 0) return true;
  // Stored vectors have the values right behind the indices: one comparison.
  if (static_cast<const void*>(v.indices + size_) == static_cast<const void*>(v.values))
    return std::memcmp(v.indices, words_.data(), 8 * size_) == 0;
  return std::memcmp(v.indices, words_.data(), 4 * size_) == 0 &&
         std::memcmp(v.values, words_.data() + size_, 4 * size_) == 0;
}

double SparseLookup::inner_product(const SparseView& other) const noexcept {
  std::uint32_t hits[kChunk + detail::kMarkedSlack];
  float sum = 0;
  const auto n = static_cast<std::size_t>(other.nnz);
  for (std::size_t from = 0; from < n; from += kChunk) {
    const std::int32_t* const indices = other.indices + from;
    const float* const values = other.values + from;
    const std::size_t part = std::min(kChunk, n - from);
    std::size_t found;
#if defined(__x86_64__)
    if (in_registers_)
      found = detail::marked_avx512(bits_.data(), indices, part, hits);
    else
#endif
      found = marked(marks_.data(), indices, part, hits);
    for (std::size_t i = 0; i < found; ++i) {
      const std::int32_t index = indices[hits[i]];
      const Pair& pair = pairs_[place_of(index)];
      // A mark that was hit by chance adds zero, which changes nothing.
      const std::int32_t partner = (pair.value[0] & -std::int32_t{pair.index[0] == index}) |
                                   (pair.value[1] & -std::int32_t{pair.index[1] == index});
      sum += values[hits[i]] * std::bit_cast<float>(partner);
    }
  }
  return sum;
}

}  // namespace rv
