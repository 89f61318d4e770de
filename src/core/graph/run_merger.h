// Several sorted runs of spilled rows as one.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/spill.h"

namespace rv::graph {

// Order::compare(const Value* a, const Value* b) is negative, zero or positive. Of equal rows those
// of earlier runs come first. Keeps a reference to the order.
template <class Order>
class RunMerger {
 public:
  RunMerger(Runtime& runtime, const Order& order, SpillWriter& from,
            std::span<const SpilledRun> runs)
      : order_(order) {
    for (const SpilledRun& run : runs) {
      auto& input = inputs_.emplace_back(std::make_unique<Input>(runtime, from, run));
      input->number = inputs_.size();
      input->row = input->reader.next();
      if (input->row == nullptr) inputs_.pop_back();
    }
    std::make_heap(inputs_.begin(), inputs_.end(), After{order_});
  }
  // The first row that is left, until pop(); nullptr at the end.
  const Value* front() const { return inputs_.empty() ? nullptr : inputs_.front()->row; }
  void pop() {
    if (inputs_.empty()) return;
    std::pop_heap(inputs_.begin(), inputs_.end(), After{order_});
    Input& last = *inputs_.back();
    last.row = last.reader.next();
    if (last.row == nullptr) {
      inputs_.pop_back();
    } else {
      std::push_heap(inputs_.begin(), inputs_.end(), After{order_});
    }
  }
  // The rows one after the other, each until the next call; nullptr at the end.
  const Value* next() {
    if (used_) pop();
    used_ = true;
    return front();
  }

 private:
  struct Input {
    Input(Runtime& runtime, SpillWriter& from, SpilledRun run) : reader(runtime, from, run) {}
    SpillReader reader;
    const Value* row = nullptr;
    std::size_t number = 0;
  };
  struct After {
    const Order& order;
    bool operator()(const std::unique_ptr<Input>& a, const std::unique_ptr<Input>& b) const {
      const int c = order.compare(a->row, b->row);
      return c != 0 ? c > 0 : a->number > b->number;
    }
  };
  const Order& order_;
  std::vector<std::unique_ptr<Input>> inputs_;
  bool used_ = false;  // next() has handed out the front
};

// Merges neighbouring runs until so few are left that readers within `memory` bytes read them at
// once. Of each merged run the first `wanted` rows are kept.
template <class Order>
void merge_runs(Runtime& runtime, const Order& order, std::unique_ptr<SpillWriter>& file,
                std::vector<SpilledRun>& runs, std::size_t memory,
                std::size_t wanted = ~std::size_t{0}) {
  const std::size_t at_once = std::max<std::size_t>(2, memory / SpillReader::buffer_bytes(runtime));
  while (runs.size() > at_once) {
    auto merged = std::make_unique<SpillWriter>(runtime, file->width());
    std::vector<SpilledRun> fewer;
    for (std::size_t i = 0; i < runs.size(); i += at_once) {
      const std::size_t n = std::min(at_once, runs.size() - i);
      RunMerger some(runtime, order, *file, std::span(runs).subspan(i, n));
      for (std::size_t k = 0; some.front() != nullptr && k < wanted; ++k, some.pop())
        merged->append(some.front());
      fewer.push_back(merged->end_run());
    }
    file = std::move(merged);
    runs = std::move(fewer);
  }
}

}  // namespace rv::graph
