// A set of node ids: pages of bits, for ids that are numbers of a sequence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/memory_budget.h"
#include "core/graph/value.h"

namespace rv::graph {

// Charged to the budget.
class NodeSet {
 public:
  explicit NodeSet(MemoryBudget* budget) noexcept : budget_(budget) {}
  NodeSet(const NodeSet&) = delete;
  NodeSet& operator=(const NodeSet&) = delete;
  ~NodeSet() { clear(); }

  // True when it was not in.
  bool insert(NodeId id) {
    std::uint64_t& word = page(id)[word_of(id)];
    const std::uint64_t bit = bit_of(id);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    size_ += fresh ? 1 : 0;
    return fresh;
  }
  bool contains(NodeId id) const {
    const Page* p = find(id);
    return p != nullptr && ((*p)[word_of(id)] & bit_of(id)) != 0;
  }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return charged_; }
  // With a set of the same budget.
  void swap(NodeSet& other) noexcept {
    near_.swap(other.near_);
    far_.swap(other.far_);
    std::swap(charged_, other.charged_);
    std::swap(size_, other.size_);
  }
  void clear() noexcept {
    if (budget_ != nullptr) budget_->release(charged_);
    near_.clear();
    far_.clear();
    charged_ = size_ = 0;
  }

 private:
  static constexpr unsigned kPageBits = 12;
  static constexpr std::uint64_t kNearPages = std::uint64_t{1} << 20;
  using Page = std::array<std::uint64_t, (std::size_t{1} << kPageBits) / 64>;

  static std::uint64_t number(NodeId id) noexcept {
    return static_cast<std::uint64_t>(id) >> kPageBits;
  }
  static std::size_t word_of(NodeId id) noexcept {
    return (static_cast<std::uint64_t>(id) >> 6) & (std::tuple_size_v<Page> - 1);
  }
  static std::uint64_t bit_of(NodeId id) noexcept {
    return std::uint64_t{1} << (static_cast<std::uint64_t>(id) & 63);
  }
  const Page* find(NodeId id) const {
    const std::uint64_t n = number(id);
    if (n < near_.size()) return near_[n].get();
    if (far_.empty()) return nullptr;
    const auto at = far_.find(n);
    return at == far_.end() ? nullptr : at->second.get();
  }
  Page& page(NodeId id) {
    const std::uint64_t n = number(id);
    if (n < near_.size() && near_[n] != nullptr) return *near_[n];
    return add(n);
  }
  Page& add(std::uint64_t n) {
    if (n >= kNearPages) {
      auto& p = far_[n];
      if (p == nullptr) p = make(sizeof(Page) + 64);
      return *p;
    }
    if (n >= near_.size()) {
      charge((n + 1 - near_.size()) * sizeof(near_[0]));
      near_.resize(n + 1);
    }
    near_[n] = make(sizeof(Page));
    return *near_[n];
  }
  std::unique_ptr<Page> make(std::size_t bytes) {
    charge(bytes);
    return std::make_unique<Page>();
  }
  void charge(std::size_t bytes) {
    if (budget_ != nullptr) budget_->charge(bytes);
    charged_ += bytes;
  }

  MemoryBudget* budget_;
  std::vector<std::unique_ptr<Page>> near_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> far_;
  std::size_t charged_ = 0;
  std::size_t size_ = 0;
};

}  // namespace rv::graph
