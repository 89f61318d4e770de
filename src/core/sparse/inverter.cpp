#include "core/sparse/inverter.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/base/rng.h"

namespace rv::sparse {
namespace {

std::uint32_t hash_of(std::string_view key) noexcept {
  std::uint64_t h = key.size();
  while (key.size() >= 4) {
    std::uint32_t part;
    std::memcpy(&part, key.data(), 4);
    h = (h ^ part) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 32;
    key.remove_prefix(4);
  }
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return static_cast<std::uint32_t>(mix64(h));
}

}  // namespace

void* Inverter::allocate(std::size_t bytes) {
  bytes = (bytes + 7) & ~std::size_t{7};
  if (bytes > arena_left_) {
    const std::size_t block = std::max(bytes, kArenaBlock);
    arena_.push_back(std::make_unique_for_overwrite<std::byte[]>(block));
    arena_at_ = arena_.back().get();
    arena_left_ = block;
    arena_bytes_ += block;
  }
  void* p = arena_at_;
  arena_at_ += bytes;
  arena_left_ -= bytes;
  return p;
}

void Inverter::grow_slots() {
  slots_.assign(slots_.size() * 2, kNone);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t i = 0; i < lists_.size(); ++i) {
    std::size_t s = lists_[i].hash & mask;
    while (slots_[s] != kNone) s = (s + 1) & mask;
    slots_[s] = i;
  }
}

std::uint32_t Inverter::list_of(std::string_view key) {
  const std::uint32_t hash = hash_of(key);
  const std::size_t mask = slots_.size() - 1;
  std::size_t s = hash & mask;
  for (; slots_[s] != kNone; s = (s + 1) & mask) {
    const List& l = lists_[slots_[s]];
    if (l.hash == hash && std::string_view(l.key, l.key_size) == key) return slots_[s];
  }
  auto* copy = static_cast<char*>(allocate(key.size()));
  std::memcpy(copy, key.data(), key.size());
  const auto position = static_cast<std::uint32_t>(lists_.size());
  slots_[s] = position;
  lists_.push_back({copy, static_cast<std::uint32_t>(key.size()), hash, nullptr, nullptr});
  if (lists_.size() * 2 > slots_.size()) grow_slots();
  return position;
}

void Inverter::add(const Document& d) {
  const std::uint32_t doc = next_doc_++;
  for (const Term& t : d.terms) {
    List& l = lists_[list_of(t.key)];
    if (l.tail == nullptr || l.tail->used == l.tail->capacity) {
      const std::uint32_t capacity =
          l.tail == nullptr ? 2 : std::min<std::uint32_t>(l.tail->capacity * 2, 1024);
      auto* chunk =
          new (allocate(sizeof(Chunk) + capacity * sizeof(Posting))) Chunk{nullptr, 0, capacity};
      (l.tail == nullptr ? l.head : l.tail->next) = chunk;
      l.tail = chunk;
    }
    l.tail->postings()[l.tail->used++] = {doc, t.value};
  }
}

bool Inverter::next() {
  if (order_.empty()) {
    order_.resize(lists_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::string_view(lists_[a].key, lists_[a].key_size) <
             std::string_view(lists_[b].key, lists_[b].key_size);
    });
  }
  if (at_ == order_.size()) return false;
  ++at_;
  return true;
}

void Inverter::read(std::vector<Posting>& out) {
  for (Chunk* c = lists_[order_[at_ - 1]].head; c != nullptr; c = c->next)
    out.insert(out.end(), c->postings(), c->postings() + c->used);
}

}  // namespace rv::sparse
