#include "core/graph/value_list.h"

#include <algorithm>
#include <bit>

namespace rv::graph {

void sort_distinct(std::span<const Value> items, ChargedVector<std::uint32_t>& out) {
  out.clear();
  for (std::size_t i = 0; i < items.size(); ++i)
    if (equals_itself(items[i])) out.push_back(static_cast<std::uint32_t>(i));
  auto& places = out.all();
  std::sort(places.begin(), places.end(), [items](std::uint32_t a, std::uint32_t b) {
    const int c = order(items[a], items[b]);
    return c != 0 ? c < 0 : a < b;
  });
  places.erase(std::unique(places.begin(), places.end(),
                           [items](std::uint32_t a, std::uint32_t b) {
                             return equals(items[a], items[b]) == Truth::yes;
                           }),
               places.end());
}

std::unique_ptr<ValueSet> ValueSet::make(std::span<const Value> items, MemoryBudget* budget) {
  const std::size_t table = std::bit_ceil(std::max<std::size_t>(8, items.size() + 1)) * 2;
  const std::size_t bytes =
      table * (sizeof(std::uint32_t) + sizeof(std::uint64_t) / 2) + items.size() * 4;
  if (!budget->try_charge(bytes)) return nullptr;
  try {
    return std::unique_ptr<ValueSet>(new ValueSet(items, budget, bytes));
  } catch (...) {
    budget->release(bytes);
    throw;
  }
}

ValueSet::ValueSet(std::span<const Value> items, MemoryBudget* budget, std::size_t charged)
    : budget_(budget), charged_(charged), items_(items) {
  places_.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    has_null_ = has_null_ || items[i].is_null();
    if (!equals_itself(items[i])) continue;
    const bool fresh =
        index_
            .find_or_add(hash(items[i]),
                         [&](std::uint32_t known) {
                           return equals(items_[places_[known]], items[i]) == Truth::yes;
                         })
            .fresh;
    if (fresh) places_.push_back(static_cast<std::uint32_t>(i));
  }
}

Truth ValueSet::contains(const Value& v) const {
  const std::uint32_t at = index_.find(hash(v), [&](std::uint32_t known) {
    return equals(items_[places_[known]], v) == Truth::yes;
  });
  if (at != HashIndex::kNone) return Truth::yes;
  return has_null_ ? Truth::unknown : Truth::no;
}

}  // namespace rv::graph
