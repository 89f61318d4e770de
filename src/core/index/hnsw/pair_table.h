// Candidates of members: a fixed room for each, filled by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

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
  // The place of `count` further pairs of a member, which the caller writes; of fewer when there is
  // less room left.
  std::span<Pair> add(std::size_t member, std::size_t count) noexcept {
    std::uint16_t at = counts_[member].load(std::memory_order_relaxed);
    std::size_t fit;
    do {
      fit = std::min(count, room_ - at);
    } while (!counts_[member].compare_exchange_weak(at, static_cast<std::uint16_t>(at + fit),
                                                    std::memory_order_relaxed));
    return {pairs_.data() + member * room_ + at, fit};
  }
  Pair* begin(std::size_t member) noexcept { return pairs_.data() + member * room_; }
  Pair* end(std::size_t member) noexcept { return begin(member) + counts_[member].load(); }

 private:
  std::size_t room_;
  LargeArray<Pair> pairs_;
  std::unique_ptr<std::atomic<std::uint16_t>[]> counts_;
};

}  // namespace rv::index::hnsw
