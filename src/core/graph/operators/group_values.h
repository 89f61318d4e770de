// Values of many groups in a file: what aggregates that need all values of a group keep when memory
// is full.
#pragma once

#include <optional>

#include "core/graph/compare.h"
#include "core/graph/run_merger.h"

namespace rv::graph {

class GroupValues {
 public:
  // `sorted`: each group's values come back in order(), and a run must be written so; else as they
  // came.
  GroupValues(Runtime& runtime, bool sorted)
      : runtime_(runtime), order_{sorted}, file_(std::make_unique<SpillWriter>(runtime, kWidth)) {}

  // By ascending group until end_run(). Groups may come again in further runs.
  void append(std::size_t group, const Value& v) {
    const Value row[kWidth] = {Value::integer(static_cast<std::int64_t>(group)), v};
    file_->append(row);
  }
  void end_run() { runs_.push_back(file_->end_run()); }

  // Writing has ended. `memory`: for reading.
  void read(std::size_t memory) {
    merge_runs(runtime_, order_, file_, runs_, memory);
    file_->close();
    merger_.emplace(runtime_, order_, *file_, runs_);
  }
  // The next value of a group, until the next call; nullptr when there is none left. Groups must be
  // asked for in ascending order, and each until its end.
  const Value* next(std::size_t group) {
    if (taken_) merger_->pop();
    const Value* row = merger_->front();
    taken_ = row != nullptr && row[0].as_integer() == static_cast<std::int64_t>(group);
    return taken_ ? row + 1 : nullptr;
  }

 private:
  static constexpr std::size_t kWidth = 2;

  struct Order {
    bool sorted;
    int compare(const Value* a, const Value* b) const {
      const int c = order(a[0], b[0]);
      return c != 0 || !sorted ? c : order(a[1], b[1]);
    }
  };

  Runtime& runtime_;
  Order order_;
  std::unique_ptr<SpillWriter> file_;
  std::vector<SpilledRun> runs_;
  std::optional<RunMerger<Order>> merger_;
  bool taken_ = false;  // the merger's front was handed out
};

}  // namespace rv::graph
