// Arrays of millions of items that are read and written at random: left uninitialised, and on large
// pages where the system gives them on request (transparent_hugepage = madvise, the default of
// Debian), which saves most page faults and TLB misses.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

namespace rv {

template <class T>
class LargeArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  LargeArray() = default;
  // Items have no value before one is written. Throws std::bad_alloc.
  explicit LargeArray(std::size_t size) : data_(allocate(size)), size_(size) {}
  LargeArray(LargeArray&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  LargeArray& operator=(LargeArray&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~LargeArray() { std::free(data_); }

  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t kLargePage = std::size_t{2} << 20;
  static constexpr std::size_t kWorthIt = 8 * kLargePage;  // what rounding wastes stays small

  static T* allocate(std::size_t size) {
    if (size == 0) return nullptr;
    if (size > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_alloc();
    const std::size_t bytes = size * sizeof(T);
    void* at = nullptr;
    if (bytes < kWorthIt) {
      at = std::malloc(bytes);
    } else {
      const std::size_t rounded = (bytes + kLargePage - 1) / kLargePage * kLargePage;
      at = std::aligned_alloc(kLargePage, rounded);
#ifdef MADV_HUGEPAGE
      if (at != nullptr) (void)madvise(at, rounded, MADV_HUGEPAGE);  // a wish, not a need
#endif
    }
    if (at == nullptr) throw std::bad_alloc();
    return static_cast<T*>(at);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace rv
