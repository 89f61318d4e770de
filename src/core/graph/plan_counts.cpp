// Aggregation over counts: where an aggregate only asks how many rows an expansion makes, the
// expansion counts them.
#include <algorithm>

#include "core/graph/function.h"
#include "core/graph/operators/accumulator.h"
#include "core/graph/operators/label_test.h"
#include "core/graph/planner.h"

namespace rv::graph {
namespace {

// Can the call take a row once and be told how often it counts?
bool takes_counts(const Expr& call) {
  if (only_counts(call) || call.distinct) return true;
  const Aggregate a = call.function->aggregate;
  return a == Aggregate::min || a == Aggregate::max;
}

bool reads(const PlanNode& aggregate, int slot) {
  SlotSet used;
  for (const auto& e : aggregate.exprs) slots_of(*e.expr, used);
  for (const auto& a : aggregate.aggregates)
    for (const auto& arg : a.expr->args) slots_of(*arg, used);
  return used.has(slot);
}

bool any_varies(const PlanNode& n) {
  const auto of = [](const SlotExpr& e) { return varies(*e.expr); };
  return std::any_of(n.exprs.begin(), n.exprs.end(), of) ||
         std::any_of(n.aggregates.begin(), n.aggregates.end(), of);
}

void count_below(PlanNode& n, Statement& statement) {
  if (n.aggregates.empty() || any_varies(n) ||
      !std::all_of(n.aggregates.begin(), n.aggregates.end(),
                   [](const SlotExpr& a) { return takes_counts(*a.expr); }))
    return;
  PlanNode* filter = n.children[0]->op == Op::filter ? n.children[0].get() : nullptr;
  PlanNode& expand = filter != nullptr ? *filter->children[0] : *n.children[0];
  if (expand.op != Op::expand || expand.type_expr != nullptr || expand.from == expand.to ||
      reads(n, expand.to) || reads(n, expand.relationship))
    return;
  // Nobody counts when every call ignores repeats: visiting ends once is better then.
  if (std::none_of(n.aggregates.begin(), n.aggregates.end(),
                   [](const SlotExpr& a) { return only_counts(*a.expr); }))
    return;
  std::vector<const Expr*> labels;
  if (filter != nullptr) {
    for (const auto& e : filter->exprs) {
      if (!LabelTest::covers(*e.expr) || e.expr->args[0]->slot != expand.to) return;
      labels.push_back(e.expr);
    }
  }
  expand.end_labels = std::move(labels);
  expand.count_slot = n.count_slot = statement.slots++;
  if (filter != nullptr) {
    expand.rows = filter->rows;
    PlanPtr below = std::move(filter->children[0]);
    n.children[0] = std::move(below);
  }
}

}  // namespace

void count_hops(PlanNode& n, Statement& statement) {
  if (n.op == Op::aggregate) count_below(n, statement);
  for (const auto& child : n.children) count_hops(*child, statement);
}

}  // namespace rv::graph
