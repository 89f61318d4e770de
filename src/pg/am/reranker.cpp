#include "pg/am/reranker.h"

#include <algorithm>
#include <cstddef>

namespace rv::pg {
namespace {

// The order of equal distances is that of the rows' places, so that every run sees the same.
bool farther(const Reranker::Row& a, const Reranker::Row& b) noexcept {
  if (a.distance != b.distance) return a.distance > b.distance;
  return ItemPointerCompare(const_cast<ItemPointerData*>(&a.tid),
                            const_cast<ItemPointerData*>(&b.tid)) > 0;
}

}  // namespace

void Reranker::sort() {
  // What was looked at is done with.
  lower_.erase(lower_.begin(), lower_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  std::sort(lower_.begin(), lower_.end(), [](const Candidate& a, const Candidate& b) {
    return a.lower < b.lower || (a.lower == b.lower && a.candidate < b.candidate);
  });
}

void Reranker::push(Row row) {
  exact_.push_back(row);
  std::push_heap(exact_.begin(), exact_.end(), farther);
}

Reranker::Row Reranker::pop() {
  std::pop_heap(exact_.begin(), exact_.end(), farther);
  const Row row = exact_.back();
  exact_.pop_back();
  return row;
}

}  // namespace rv::pg
