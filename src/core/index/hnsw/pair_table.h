// Candidates of members: a fixed room for each, filled by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/base/large_array.h"

namespace rv::index::hnsw {

struct Pair {
  float distance;
  std::uint32_t position;
};

// An object, not a function: sorts take it by its type and inline it.
struct PairLess {
  bool operator()(const Pair& a, const Pair& b) const noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.position < b.position);
  }
};
inline constexpr PairLess pair_less;

// Room for a fixed number of pairs for each member, filled by several threads.
class PairTable {
 public:
  PairTable(std::size_t members, std::size_t room)
      : room_(room),
        pairs_(members * room),
        counts_(std::make_unique<std::atomic<std::uint16_t>[]>(members)) {}
  // False when there is no room left.
  bool add(std::size_t member, Pair pair) noexcept {
    const auto at = counts_[member].fetch_add(1, std::memory_order_relaxed);
    if (at >= room_) {
      counts_[member].fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    pairs_[member * room_ + at] = pair;
    return true;
  }
  Pair* begin(std::size_t member) noexcept { return pairs_.data() + member * room_; }
  Pair* end(std::size_t member) noexcept {
    return begin(member) + std::min<std::size_t>(counts_[member].load(), room_);
  }

 private:
  std::size_t room_;
  LargeArray<Pair> pairs_;
  std::unique_ptr<std::atomic<std::uint16_t>[]> counts_;
};

}  // namespace rv::index::hnsw
