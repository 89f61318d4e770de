// A cursor over values that are all known.
#pragma once

#include <algorithm>
#include <vector>

#include "core/graph/store.h"

namespace rv::graph {

template <class T>
class VectorCursor final : public Cursor<T> {
 public:
  explicit VectorCursor(std::vector<T> items) : items_(std::move(items)) {}
  std::size_t next(std::span<T> out) override {
    const std::size_t n = std::min(out.size(), items_.size() - at_);
    std::copy_n(items_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
    at_ += n;
    return n;
  }

 private:
  std::vector<T> items_;
  std::size_t at_ = 0;
};

}  // namespace rv::graph
