// Lists taken for the sets of values that something can be equal to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/charged_vector.h"
#include "core/graph/compare.h"
#include "core/graph/hash_index.h"

namespace rv::graph {

// Is the value equal to itself? Null, NaN and what holds one of them are equal to nothing.
inline bool equals_itself(const Value& v) noexcept {
  return v.is(Kind::integer) || v.is(Kind::string) || equals(v, v) == Truth::yes;
}

// The places of the elements that something can be equal to, of equal ones the first; ascending by
// order(), so that a walk over an index goes one way.
void sort_distinct(std::span<const Value> items, ChargedVector<std::uint32_t>& out);

// Finds values in a list that is asked often.
class ValueSet {
 public:
  // Nothing when the budget has no room for it. The items must stay where they are.
  static std::unique_ptr<ValueSet> make(std::span<const Value> items, MemoryBudget* budget);
  ValueSet(const ValueSet&) = delete;
  ValueSet& operator=(const ValueSet&) = delete;
  ~ValueSet() { budget_->release(charged_); }

  // Can contains() answer for this value? Lists and maps may be unknown to be in it.
  static bool covers(const Value& v) noexcept {
    return !v.is_null() && !v.is(Kind::list) && !v.is(Kind::map);
  }
  // What `v IN items` is.
  Truth contains(const Value& v) const;

 private:
  ValueSet(std::span<const Value> items, MemoryBudget* budget, std::size_t charged);

  MemoryBudget* budget_;
  std::size_t charged_;
  std::span<const Value> items_;
  HashIndex index_{nullptr};           // of places_; charged as a whole
  std::vector<std::uint32_t> places_;  // in items_
  bool has_null_ = false;
};

}  // namespace rv::graph
