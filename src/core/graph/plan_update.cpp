// Plans of clauses that write.
#include <algorithm>

#include "core/graph/planner.h"

namespace rv::graph {
namespace {

LabelExprPtr clone(const LabelExpr& e) {
  auto out = std::make_unique<LabelExpr>();
  out->kind = e.kind;
  out->name = e.name;
  out->span = e.span;
  out->name_index = e.name_index;
  for (const auto& arg : e.args) out->args.push_back(clone(*arg));
  return out;
}

bool mentions(const Expr& e, int slot, int slots) {
  SlotSet uses(slots);
  slots_of(e, uses);
  return uses.has(slot);
}

}  // namespace

PlanPtr Planner::eager(PlanPtr input, bool advance) {
  PlanPtr n = on_top(Op::eager, std::move(input));
  n->advance = advance;
  return n;
}

void Planner::created_slots(Clause& c) {
  for (PatternPart& part : c.pattern) {
    for (const auto& n : part.nodes) bound_.add(n.slot);
    for (const auto& r : part.relationships) bound_.add(r.slot);
  }
}

PlanPtr Planner::create(Clause& c, PlanPtr input) {
  PlanPtr n = on_top(Op::create, std::move(input));
  n->clause = &c;
  for (PatternPart& part : c.pattern) {
    for (const auto& node : part.nodes) {
      if (node.properties == nullptr) continue;
      subqueries(node.properties.get());
      n->exprs.push_back({node.properties.get(), kNoSlot});
    }
    for (const auto& r : part.relationships) {
      if (r.properties == nullptr) continue;
      subqueries(r.properties.get());
      n->exprs.push_back({r.properties.get(), kNoSlot});
    }
  }
  // Properties may read what the clause has created before: CREATE (a {x: 1}), ({y: a.x}).
  SlotSet uses(s_.slots);
  for (const auto& e : n->exprs) slots_of(*e.expr, uses);
  for (const PatternPart& part : c.pattern) {
    for (const auto& node : part.nodes) n->advance |= node.declared && uses.has(node.slot);
    for (const auto& r : part.relationships) n->advance |= uses.has(r.slot);
  }
  if (n->advance) n->children[0] = eager(std::move(n->children[0]), false);
  created_slots(c);
  for (PatternPart& part : c.pattern) {
    if (part.variable.empty()) continue;
    n = on_top(Op::build_path, std::move(n));
    n->part = &part;
    n->slot = part.slot;
    bound_.add(part.slot);
  }
  return n;
}

// The values of the pattern's properties are computed first, then the pattern is matched with them
// and, where nothing matches, created with them.
PlanPtr Planner::merge(Clause& c, PlanPtr input) {
  PatternPart& part = c.pattern[0];
  PlanPtr values = on_top(Op::project, std::move(input));
  const auto compute = [&](ExprPtr& properties) {
    if (properties == nullptr) return;
    for (auto& value : properties->args) {
      subqueries(value);
      const int slot = new_slot();
      values->exprs.push_back({value.get(), slot});
      bound_.add(slot);
      const Span span = value->span;
      plan_.made.push_back(std::move(value));
      value = std::make_unique<Expr>(ExprKind::variable, span);
      value->slot = slot;
    }
  };
  const auto copy_map = [](const ExprPtr& map) -> ExprPtr {
    if (map == nullptr) return nullptr;
    auto out = std::make_unique<Expr>(ExprKind::map, map->span);
    out->names = map->names;
    for (const auto& value : map->args) {
      out->args.push_back(std::make_unique<Expr>(ExprKind::variable, value->span));
      out->args.back()->slot = value->slot;
    }
    return out;
  };
  for (auto& n : part.nodes) compute(n.properties);
  for (auto& r : part.relationships) compute(r.properties);

  auto search = std::make_unique<Pattern>(1);
  PatternPart& copy = search->front();
  copy.span = part.span;
  for (const auto& n : part.nodes) {
    NodePattern& to = copy.nodes.emplace_back();
    to.variable = n.variable;
    to.span = n.span;
    to.slot = n.slot;
    to.declared = n.declared;
    if (n.labels != nullptr) to.labels = clone(*n.labels);
    to.properties = copy_map(n.properties);
  }
  for (const auto& r : part.relationships) {
    RelationshipPattern& to = copy.relationships.emplace_back();
    to.variable = r.variable;
    to.span = r.span;
    to.slot = r.slot;
    to.declared = true;
    to.direction = r.direction;
    to.types = clone(*r.types);
    to.properties = copy_map(r.properties);
  }
  const SlotSet before = bound_;
  PlanPtr inner = pattern(*search, {}, leaf());
  plan_.patterns.push_back(std::move(search));
  PlanPtr n = on_top(Op::merge, eager(std::move(values), false));
  n->rows = std::max(n->rows, inner->rows);
  n->children.push_back(std::move(inner));
  n->clause = &c;
  for (const int slot : bound_.list())
    if (!before.has(slot)) n->keys.push_back(slot);
  for (auto* items : {&c.sets, &c.match_sets})
    for (auto& item : *items) {
      if (item.value != nullptr) subqueries(item.value);
      if (item.key != nullptr) subqueries(item.key);
    }
  if (!part.variable.empty()) {
    n = on_top(Op::build_path, std::move(n));
    n->part = &part;
    n->slot = part.slot;
    bound_.add(part.slot);
  }
  return n;
}

PlanPtr Planner::set(std::vector<SetItem>& items, Clause& c, PlanPtr input) {
  std::vector<int> written;  // variables that earlier items of the clause changed
  for (auto& item : items) {
    subqueries(item.target);
    subqueries(item.key);
    subqueries(item.value);
    const int target = item.target->kind == ExprKind::variable ? item.target->slot : kNoSlot;
    const auto reads = [&](int slot) {
      return (item.value != nullptr && mentions(*item.value, slot, s_.slots)) ||
             (item.key != nullptr && mentions(*item.key, slot, s_.slots));
    };
    const bool reads_own = target != kNoSlot && reads(target);
    if (std::any_of(written.begin(), written.end(), reads)) {
      input = eager(std::move(input), true);
      written.clear();
    } else if (reads_own) {
      input = eager(std::move(input), false);
    }
    PlanPtr n = on_top(Op::set, std::move(input));
    n->clause = &c;
    n->item = &item;
    n->per_row = reads_own;
    n->exprs.push_back({item.target.get(), kNoSlot});
    if (item.key != nullptr) n->exprs.push_back({item.key.get(), kNoSlot});
    if (item.value != nullptr) n->exprs.push_back({item.value.get(), kNoSlot});
    if (target != kNoSlot) written.push_back(target);
    input = std::move(n);
  }
  return input;
}

PlanPtr Planner::delete_clause(Clause& c, PlanPtr input) {
  // All rows first: what they delete must be found by the reads below.
  input = eager(std::move(input), false);
  PlanPtr n = on_top(Op::delete_, std::move(input));
  n->clause = &c;
  for (auto& e : c.exprs) {
    subqueries(e);
    n->exprs.push_back({e.get(), kNoSlot});
  }
  return n;
}

}  // namespace rv::graph
