// Runs the subquery of an expression (EXISTS, COUNT, COLLECT, pattern predicates) for one row.
#pragma once

#include "core/graph/batch.h"
#include "core/graph/operator.h"
#include "core/graph/runtime.h"

namespace rv::graph {

class SubqueryRunner {
 public:
  SubqueryRunner(Runtime& runtime, const SubqueryPlan& plan);
  Value run(const Batch& outer, std::uint32_t row, Arena& arena);

 private:
  Runtime& runtime_;
  const SubqueryPlan& plan_;
  OwnedBatch argument_;
  OperatorTree tree_;
};

}  // namespace rv::graph
