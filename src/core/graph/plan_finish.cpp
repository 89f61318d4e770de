// The last pass over a plan: which columns every operator must hand up, what it reads ahead.
#include <algorithm>

#include "core/graph/planner.h"

namespace rv::graph {

void slots_of(const Expr& e, SlotSet& out) {
  if (e.replaced) {
    out.add(e.slot);
    return;
  }
  if (e.kind == ExprKind::variable && !e.local) out.add(e.slot);
  for (const auto& import : e.imports)
    if (!import.local) out.add(import.slot);
  for (const auto& arg : e.args)
    if (arg != nullptr) slots_of(*arg, out);
}

void visit(Expr& e, const std::function<void(Expr&)>& f) {
  f(e);
  for (auto& arg : e.args)
    if (arg != nullptr) visit(*arg, f);
}

std::string_view op_name(Op op) noexcept {
  static constexpr std::string_view kNames[] = {"Argument",
                                                "AllNodesScan",
                                                "LabelScan",
                                                "IndexSeek",
                                                "VectorSearch",
                                                "IdSeek",
                                                "RelationshipScan",
                                                "Expand",
                                                "ExpandInto",
                                                "BoundRelationship",
                                                "VarExpand",
                                                "Repeat",
                                                "ShortestPath",
                                                "Reach",
                                                "HashJoin",
                                                "BuildPath",
                                                "Filter",
                                                "Project",
                                                "Aggregate",
                                                "Distinct",
                                                "Sort",
                                                "Skip",
                                                "Limit",
                                                "Unwind",
                                                "Optional",
                                                "Apply",
                                                "Union",
                                                "Eager",
                                                "Create",
                                                "Merge",
                                                "Set",
                                                "Delete",
                                                "Foreach",
                                                "ProcedureCall",
                                                "NoRows"};
  return kNames[static_cast<unsigned>(op)];
}

namespace {

void each_expr(const PlanNode& n, const std::function<void(const Expr&)>& f) {
  for (const auto& e : n.exprs) f(*e.expr);
  for (const auto& e : n.scan_exprs) f(*e.expr);
  for (const auto& a : n.aggregates)
    for (const auto& arg : a.expr->args) f(*arg);
  for (const auto& p : n.properties) f(*p.expr);
  for (const Expr* e : {n.lower, n.upper, n.prefix})
    if (e != nullptr) f(*e);
  if (n.op == Op::merge) {
    for (const auto* items : {&n.clause->sets, &n.clause->match_sets}) {
      for (const SetItem& item : *items) {
        f(*item.target);
        if (item.key != nullptr) f(*item.key);
        if (item.value != nullptr) f(*item.value);
      }
    }
  }
}

class Finisher {
 public:
  explicit Finisher(Plan& plan) : plan_(plan), slots_(plan.statement->slots) {}

  void run(PlanNode& root, const std::vector<int>& wanted) {
    SlotSet needed(slots_);
    for (const int slot : wanted) needed.add(slot);
    live(root, needed);
  }

 private:
  void live(PlanNode& n, const SlotSet& needed) {
    n.id = plan_.nodes++;
    reads_ahead(n);
    n.live = needed.list();
    SlotSet below = needed;
    defines(n, below);
    each_expr(n, [&](const Expr& e) { slots_of(e, below); });
    if (n.op == Op::merge || n.op == Op::create || n.op == Op::hash_join) defines(n, below);
    uses(n, below);
    if (n.op == Op::union_all) {
      for (std::size_t i = 0; i < n.children.size(); ++i) {
        SlotSet part(slots_);
        for (const int slot : n.inputs[i]) part.add(slot);
        live(*n.children[i], part);
      }
      return;
    }
    if (n.op == Op::repeat) {
      live_turn(n, needed, below);
    } else if (n.children.size() > 1) {
      SlotSet inner(slots_);
      SlotSet wanted = needed;
      if (n.op == Op::merge) each_expr(n, [&](const Expr& e) { slots_of(e, wanted); });
      for (const int slot : n.keys)
        if (wanted.has(slot)) inner.add(slot);
      if (n.op == Op::optional || n.op == Op::hash_join) inner.add(n.slot);
      live(*n.children[1], inner);
      arguments(*n.children[1], below);
      if (n.op == Op::optional) below.remove(n.slot);
    }
    if (!n.children.empty()) live(*n.children[0], below);
  }

  // The inner plan of a repetition hands up the number of the trail it continues, its steps and
  // end, and the variables that somebody reads as lists.
  void live_turn(PlanNode& n, const SlotSet& needed, SlotSet& below) {
    const PatternPart& piece = n.group->piece();
    const int start = (n.reversed ? piece.nodes.back() : piece.nodes.front()).slot;
    SlotSet inner(slots_);
    inner.add(n.slot);
    inner.add((n.reversed ? piece.nodes.front() : piece.nodes.back()).slot);
    for (const auto& r : piece.relationships) inner.add(r.slot);
    for (const auto& v : n.group->variables)
      if (needed.has(v.outer)) inner.add(v.inner);
    live(*n.children[1], inner);
    SlotSet taken(slots_);
    arguments(*n.children[1], taken);
    taken.remove(n.slot);
    taken.remove(start);
    n.inputs.push_back(taken.list());
    below.merge(taken);
  }

  // What the leaves of an inner plan read from the outer rows.
  void arguments(const PlanNode& n, SlotSet& out) {
    if (n.op == Op::argument)
      for (const int slot : n.live) out.add(slot);
    // A nested inner plan takes its arguments from the plan around it, not from here.
    if (n.op == Op::union_all) {
      for (const auto& child : n.children) arguments(*child, out);
    } else if (!n.children.empty()) {
      arguments(*n.children[0], out);
    }
  }

  void defines(const PlanNode& n, SlotSet& s) {
    switch (n.op) {
      case Op::node_scan:
      case Op::label_scan:
      case Op::index_seek:
      case Op::vector_search:
      case Op::id_seek:
      case Op::hash_join:
      case Op::build_path:
        s.remove(n.slot);
        break;
      case Op::relationship_scan:
        s.remove(n.relationship);
        s.remove(n.from);
        s.remove(n.to);
        break;
      case Op::expand:
        s.remove(n.relationship);
        s.remove(n.to);
        if (n.count_slot != kNoSlot) s.remove(n.count_slot);
        break;
      case Op::expand_into:
      case Op::shortest_path:
        s.remove(n.relationship);
        break;
      case Op::var_expand:
        s.remove(n.relationship);
        if (!n.to_bound) s.remove(n.to);
        break;
      case Op::repeat:
        s.remove(n.relationship);
        if (!n.to_bound) s.remove(n.to);
        for (const auto& v : n.group->variables) s.remove(v.outer);
        break;
      case Op::reach:
        s.remove(n.to);
        break;
      case Op::bound_relationship:
        if (!n.from_bound) s.remove(n.from);
        if (!n.to_bound) s.remove(n.to);
        break;
      case Op::project:
      case Op::aggregate:
      case Op::unwind:
        if (n.op == Op::aggregate) s = SlotSet(slots_);
        for (const auto& e : n.exprs) s.remove(e.slot);
        for (const auto& a : n.aggregates) s.remove(a.slot);
        break;
      case Op::create:
        for (const auto& part : n.clause->pattern) {
          for (const auto& node : part.nodes)
            if (node.declared) s.remove(node.slot);
          for (const auto& r : part.relationships) s.remove(r.slot);
        }
        break;
      case Op::optional:
      case Op::apply:
      case Op::merge:
      case Op::union_all:
        for (const int slot : n.keys) s.remove(slot);
        break;
      case Op::procedure:
        for (const auto& y : n.clause->yields) s.remove(y.slot);
        break;
      case Op::no_rows:
        s = SlotSet(slots_);
        break;
      default:
        break;
    }
  }

  void uses(const PlanNode& n, SlotSet& s) {
    for (const int slot : n.distinct_from) s.add(slot);
    switch (n.op) {
      case Op::expand:
      case Op::reach:
        s.add(n.from);
        break;
      case Op::var_expand:
      case Op::repeat:
        s.add(n.from);
        if (n.to_bound) s.add(n.to);
        break;
      case Op::expand_into:
      case Op::shortest_path:
        s.add(n.from);
        s.add(n.to);
        break;
      case Op::bound_relationship:
        s.add(n.relationship);
        if (n.from_bound) s.add(n.from);
        if (n.to_bound) s.add(n.to);
        break;
      case Op::build_path:
        for (const auto& node : n.part->nodes) s.add(node.slot);
        for (const auto& r : n.part->relationships) s.add(r.slot);
        break;
      case Op::aggregate:
        if (n.count_slot != kNoSlot) s.add(n.count_slot);
        break;
      case Op::distinct:
      case Op::sort:
        for (const int slot : n.keys) s.add(slot);
        break;
      case Op::create:
      case Op::merge:
        for (const auto& part : n.clause->pattern)
          for (const auto& node : part.nodes) {
            if (!node.declared) s.add(node.slot);
            if (n.op == Op::merge && node.properties != nullptr) slots_of(*node.properties, s);
          }
        if (n.op == Op::merge)
          for (const auto& r : n.clause->pattern[0].relationships)
            if (r.properties != nullptr) slots_of(*r.properties, s);
        break;
      default:
        break;
    }
  }

  // Properties and labels of columns are read a batch at a time.
  void reads_ahead(PlanNode& n) {
    each_expr(n, [&](const Expr& root) { reads_ahead(const_cast<Expr&>(root), n); });
  }

  void reads_ahead(Expr& e, PlanNode& n) {
    if (e.replaced) return;  // what is inside was evaluated below
    for (auto& arg : e.args)
      if (arg != nullptr) reads_ahead(*arg, n);
    if (e.kind != ExprKind::property && e.kind != ExprKind::has_labels) return;
    const Expr& base = *e.args[0];
    if (base.kind != ExprKind::variable || base.local || base.replaced) return;
    const int key = e.kind == ExprKind::property ? e.name_index : -1;
    for (std::size_t i = 0; i < n.fetches.size(); ++i)
      if (n.fetches[i].slot == base.slot && n.fetches[i].key_index == key)
        e.fetch = static_cast<int>(i);
    if (e.fetch < 0) {
      e.fetch = static_cast<int>(n.fetches.size());
      n.fetches.push_back({base.slot, key});
    }
  }

  Plan& plan_;
  int slots_;
};

}  // namespace

void finish_plan(Plan& plan) {
  count_hops(*plan.root, *plan.statement);
  for (auto& sub : plan.subqueries) count_hops(*sub.plan, *plan.statement);
  Finisher finisher(plan);
  finisher.run(*plan.root, plan.column_slots);
  find_distinct_ends(*plan.root);
  for (auto& sub : plan.subqueries) {
    std::vector<int> wanted;
    if (sub.expr->kind == ExprKind::collect_subquery) wanted.push_back(sub.result_slot);
    finisher.run(*sub.plan, wanted);
    find_distinct_ends(*sub.plan);
  }
}

}  // namespace rv::graph
