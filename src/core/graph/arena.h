// Memory of one graph query: bump allocation, freed as a whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/memory_budget.h"
#include "core/graph/block_pool.h"

namespace rv::graph {

// Holds trivially destructible objects only. With a budget every block is charged to it, and the
// charge is given back when the arena goes. Not thread-safe.
class Arena {
 public:
  // `first`: bytes of the first block; later ones double.
  explicit Arena(MemoryBudget* budget = nullptr, std::size_t first = 4096) noexcept
      : budget_(budget), first_(first) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { clear(); }

  void* allocate(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > left_) grow(bytes);
    void* p = next_;
    next_ += bytes;
    left_ -= bytes;
    return p;
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    return new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  // Uninitialised room for n objects of T, which the caller fills.
  template <class T>
  T* array(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    return static_cast<T*>(allocate(n * sizeof(T)));  // NOLINT(bugprone-sizeof-expression)
  }

  template <class T>
  std::span<T> copy(std::span<const T> from) {
    auto* to = array<T>(from.size());
    if (!from.empty()) std::memcpy(static_cast<void*>(to), from.data(), from.size_bytes());
    return {to, from.size()};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* to = array<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  std::size_t bytes() const noexcept { return bytes_; }

  // Forgets everything, keeping a block for what comes next.
  void reset() noexcept {
    if (last_ == nullptr) return;
    if (last_->before != nullptr) return clear();
    begin(last_);
  }

  void clear() noexcept {
    if (budget_ != nullptr) budget_->release(bytes_);
    while (last_ != nullptr) {
      Block* const before = last_->before;
      return_block(last_, last_->size);
      last_ = before;
    }
    next_ = nullptr;
    left_ = bytes_ = 0;
  }

 private:
  struct Block {  // what it holds follows
    Block* before;
    std::size_t size;
  };

  void begin(Block* block) noexcept {
    last_ = block;
    next_ = reinterpret_cast<std::byte*>(block + 1);
    left_ = block->size - sizeof(Block);
  }

  void grow(std::size_t bytes) {
    // As much again as there is, within a block that a small budget can bear.
    std::size_t size = last_ == nullptr ? first_ : bytes_;
    std::size_t largest = kLargestBlock;
    if (budget_ != nullptr) largest = std::clamp(budget_->limit() / 32, std::size_t{4096}, largest);
    size = std::max(std::min(size, largest), bytes + sizeof(Block));
    if (budget_ != nullptr) budget_->charge(size);
    void* room;
    try {
      room = take_block(size);
    } catch (...) {
      if (budget_ != nullptr) budget_->release(size);
      throw;
    }
    bytes_ += size;
    begin(new (room) Block{last_, size});
  }

  static constexpr std::size_t kLargestBlock = std::size_t{1} << 20;

  MemoryBudget* budget_;
  std::size_t first_;
  Block* last_ = nullptr;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace rv::graph
