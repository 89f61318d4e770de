// A set of ids that is cleared in constant time: the nodes that a search has seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rv::index::hnsw {

class VisitedSet {
 public:
  VisitedSet() : slots_(kInitial) {}

  void clear() noexcept {
    size_ = 0;
    if (++generation_ == 0) {  // wrapped: old marks would look new
      for (Slot& s : slots_) s = {};
      generation_ = 1;
    }
  }
  // True when the id was not in the set.
  bool insert(std::uint32_t id) {
    if (size_ * 2 >= slots_.size()) grow();
    if (!place(id)) return false;
    ++size_;
    return true;
  }
  bool contains(std::uint32_t id) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash(id) & mask;; i = (i + 1) & mask) {
      if (slots_[i].generation != generation_) return false;
      if (slots_[i].id == id) return true;
    }
  }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::size_t kInitial = 4096;
  struct Slot {
    std::uint32_t id = 0;
    std::uint32_t generation = 0;
  };
  static std::size_t hash(std::uint32_t id) noexcept {
    return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15ULL) >> 24);
  }
  bool place(std::uint32_t id) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash(id) & mask;
    while (slots_[i].generation == generation_) {
      if (slots_[i].id == id) return false;
      i = (i + 1) & mask;
    }
    slots_[i] = {id, generation_};
    return true;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.generation == generation_) place(s.id);
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  std::uint32_t generation_ = 1;
};

}  // namespace rv::index::hnsw
