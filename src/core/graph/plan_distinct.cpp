// Finds the expansions of which only the distinct ends matter: above them nothing sees how often a
// row comes, as in count(DISTINCT f) or RETURN DISTINCT f.name, and nothing but the end is read.
#include <algorithm>

#include "core/graph/function.h"
#include "core/graph/lexer.h"
#include "core/graph/planner.h"

namespace rv::graph {
bool varies(const Expr& root) {
  bool found = false;
  visit(const_cast<Expr&>(root), [&](Expr& e) {
    found = found || e.subquery != nullptr ||
            (e.kind == ExprKind::call &&
             (equal_ignoring_case(e.name, "rand") || equal_ignoring_case(e.name, "randomUUID")));
  });
  return found;
}

namespace {

bool any_random(const PlanNode& n) {
  return std::any_of(n.exprs.begin(), n.exprs.end(),
                     [](const SlotExpr& e) { return varies(*e.expr); });
}

// Do repeated rows leave the result of this call as it is?
bool ignores_repeats(const Expr& call) {
  if (call.kind == ExprKind::count_star) return false;
  const Aggregate a = call.function->aggregate;
  return call.distinct || a == Aggregate::min || a == Aggregate::max;
}

bool only(const std::vector<int>& live, int slot) {
  return std::all_of(live.begin(), live.end(), [slot](int s) { return s == slot; });
}

}  // namespace

void find_distinct_ends(PlanNode& n, bool repeats_matter) {
  bool below = true;  // do repeats of the input's rows matter?
  switch (n.op) {
    case Op::aggregate:
      below = any_random(n) ||
              std::any_of(n.aggregates.begin(), n.aggregates.end(), [](const SlotExpr& a) {
                return !ignores_repeats(*a.expr) || varies(*a.expr);
              });
      break;
    case Op::distinct:
      below = false;
      break;
    case Op::filter:
    case Op::project:
      below = repeats_matter || any_random(n);
      break;
    case Op::build_path:
    case Op::bound_relationship:
    case Op::expand_into:
    case Op::node_scan:
    case Op::label_scan:
    case Op::id_seek:
    case Op::index_seek:
    case Op::hash_join:
      below = repeats_matter;
      break;
    case Op::expand:
      below = repeats_matter;
      n.distinct_ends = !repeats_matter && n.from != n.to && only(n.live, n.to);
      break;
    case Op::var_expand: {
      below = repeats_matter;
      const bool relationships_read =
          std::find(n.live.begin(), n.live.end(), n.relationship) != n.live.end();
      if (repeats_matter || n.to_bound || n.from == n.to || relationships_read) break;
      n.distinct_ends = only(n.live, n.to);
      // The shortest way to an end repeats no relationship. Ways of a least length may have to.
      if (n.min <= 1 && n.distinct_from.empty()) n.op = Op::reach;
      break;
    }
    default:
      break;
  }
  for (std::size_t i = 0; i < n.children.size(); ++i)
    find_distinct_ends(*n.children[i], i > 0 || below);
}

}  // namespace rv::graph
