// Runs a plan, once or time after time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/batch.h"
#include "core/graph/operator.h"
#include "core/graph/plan.h"
#include "core/graph/runtime.h"

namespace rv::graph {

// Called with each batch of result rows; the columns are in plan.column_slots. What is made with
// the runtime, such as JsonRows, must go before the next run and before the execution.
using BatchSink = std::function<void(Runtime& runtime, const Batch& batch)>;

// The operators of a plan. To make them and to take them down is a twentieth of a short statement,
// so that who runs the plan again keeps them, if they can be kept. Refers to the plan.
class Execution {
 public:
  explicit Execution(const Plan& plan) noexcept : plan_(plan) {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // Errors carry their place in the query.
  void run(GraphStore& store, const Environment& environment, std::span<const MapEntry> parameters,
           const BatchSink& rows, std::vector<Profile>* profile = nullptr);
  // May it be kept to run again? Not after an error, not with operators that end with a run
  // (Operator::rest()), not when it holds much memory.
  bool can_be_kept() const noexcept { return kept_; }

  static constexpr std::size_t kMostKeptBytes = std::size_t{256} << 10;  // of its memory limit
  static constexpr std::size_t kMostKeptColumns = 128;                   // 2 MB

 private:
  const Plan& plan_;
  std::unique_ptr<Runtime> runtime_;
  OperatorTree tree_;  // refers to the runtime
  bool kept_ = false;
};

}  // namespace rv::graph
