// The order of work for a pattern: where to start, which relationship next, which predicate when.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/graph/batch.h"
#include "core/graph/planner.h"

namespace rv::graph {

PlanPtr Planner::match(Clause& c, PlanPtr input) {
  std::vector<const Expr*> where;
  if (c.where != nullptr) {
    subqueries(c.where);
    if (c.where->kind == ExprKind::logical_and) {
      for (const auto& arg : c.where->args) where.push_back(arg.get());
    } else {
      where.push_back(c.where.get());
    }
  }
  if (!c.optional) return pattern(c.pattern, where, std::move(input));
  PlanPtr n = on_top(Op::optional, std::move(input));
  n->slot = new_slot();  // the number of the outer row, carried through the inner plan
  const SlotSet before = bound_;
  PlanPtr outer = leaf();
  outer->rows = std::clamp(n->rows, 1.0, static_cast<double>(kBatchRows));
  const double batches = std::max(1.0, n->rows / outer->rows);
  const double repeats = std::exchange(repeats_, repeats_ * batches);
  n->children.push_back(pattern(c.pattern, where, std::move(outer)));
  repeats_ = repeats;
  n->rows = std::max(n->rows, batches * n->children[1]->rows);
  for (const int slot : bound_.list())
    if (!before.has(slot)) n->keys.push_back(slot);
  return n;
}

void Planner::add_predicate(const Expr* e, MatchState& m) {
  Predicate p{e, SlotSet(s_.slots), 1, false};
  slots_of(*e, p.uses);
  bool heavy = false;
  visit(const_cast<Expr&>(*e), [&](Expr& x) { heavy = heavy || x.subquery != nullptr; });
  if (heavy) p.cost = 10;
  if (e->kind == ExprKind::has_labels) p.cost = 0;
  m.predicates.push_back(std::move(p));
}

void Planner::node_predicates(NodePattern& n, MatchState& m) {
  if (n.labels != nullptr) {
    // Conjuncts apart, so that one of them can be the scan.
    std::vector<LabelExprPtr> parts;
    if (n.labels->kind == LabelExpr::Kind::all_of) {
      parts = std::move(n.labels->args);
    } else {
      parts.push_back(std::move(n.labels));
    }
    n.labels = nullptr;
    for (auto& part : parts) {
      Expr* e = make(ExprKind::has_labels, n.span);
      e->args.push_back(std::make_unique<Expr>(ExprKind::variable, n.span));
      e->args[0]->slot = n.slot;
      e->labels = std::move(part);
      add_predicate(e, m);
    }
  }
  if (n.where != nullptr) {
    subqueries(n.where);
    add_predicate(n.where.get(), m);
  }
  if (n.properties == nullptr) return;
  for (std::size_t i = 0; i < n.properties->args.size(); ++i) {
    Expr* e = make(ExprKind::compare, n.properties->args[i]->span);
    e->names.emplace_back("=");
    e->args.push_back(std::make_unique<Expr>(ExprKind::property, n.span));
    e->args[0]->name = n.properties->names[i];
    e->args[0]->args.push_back(std::make_unique<Expr>(ExprKind::variable, n.span));
    e->args[0]->args[0]->slot = n.slot;
    for (std::size_t k = 0; k < s_.names.size(); ++k)
      if (s_.names[k].kind == NameKind::key && s_.names[k].text == e->args[0]->name)
        e->args[0]->name_index = static_cast<int>(k);
    subqueries(n.properties->args[i]);
    e->args.push_back(std::move(n.properties->args[i]));
    add_predicate(e, m);
  }
  n.properties = nullptr;
}

void Planner::relationship_predicates(RelationshipPattern& r, MatchState& m) {
  if (r.variable_length) {
    if (r.properties != nullptr)
      for (auto& value : r.properties->args) subqueries(value);
    return;
  }
  NodePattern as_node;  // same treatment; types are the expansion's matter
  as_node.slot = r.slot;
  as_node.span = r.span;
  as_node.properties = std::move(r.properties);
  as_node.where = std::move(r.where);
  node_predicates(as_node, m);
  if (as_node.where != nullptr) plan_.made.push_back(std::move(as_node.where));
}

void Planner::collect(Pattern& pattern, const std::vector<const Expr*>& where, MatchState& m) {
  for (PatternPart& part : pattern) {
    for (NodePattern& n : part.nodes) {
      node_predicates(n, m);
      const bool known = std::any_of(m.nodes.begin(), m.nodes.end(),
                                     [&](const NodePattern* o) { return o->slot == n.slot; });
      if (!known) m.nodes.push_back(&n);
    }
    for (std::size_t i = 0; i < part.relationships.size(); ++i) {
      relationship_predicates(part.relationships[i], m);
      m.hops.push_back(
          {&part.relationships[i], &part, part.nodes[i].slot, part.nodes[i + 1].slot, false});
    }
  }
  for (const Expr* e : where) add_predicate(e, m);
}

PlanPtr Planner::apply_predicates(PlanPtr input, MatchState& m, bool steady) {
  std::vector<Predicate*> ready;
  for (auto& p : m.predicates) {
    if (p.done || (steady && varies(*p.expr))) continue;
    const auto uses = p.uses.list();
    if (std::all_of(uses.begin(), uses.end(), [this](int slot) { return bound_.has(slot); }))
      ready.push_back(&p);
  }
  std::stable_sort(ready.begin(), ready.end(),
                   [](const Predicate* a, const Predicate* b) { return a->cost < b->cost; });
  if (ready.empty()) return input;
  PlanPtr f = on_top(Op::filter, std::move(input));
  for (Predicate* p : ready) {
    p->done = true;
    f->exprs.push_back({p->expr, kNoSlot});
    f->implied_by.push_back(p->implied_by);
    f->rows *= 0.3;
  }
  f->rows = std::max(f->rows, 1.0);
  return f;
}

int Planner::label_of(int slot, const MatchState& m) const {
  for (const auto& p : m.predicates)
    if (p.expr->kind == ExprKind::has_labels && p.expr->args[0]->slot == slot &&
        p.expr->labels->kind == LabelExpr::Kind::name)
      return p.expr->labels->name_index;
  return -1;
}

double Planner::hop_cost(const Hop& h, bool forward, MatchState& m) {
  Direction d = h.pattern->direction;
  if (!forward && d != Direction::both) d = d == Direction::out ? Direction::in : Direction::out;
  const int label = label_of(forward ? h.from : h.to, m);
  NameId label_id = kNoName;
  if (label >= 0)
    label_id = store_.find_name(NameKind::label, s_.names[static_cast<std::size_t>(label)].text);
  NameId type = kNoName;
  if (h.pattern->types != nullptr && h.pattern->types->kind == LabelExpr::Kind::name) {
    type = store_.find_name(NameKind::type, h.pattern->types->name);
    if (type == kNoName) return 0;
  }
  const double degree = store_.average_degree(label_id, type, d);
  if (!h.pattern->variable_length) return degree;
  const double steps = static_cast<double>(std::min<std::int64_t>(h.pattern->max.value_or(4), 4));
  double cost = 1;
  for (double i = 0; i < steps; ++i) cost *= std::max(degree, 1.0);
  return cost;
}

Planner::Hop* Planner::next_hop(MatchState& m) {
  Hop* best = nullptr;
  double best_cost = std::numeric_limits<double>::infinity();
  for (Hop& h : m.hops) {
    if (h.done) continue;
    const bool from = bound_.has(h.from);
    const bool to = bound_.has(h.to);
    if (h.part->selector != PatternPart::Selector::none) {
      if (from && to) return &h;
      continue;
    }
    double cost;
    if (!h.pattern->declared) {
      cost = -2;  // bound by an earlier clause
    } else if (from && to) {
      cost = h.pattern->variable_length ? 1 : -1;
    } else if (from || to) {
      cost = hop_cost(h, from, m);
    } else {
      continue;
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = &h;
    }
  }
  return best;
}

void Planner::set_types(PlanNode& n, const RelationshipPattern& r) {
  if (r.types == nullptr) return;
  if (r.types->kind == LabelExpr::Kind::name) {
    n.types.push_back(r.types->name_index);
    return;
  }
  bool plain = r.types->kind == LabelExpr::Kind::one_of;
  if (plain)
    for (const auto& arg : r.types->args) plain = plain && arg->kind == LabelExpr::Kind::name;
  if (plain)
    for (const auto& arg : r.types->args) n.types.push_back(arg->name_index);
  n.type_expr = plain ? nullptr : r.types.get();
}

namespace {

// The types that a pattern names; none when it may be of any type.
std::vector<int> named_types(const RelationshipPattern& r) {
  std::vector<int> out;
  if (r.types == nullptr) return out;
  if (r.types->kind == LabelExpr::Kind::name) return {r.types->name_index};
  if (r.types->kind != LabelExpr::Kind::one_of) return out;
  for (const auto& arg : r.types->args) {
    if (arg->kind != LabelExpr::Kind::name) return {};
    out.push_back(arg->name_index);
  }
  return out;
}

bool share_a_type(const RelationshipPattern& a, const RelationshipPattern& b) {
  const auto x = named_types(a);
  const auto y = named_types(b);
  return x.empty() || y.empty() || std::any_of(x.begin(), x.end(), [&y](int type) {
           return std::find(y.begin(), y.end(), type) != y.end();
         });
}

}  // namespace

// The relationships that this one must not be again.
void Planner::keep_distinct(PlanNode& n, const RelationshipPattern& r, const MatchState& m) {
  for (const Hop* other : m.planned)
    if (other->part->selector == PatternPart::Selector::none && other->pattern->slot != r.slot &&
        share_a_type(*other->pattern, r))
      n.distinct_from.push_back(other->pattern->slot);
}

PlanPtr Planner::pattern(Pattern& pattern, const std::vector<const Expr*>& where, PlanPtr input) {
  MatchState m;
  collect(pattern, where, m);
  input = apply_predicates(std::move(input), m);
  for (;;) {
    if (Hop* h = next_hop(m); h != nullptr) {
      input = h->part->selector != PatternPart::Selector::none ? shortest(*h, std::move(input))
                                                               : hop(*h, std::move(input), m);
      h->done = true;
      m.planned.push_back(h);
    } else if (std::any_of(m.nodes.begin(), m.nodes.end(),
                           [this](const NodePattern* n) { return !bound_.has(n->slot); })) {
      input = start(m, std::move(input));
    } else {
      break;
    }
    input = apply_predicates(std::move(input), m);
  }
  for (PatternPart& part : pattern) {
    if (part.variable.empty()) continue;
    input = on_top(Op::build_path, std::move(input));
    input->part = &part;
    input->slot = part.slot;
    bound_.add(part.slot);
  }
  return apply_predicates(std::move(input), m);
}

PlanPtr Planner::hop(Hop& h, PlanPtr input, MatchState& m) {
  RelationshipPattern& r = *h.pattern;
  if (r.group != nullptr) return repeat(h, std::move(input), m);
  const bool from_bound = bound_.has(h.from);
  const bool to_bound = bound_.has(h.to);
  const double degree = hop_cost(h, from_bound, m);
  Op op = r.variable_length        ? Op::var_expand
          : from_bound && to_bound ? Op::expand_into
                                   : Op::expand;
  if (!r.declared) op = Op::bound_relationship;
  PlanPtr n = on_top(op, std::move(input));
  n->relationship = r.slot;
  n->direction = r.direction;
  n->from = h.from;
  n->to = h.to;
  if (op == Op::bound_relationship) {
    n->from_bound = from_bound;
    n->to_bound = to_bound;
    n->bound_list = r.variable_length;
  } else if (!from_bound) {
    std::swap(n->from, n->to);
    n->reversed = true;
    if (r.direction != Direction::both)
      n->direction = r.direction == Direction::out ? Direction::in : Direction::out;
  } else {
    n->to_bound = to_bound;
  }
  set_types(*n, r);
  keep_distinct(*n, r, m);
  if (r.variable_length) {
    n->min = r.min.value_or(1);
    n->max = r.max.value_or(-1);
    if (r.properties != nullptr) {
      for (std::size_t i = 0; i < r.properties->args.size(); ++i) {
        for (std::size_t k = 0; k < s_.names.size(); ++k)
          if (s_.names[k].kind == NameKind::key && s_.names[k].text == r.properties->names[i])
            n->properties.push_back({r.properties->args[i].get(), static_cast<int>(k)});
      }
    }
  }
  if (op == Op::expand_into) {
    n->rows = std::max(1.0, n->rows * 0.1);
  } else if (op != Op::bound_relationship) {
    n->rows = std::max(1.0, n->rows * degree);
  }
  bound_.add(h.from);
  bound_.add(h.to);
  bound_.add(r.slot);
  return n;
}

PlanPtr Planner::shortest(Hop& h, PlanPtr input) {
  RelationshipPattern& r = *h.pattern;
  PlanPtr n = on_top(Op::shortest_path, std::move(input));
  n->relationship = r.slot;
  n->from = h.from;
  n->to = h.to;
  n->direction = r.direction;
  set_types(*n, r);
  n->min = r.variable_length ? r.min.value_or(1) : 1;
  n->max = r.variable_length ? r.max.value_or(-1) : 1;
  n->bound_list = r.variable_length;  // else the relationship itself
  n->shortest_groups = h.part->selector == PatternPart::Selector::shortest_groups;
  n->count = h.part->shortest_count;
  if (r.variable_length && r.properties != nullptr) {
    for (std::size_t i = 0; i < r.properties->args.size(); ++i)
      for (std::size_t k = 0; k < s_.names.size(); ++k)
        if (s_.names[k].kind == NameKind::key && s_.names[k].text == r.properties->names[i])
          n->properties.push_back({r.properties->args[i].get(), static_cast<int>(k)});
  }
  bound_.add(r.slot);
  return n;
}

}  // namespace rv::graph
