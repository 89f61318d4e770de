// Where a pattern starts: an id, an index, a label, all nodes, all relationships of a type.
#include <algorithm>
#include <limits>

#include "core/graph/lexer.h"
#include "core/graph/planner.h"

namespace rv::graph {

double Planner::label_rows(int name_index) {
  const NameId id =
      store_.find_name(NameKind::label, s_.names[static_cast<std::size_t>(name_index)].text);
  // Estimates of a label may exceed those of all nodes; a label is never the worse start.
  return id == kNoName ? 0 : std::min(store_.label_count(id), store_.node_count() * 0.99);
}

// The value that a predicate wants slot.key to be equal to, when it can be computed already.
const Expr* Planner::equal_to(int slot, int key, MatchState& m, bool& in_list, Predicate*& by) {
  const auto is_property = [&](const Expr& e) {
    return e.kind == ExprKind::property && e.name_index == key &&
           e.args[0]->kind == ExprKind::variable && e.args[0]->slot == slot && !e.args[0]->local;
  };
  const auto ready = [&](const Expr& e) {
    SlotSet uses(s_.slots);
    slots_of(e, uses);
    const auto list = uses.list();
    return std::all_of(list.begin(), list.end(), [this](int s) { return bound_.has(s); });
  };
  for (auto& p : m.predicates) {
    const Expr& e = *p.expr;
    by = &p;
    in_list = e.kind == ExprKind::in;
    if (in_list && is_property(*e.args[0]) && ready(*e.args[1])) return e.args[1].get();
    if (e.kind != ExprKind::compare || e.args.size() != 2 || e.names[0] != "=") continue;
    if (is_property(*e.args[0]) && ready(*e.args[1])) return e.args[1].get();
    if (is_property(*e.args[1]) && ready(*e.args[0])) return e.args[0].get();
  }
  in_list = false;
  return nullptr;
}

Planner::Start Planner::index_start(NodePattern& n, const GraphIndex& index, MatchState& m) {
  Start out;
  auto node = std::make_unique<PlanNode>(Op::index_seek);
  node->slot = n.slot;
  node->index = index.id;
  std::size_t equal = 0;
  const auto key_index = [&](NameId key) {
    const auto name = store_.name(NameKind::key, key);
    for (std::size_t k = 0; k < s_.names.size(); ++k)
      if (s_.names[k].kind == NameKind::key && s_.names[k].text == name) return static_cast<int>(k);
    return -1;
  };
  for (const NameId key : index.keys) {
    const int k = key_index(key);
    bool in_list = false;
    Predicate* by = nullptr;
    const Expr* value = k < 0 ? nullptr : equal_to(n.slot, k, m, in_list, by);
    if (value == nullptr) break;
    node->exprs.push_back({value, kNoSlot});
    ++equal;
    out.implied.push_back(by);
    if (in_list) {
      node->in_list = true;
      break;
    }
  }
  const double total = std::max(1.0, store_.label_count(index.label));
  out.cost = equal == index.keys.size()
                 ? std::max(1.0, total / std::max(1.0, index.distinct_values))
                 : total * 0.1;
  if (node->in_list) {
    const Expr& list = *node->exprs.back().expr;
    // Of a list that is not known: few elements, and never all that there is before ANALYZE.
    out.cost *= list.kind == ExprKind::list ? static_cast<double>(list.args.size()) : 5;
  }
  if (equal < index.keys.size() && !node->in_list) {
    const int k = key_index(index.keys[equal]);
    for (const auto& p : m.predicates) {
      const Expr& e = *p.expr;
      if (k < 0 || e.args.size() != 2) continue;
      const auto is_property = [&](const Expr& x) {
        return x.kind == ExprKind::property && x.name_index == k &&
               x.args[0]->kind == ExprKind::variable && x.args[0]->slot == n.slot;
      };
      const bool left = is_property(*e.args[0]);
      if (!left && !is_property(*e.args[1])) continue;
      const Expr* value = e.args[left ? 1 : 0].get();
      SlotSet uses(s_.slots);
      slots_of(*value, uses);
      const auto list = uses.list();
      if (!std::all_of(list.begin(), list.end(), [this](int s) { return bound_.has(s); })) continue;
      if (e.kind == ExprKind::starts_with && left) node->prefix = value;
      if (e.kind != ExprKind::compare || e.names[0] == "=" || e.names[0] == "<>") continue;
      const bool upper = (e.names[0][0] == '<') == left;
      (upper ? node->upper : node->lower) = value;
      (upper ? node->range_upper_inclusive : node->range_lower_inclusive) = e.names[0].size() == 2;
    }
    if (equal == 0 && node->prefix == nullptr && node->lower == nullptr && node->upper == nullptr)
      return out;
    if (node->prefix != nullptr) node->lower = node->upper = nullptr;
  }
  out.slot = n.slot;
  out.node = std::move(node);
  return out;
}

Planner::Start Planner::node_start(NodePattern& n, MatchState& m) {
  Start best;
  best.slot = n.slot;
  best.cost = store_.node_count();
  int label = -1;
  for (const auto& p : m.predicates) {
    const Expr& e = *p.expr;
    if (e.kind == ExprKind::has_labels && e.args[0]->kind == ExprKind::variable &&
        e.args[0]->slot == n.slot && e.labels->kind == LabelExpr::Kind::name) {
      // Plans outlive an empty graph: a scan is never taken for cheaper than a seek.
      const double rows = std::max(10.0, label_rows(e.labels->name_index));
      if (label < 0 || rows < best.cost) {
        label = e.labels->name_index;
        best.cost = rows;
      }
      const NameId id = store_.find_name(NameKind::label, e.labels->name);
      for (const GraphIndex& index : store_.indexes()) {
        if (index.on_relationships || index.label != id || id == kNoName) continue;
        Start s = index_start(n, index, m);
        if (s.node == nullptr || s.cost >= best.cost) continue;
        s.node->name_index = e.labels->name_index;
        best = std::move(s);
      }
    }
    if (e.kind != ExprKind::compare || e.args.size() != 2 || e.names[0] != "=") continue;
    for (std::size_t side = 0; side < 2; ++side) {
      const Expr& call = *e.args[side];
      if (call.kind != ExprKind::call || call.args.size() != 1 || call.args[0]->slot != n.slot ||
          call.args[0]->kind != ExprKind::variable ||
          (!equal_ignoring_case(call.name, "id") && !equal_ignoring_case(call.name, "elementId")))
        continue;
      SlotSet uses(s_.slots);
      slots_of(*e.args[1 - side], uses);
      const auto list = uses.list();
      if (!std::all_of(list.begin(), list.end(), [this](int s) { return bound_.has(s); })) continue;
      best.implied.clear();
      best.node = std::make_unique<PlanNode>(Op::id_seek);
      best.node->slot = n.slot;
      best.node->exprs.push_back({e.args[1 - side].get(), kNoSlot});
      best.cost = 0;
      return best;
    }
  }
  if (best.node == nullptr) {
    best.node = std::make_unique<PlanNode>(label < 0 ? Op::node_scan : Op::label_scan);
    best.node->slot = n.slot;
    best.node->name_index = label;
  }
  return best;
}

PlanPtr Planner::start(MatchState& m, PlanPtr input) {
  Start best;
  best.cost = std::numeric_limits<double>::infinity();
  for (NodePattern* n : m.nodes) {
    if (bound_.has(n->slot)) continue;
    Start s = node_start(*n, m);
    if (s.cost < best.cost) best = std::move(s);
  }
  if (best.node->op != Op::id_seek && !reads_rows(*best.node))
    if (PlanPtr joined = hash_join(m, input)) return joined;
  // One relationship between ends of which nothing is known: read the relationships.
  const bool whole = best.node->op == Op::node_scan;
  for (Hop& h : m.hops) {
    if (!whole || h.done || h.pattern->variable_length || !h.pattern->declared ||
        h.part->selector != PatternPart::Selector::none || bound_.has(h.from) || bound_.has(h.to) ||
        h.from == h.to)
      continue;
    const auto known = [&](int slot) {
      return std::any_of(m.nodes.begin(), m.nodes.end(), [&](NodePattern* node) {
        return node->slot == slot && node_start(*node, m).node->op != Op::node_scan;
      });
    };
    if (known(h.from) || known(h.to)) continue;
    auto n = on_top(Op::relationship_scan, std::move(input));
    n->relationship = h.pattern->slot;
    n->from = h.from;
    n->to = h.to;
    n->direction = h.pattern->direction;
    set_types(*n, *h.pattern);
    keep_distinct(*n, *h.pattern, m);
    n->rows *= std::max(1.0, store_.relationship_count(kNoName));
    bound_.add(h.from);
    bound_.add(h.to);
    bound_.add(h.pattern->slot);
    h.done = true;
    m.planned.push_back(&h);
    return n;
  }
  return place(std::move(best), std::move(input), m);
}

// A start as the next operator of a plan.
PlanPtr Planner::place(Start start, PlanPtr input, MatchState& m) {
  PlanPtr n = std::move(start.node);
  n->rows = std::max(1.0, input->rows * std::max(start.cost, 1.0));
  n->children.push_back(std::move(input));
  bound_.add(start.slot);
  for (Predicate* p : start.implied) p->implied_by = n.get();
  // The scan itself proves its label.
  if (n->op == Op::label_scan || n->op == Op::index_seek)
    for (auto& p : m.predicates)
      if (p.expr->kind == ExprKind::has_labels && p.expr->args[0]->slot == start.slot &&
          p.expr->labels->kind == LabelExpr::Kind::name &&
          p.expr->labels->name_index == n->name_index)
        p.done = true;
  return n;
}

}  // namespace rv::graph
