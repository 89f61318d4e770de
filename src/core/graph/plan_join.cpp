// Equality of what is bound with a property of a node that is not: a table instead of a scan for
// each row.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/graph/planner.h"

namespace rv::graph {

bool reads_rows(const PlanNode& start) {
  SlotSet used;
  for (const auto& e : start.exprs) slots_of(*e.expr, used);
  for (const Expr* e : {start.lower, start.upper, start.prefix})
    if (e != nullptr) slots_of(*e, used);
  return !used.list().empty();
}

// Joins the input with one of the nodes that are not bound yet; null where no equality leads to one
// or a scan for each row costs less. A start that is found through the input's rows, such as a seek
// in an index, is the caller's to prefer.
PlanPtr Planner::hash_join(MatchState& m, PlanPtr& input) {
  struct Candidate {
    const NodePattern* node = nullptr;
    std::vector<std::pair<Predicate*, std::size_t>> equalities;  // and the node's side
    Start scan;
  };
  // The sides of an equality between what is bound and a node alone: which of them is the node's?
  const auto side_of = [&](const Predicate& p, int slot) {
    const Expr& e = *p.expr;
    if (p.done || e.kind != ExprKind::compare || e.args.size() != 2 || e.names[0] != "=" ||
        !p.uses.has(slot) || varies(e))
      return -1;
    for (int side = 0; side < 2; ++side) {
      SlotSet own, other;
      slots_of(*e.args[static_cast<std::size_t>(side)], own);
      slots_of(*e.args[static_cast<std::size_t>(1 - side)], other);
      const auto rest = other.list();
      if (own.list() == std::vector<int>{slot} && !rest.empty() &&
          std::all_of(rest.begin(), rest.end(), [this](int s) { return bound_.has(s); }))
        return side;
    }
    return -1;
  };
  const SlotSet bound = bound_;
  Candidate best;
  best.scan.cost = std::numeric_limits<double>::infinity();
  for (NodePattern* n : m.nodes) {
    if (bound.has(n->slot)) continue;
    Candidate c{n, {}, {}};
    for (auto& p : m.predicates)
      if (const int side = side_of(p, n->slot); side >= 0)
        c.equalities.emplace_back(&p, static_cast<std::size_t>(side));
    if (c.equalities.empty()) continue;
    bound_ = SlotSet(s_.slots);  // the scan knows no row of the input
    c.scan = node_start(*n, m);
    bound_ = bound;
    c.scan.cost = std::max(c.scan.cost, 10.0);  // plans outlive an empty graph
    if (c.scan.cost < best.scan.cost) best = std::move(c);
  }
  if (best.node == nullptr) return nullptr;
  const double rows = input->rows * repeats_;
  if (rows * best.scan.cost < 1.5 * (rows + best.scan.cost)) return nullptr;

  auto join = std::make_unique<PlanNode>(Op::hash_join);
  join->slot = best.node->slot;
  for (const auto& [p, side] : best.equalities) {
    join->scan_exprs.push_back({p->expr->args[side].get(), kNoSlot});
    join->exprs.push_back({p->expr->args[1 - side].get(), kNoSlot});
    p->done = true;
  }
  bound_ = SlotSet(s_.slots);
  PlanPtr scan = apply_predicates(place(std::move(best.scan), leaf(), m), m, true);
  bound_ = bound;
  bound_.add(join->slot);
  join->rows = std::max(input->rows, scan->rows);
  // A table of the scan is made once, however often the plan runs, but must fit into memory then.
  constexpr double kKept = 20'000;
  join->build_input = input->rows < scan->rows && (repeats_ <= 1 || scan->rows > kKept);
  join->children.push_back(std::move(input));
  join->children.push_back(std::move(scan));
  return join;
}

}  // namespace rv::graph
