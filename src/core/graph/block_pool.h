// Blocks of memory that each query takes and gives back: a thread keeps some for the next query.
// A statement of a few rows would otherwise spend a tenth of its time in malloc().
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rv::graph {

// Uninitialised, aligned as operator new does it; throws std::bad_alloc. Not charged to a budget.
void* take_block(std::size_t bytes);
// `bytes`: as they were asked for.
void return_block(void* block, std::size_t bytes) noexcept;

inline constexpr std::size_t kMostKeptBytes = std::size_t{2} << 20;
// What this thread keeps now: at most that much, and nothing under AddressSanitizer, from which a
// block that is kept hides who still uses it.
std::size_t kept_bytes() noexcept;
extern const bool keeps_blocks;

// A fixed number of zeros in such a block.
template <class T>
class PooledArray {
 public:
  static_assert(std::is_trivial_v<T>);
  explicit PooledArray(std::size_t size)
      : first_(static_cast<T*>(take_block(bytes_of(size)))), size_(size) {
    std::fill(begin(), end(), T{});
  }
  ~PooledArray() { return_block(first_, bytes_of(size_)); }
  PooledArray(const PooledArray&) = delete;
  PooledArray& operator=(const PooledArray&) = delete;
  T& operator[](std::size_t i) { return first_[i]; }
  const T& operator[](std::size_t i) const { return first_[i]; }
  T* begin() { return first_; }
  T* end() { return first_ + size_; }
  const T* begin() const { return first_; }
  const T* end() const { return first_ + size_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t bytes_of(std::size_t size) {
    return size * sizeof(T);  // NOLINT(bugprone-sizeof-expression): of pointers, too
  }

  T* first_;
  std::size_t size_;
};

}  // namespace rv::graph
