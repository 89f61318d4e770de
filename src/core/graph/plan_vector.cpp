// MATCH (n:Label) ... ORDER BY ruvector.similarity(n.key, query) DESC LIMIT k through a vector
// index.
#include "core/graph/lexer.h"
#include "core/graph/planner.h"

namespace rv::graph {
namespace {

// A distance between a property of a node and something else, by which rows are sorted.
struct Nearness {
  const Expr* property = nullptr;
  const Expr* query = nullptr;
  std::string_view metric;
};

Nearness nearness(const Expr& e, bool descending, int node_slot) {
  Nearness out;
  if (e.kind != ExprKind::call || e.args.size() < 2) return out;
  if (equal_ignoring_case(e.name, "ruvector.similarity") && descending && e.args.size() == 2) {
    out.metric = "cosine";
  } else if (equal_ignoring_case(e.name, "ruvector.distance") && !descending) {
    if (e.args.size() > 2 &&
        !(e.args[2]->kind == ExprKind::literal && e.args[2]->literal.is(Kind::string)))
      return out;
    out.metric = e.args.size() > 2 ? e.args[2]->literal.as_string() : std::string_view("l2");
  } else {
    return out;
  }
  for (std::size_t side = 0; side < 2; ++side) {
    const Expr& p = *e.args[side];
    if (p.kind == ExprKind::property && p.args[0]->kind == ExprKind::variable &&
        p.args[0]->slot == node_slot && !p.args[0]->local) {
      out.property = &p;
      out.query = e.args[1 - side].get();
      return out;
    }
  }
  return out;
}

}  // namespace

// The scan of a label, with filters alone above it, becomes a search that hands out the nearest
// nodes first, and stops when the LIMIT is reached. The sort stays above and sees those rows only.
void Planner::use_vector_index(const Clause& c, PlanPtr& input) {
  if (c.limit == nullptr || c.order.empty()) return;
  PlanNode* scan = input.get();
  while (scan->op == Op::filter) scan = scan->children[0].get();
  if (scan->op != Op::label_scan || scan->children[0]->op != Op::argument) return;
  const Expr* by = c.order[0].expr.get();
  if (by->kind == ExprKind::variable)
    for (const auto& item : c.items)
      if (item.slot == by->slot) by = item.expr.get();
  const Nearness near = nearness(*by, c.order[0].descending, scan->slot);
  if (near.property == nullptr) return;
  SlotSet uses(s_.slots);
  slots_of(*near.query, uses);
  if (uses.has(scan->slot)) return;
  const auto& names = s_.names;
  const NameId label =
      store_.find_name(NameKind::label, names[static_cast<std::size_t>(scan->name_index)].text);
  const NameId key = store_.find_name(NameKind::key, near.property->name);
  if (label == kNoName || key == kNoName || !store_.has_vector_index(label, key, near.metric))
    return;
  scan->op = Op::vector_search;
  scan->metric = near.metric;
  scan->exprs.push_back({near.query, kNoSlot});
  scan->index = static_cast<std::uint32_t>(near.property->name_index);
  PlanPtr limit = on_top(Op::limit, std::move(input));
  limit->limit = c.limit.get();
  limit->skip = c.skip.get();
  input = std::move(limit);
}

}  // namespace rv::graph
