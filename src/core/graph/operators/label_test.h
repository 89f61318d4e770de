// Which nodes have a label, each node asked for once in a query.
#pragma once

#include <vector>

#include "core/graph/eval.h"
#include "core/graph/node_set.h"
#include "core/graph/store.h"

namespace rv::graph {

class LabelTest {
 public:
  // Can this predicate be tested here: one label of a column?
  static bool covers(const Expr& e);

  LabelTest(Runtime& runtime, const Expr& e)
      : runtime_(runtime), expr_(e), known_(runtime.budget()), has_(runtime.budget()) {}
  // Puts the rows of `batch` that pass into `kept`. False when some row is no node or its node is
  // gone, which only the evaluator can answer.
  bool rows(const Batch& batch, std::vector<std::uint32_t>& kept);
  // Asks for those that are not known yet. False when one of them is gone.
  bool ask(std::span<const Hop> ends);
  // kNoName: no node has it.
  NameId label() const { return runtime_.name(expr_.labels->name_index); }
  // Asks for one node. False when it is gone.
  bool ask(NodeId node);
  // Of a node that was asked for.
  bool has(NodeId node) const { return has_.contains(node); }
  // The next question is of another execution.
  void rest() noexcept { forget(); }

 private:
  bool forget() noexcept;
  void start();
  bool look_up();
  Runtime& runtime_;
  const Expr& expr_;
  NodeSet known_, has_;
  std::uint64_t writes_ = 0;  // as of what is known
  std::vector<NodeId> asked_;
  std::vector<std::int8_t> answers_;
};

}  // namespace rv::graph
