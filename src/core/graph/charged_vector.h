// A vector whose room is charged to a query's memory before it is taken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/base/memory_budget.h"

namespace rv::graph {

template <class T>
class ChargedVector {
 public:
  // `beside`: bytes that each element costs outside of the vector.
  explicit ChargedVector(MemoryBudget* budget, std::size_t beside = 0) noexcept
      : budget_(budget), each_(sizeof(T) + beside) {}  // NOLINT(bugprone-sizeof-expression)
  ChargedVector(const ChargedVector&) = delete;
  ChargedVector& operator=(const ChargedVector&) = delete;
  ~ChargedVector() { release(); }

  void push_back(T value) {
    if (items_.size() == items_.capacity()) grow();
    items_.push_back(std::move(value));
  }
  void clear() noexcept {
    std::vector<T>().swap(items_);
    release();
  }
  void swap(ChargedVector& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(charged_, other.charged_);
  }
  std::vector<T>& all() noexcept { return items_; }
  const std::vector<T>& all() const noexcept { return items_; }
  std::size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.empty(); }
  T& operator[](std::size_t i) noexcept { return items_[i]; }
  const T& operator[](std::size_t i) const noexcept { return items_[i]; }
  T& back() noexcept { return items_.back(); }
  std::size_t bytes() const noexcept { return charged_; }

 private:
  void grow() {
    const std::size_t more = std::max<std::size_t>(8, items_.capacity() / 2);
    if (budget_ != nullptr) budget_->charge(more * each_);
    charged_ += more * each_;
    items_.reserve(items_.capacity() + more);
  }
  void release() noexcept {
    if (budget_ != nullptr) budget_->release(charged_);
    charged_ = 0;
  }

  MemoryBudget* budget_;
  std::size_t each_;
  std::size_t charged_ = 0;
  std::vector<T> items_;
};

}  // namespace rv::graph
