// Numbers entries in the order they come and finds them again by their hashes: the table behind
// DISTINCT and grouping. The entries themselves are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/memory_budget.h"

namespace rv::graph {

class HashIndex {
 public:
  explicit HashIndex(MemoryBudget* budget) noexcept : budget_(budget) {}
  HashIndex(const HashIndex&) = delete;
  HashIndex& operator=(const HashIndex&) = delete;
  ~HashIndex() { clear(); }

  struct Found {
    std::uint32_t entry;
    bool fresh;  // it is a new one: entry was size() before
  };
  // The entry with this hash for which same(entry) holds, or a new one.
  template <class Same>
  Found find_or_add(std::uint64_t hash, Same same) {
    if ((hashes_.size() + 1) * 2 > table_.size()) grow();
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = place(hash) & mask;; at = (at + 1) & mask) {
      const std::uint32_t number = table_[at];
      if (number == 0) {
        hashes_.push_back(hash);
        table_[at] = static_cast<std::uint32_t>(hashes_.size());
        return {table_[at] - 1, true};
      }
      if (hashes_[number - 1] == hash && same(number - 1)) return {number - 1, false};
    }
  }
  static constexpr std::uint32_t kNone = 0xffffffff;
  // The entry, or kNone.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    if (table_.empty()) return kNone;
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = place(hash) & mask; table_[at] != 0; at = (at + 1) & mask) {
      const std::uint32_t number = table_[at] - 1;
      if (hashes_[number] == hash && same(number)) return number;
    }
    return kNone;
  }
  std::size_t size() const noexcept { return hashes_.size(); }
  std::size_t bytes() const noexcept { return charged_; }
  void clear() noexcept {
    if (budget_ != nullptr) budget_->release(charged_);
    charged_ = 0;
    std::vector<std::uint32_t>().swap(table_);
    std::vector<std::uint64_t>().swap(hashes_);
  }

 private:
  static std::size_t place(std::uint64_t hash) noexcept {
    return static_cast<std::size_t>(hash ^ hash >> 32);
  }
  void grow() {
    const std::size_t size = table_.empty() ? 16 : table_.size() * 2;
    const std::size_t bytes = size * sizeof(std::uint32_t) + size / 2 * sizeof(std::uint64_t);
    if (budget_ != nullptr) budget_->charge(bytes - charged_);
    charged_ = bytes;
    table_.assign(size, 0);
    hashes_.reserve(size / 2);
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      std::size_t at = place(hashes_[i]) & (size - 1);
      while (table_[at] != 0) at = (at + 1) & (size - 1);
      table_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }

  MemoryBudget* budget_;
  std::vector<std::uint32_t> table_;   // entry + 1, or 0; a power of two, at most half full
  std::vector<std::uint64_t> hashes_;  // of the entries
  std::size_t charged_ = 0;
};

}  // namespace rv::graph
