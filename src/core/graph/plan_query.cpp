// Queries, projections and calls.
#include <algorithm>
#include <utility>

#include "core/graph/bind.h"
#include "core/graph/function.h"
#include "core/graph/json.h"
#include "core/graph/parser.h"
#include "core/graph/planner.h"

namespace rv::graph {

std::unique_ptr<Plan> make_plan(std::string_view text, GraphStore& store) {
  auto plan = std::make_unique<Plan>();
  plan->statement = parse(text);
  bind(*plan->statement, store);
  if (!plan->statement->schema) Planner(*plan, store).run();
  return plan;
}

Expr* Planner::make(ExprKind kind, Span span) {
  plan_.made.push_back(std::make_unique<Expr>(kind, span));
  return plan_.made.back().get();
}

Expr* Planner::variable(int slot, Span span) {
  Expr* e = make(ExprKind::variable, span);
  e->slot = slot;
  return e;
}

void Planner::run() {
  Query& q = s_.query;
  const bool rows = !q.parts[0].columns.empty();
  plan_.root = query(q, rows);
  if (rows) {
    plan_.columns = q.parts[0].columns;
    plan_.json_keys = json_keys(plan_.columns);
    plan_.column_slots = q.column_slots;
  }
  finish_plan(plan_);
}

PlanPtr Planner::query(Query& q, bool rows_wanted) {
  const SlotSet outer = bound_;
  if (q.parts.size() == 1) return single(q.parts[0], leaf(), rows_wanted);
  auto u = std::make_unique<PlanNode>(Op::union_all);
  u->rows = 0;
  const auto& columns = q.parts[0].columns;
  for (auto& part : q.parts) {
    bound_ = outer;
    u->children.push_back(single(part, leaf(), rows_wanted));
    u->rows += u->children.back()->rows;
    std::vector<int> slots;
    for (const auto& name : columns) {
      const auto at = std::find(part.columns.begin(), part.columns.end(), name);
      slots.push_back(part.column_slots[static_cast<std::size_t>(at - part.columns.begin())]);
    }
    u->inputs.push_back(std::move(slots));
  }
  u->keys = q.column_slots;
  bound_ = outer;
  for (const int slot : q.column_slots) bound_.add(slot);
  if (q.union_all[0]) return u;
  const std::vector<int> keys = u->keys;
  PlanPtr d = on_top(Op::distinct, std::move(u));
  d->keys = keys;
  return d;
}

PlanPtr Planner::single(SingleQuery& q, PlanPtr input, bool rows_wanted) {
  for (std::size_t i = 0; i < q.clauses.size(); ++i) {
    Clause& c = *q.clauses[i];
    input = clause(c, std::move(input));
    const bool writes = c.kind == Clause::Kind::create || c.kind == Clause::Kind::merge ||
                        c.kind == Clause::Kind::set || c.kind == Clause::Kind::remove ||
                        c.kind == Clause::Kind::delete_ || c.kind == Clause::Kind::foreach;
    if (writes && i + 1 < q.clauses.size()) input = eager(std::move(input), true);
  }
  if (!rows_wanted) input = on_top(Op::no_rows, std::move(input));
  return input;
}

PlanPtr Planner::filter(PlanPtr input, const Expr* e) {
  PlanPtr f = on_top(Op::filter, std::move(input));
  f->exprs.push_back({e, kNoSlot});
  f->rows = std::max(1.0, f->rows * 0.3);
  return f;
}

// Plans the subqueries inside an expression.
void Planner::subqueries(Expr* root) {
  visit(*root, [this](Expr& e) {
    if (e.subquery == nullptr) return;
    const SlotSet saved = bound_;
    const double repeats = std::exchange(repeats_, repeats_ * 10);
    bound_ = SlotSet(s_.slots);
    for (const auto& import : e.imports) bound_.add(import.slot);
    Query& q = *e.subquery;
    const bool returns = !q.parts[0].columns.empty();
    PlanPtr plan;
    if (q.parts.size() == 1) {
      plan = single(q.parts[0], leaf(), true);
    } else {
      plan = query(q, true);
    }
    plan_.subqueries.push_back({&e, std::move(plan), returns ? q.column_slots[0] : kNoSlot});
    bound_ = saved;
    repeats_ = repeats;
  });
}

namespace {

// How many elements a list is likely to have.
double elements_of(const Expr& list) {
  constexpr double kUnknown = 10;
  if (list.kind == ExprKind::list)
    return std::max<double>(1, static_cast<double>(list.args.size()));
  if (list.kind != ExprKind::call || list.function != find_function("range")) return kUnknown;
  Value bounds[3];
  for (std::size_t i = 0; i < list.args.size(); ++i) {
    if (list.args[i]->kind != ExprKind::literal || !list.args[i]->literal.is(Kind::integer))
      return kUnknown;
    bounds[i] = list.args[i]->literal;
  }
  const double step = list.args.size() > 2 ? bounds[2].as_double() : 1;
  return step == 0 ? 1 : std::max(1.0, (bounds[1].as_double() - bounds[0].as_double()) / step + 1);
}

}  // namespace

PlanPtr Planner::clause(Clause& c, PlanPtr input) {
  using K = Clause::Kind;
  switch (c.kind) {
    case K::match:
      return match(c, std::move(input));
    case K::unwind: {
      subqueries(c.exprs[0]);
      PlanPtr n = on_top(Op::unwind, std::move(input));
      n->exprs.push_back({c.exprs[0].get(), c.slot});
      n->rows *= elements_of(*c.exprs[0]);
      bound_.add(c.slot);
      return n;
    }
    case K::with:
    case K::return_:
      return projection(c, std::move(input));
    case K::create:
      return create(c, std::move(input));
    case K::merge:
      return merge(c, std::move(input));
    case K::set:
    case K::remove:
      return set(c.sets, c, std::move(input));
    case K::delete_:
      return delete_clause(c, std::move(input));
    case K::call:
      return procedure(c, std::move(input));
    case K::call_subquery:
      return call_subquery(c, std::move(input));
    case K::foreach:
      return foreach (c, std::move(input));
  }
  return input;
}

namespace {

void collect_aggregates(Expr& e, std::vector<SlotExpr>& out) {
  if (e.kind == ExprKind::count_star || (e.kind == ExprKind::call && e.function != nullptr &&
                                         e.function->aggregate != Aggregate::none)) {
    out.push_back({&e, e.slot});
    return;
  }
  for (auto& arg : e.args)
    if (arg != nullptr) collect_aggregates(*arg, out);
}

}  // namespace

PlanPtr Planner::projection(Clause& c, PlanPtr input) {
  for (auto& item : c.items) subqueries(item.expr);
  for (auto& s : c.order) subqueries(s.expr);
  if (c.where != nullptr) subqueries(c.where);
  const bool grouped = std::any_of(c.items.begin(), c.items.end(), [](const ProjectionItem& i) {
    return contains_aggregate(*i.expr);
  });
  PlanPtr project;
  if (grouped) {
    PlanPtr a = on_top(Op::aggregate, std::move(input));
    std::vector<SlotExpr> computed;
    for (auto& item : c.items) {
      if (contains_aggregate(*item.expr)) {
        collect_aggregates(*item.expr, a->aggregates);
        computed.push_back({item.expr.get(), item.slot});
      } else {
        a->exprs.push_back({item.expr.get(), item.slot});
      }
    }
    for (auto& s : c.order)
      if (contains_aggregate(*s.expr)) collect_aggregates(*s.expr, a->aggregates);
    a->rows = a->exprs.empty() ? 1 : std::max(1.0, a->rows * 0.2);
    input = on_top(Op::project, std::move(a));
    input->exprs = std::move(computed);
  } else {
    if (!c.distinct) use_vector_index(c, input);
    input = on_top(Op::project, std::move(input));
    for (auto& item : c.items) input->exprs.push_back({item.expr.get(), item.slot});
  }
  if (c.distinct) {
    input = on_top(Op::distinct, std::move(input));
    for (const auto& item : c.items) input->keys.push_back(item.slot);
    input->rows = std::max(1.0, input->rows * 0.5);
  }
  if (!c.order.empty()) {
    input = on_top(Op::project, std::move(input));
    for (const auto& s : c.order) input->exprs.push_back({s.expr.get(), s.slot});
    input = on_top(Op::sort, std::move(input));
    for (const auto& s : c.order) {
      input->keys.push_back(s.slot);
      input->descending.push_back(s.descending);
    }
    input->limit = c.limit.get();
    input->skip = c.skip.get();
  }
  if (c.skip != nullptr) {
    input = on_top(Op::skip, std::move(input));
    input->limit = c.skip.get();
  }
  if (c.limit != nullptr) {
    input = on_top(Op::limit, std::move(input));
    input->limit = c.limit.get();
    if (c.limit->kind == ExprKind::literal)
      input->rows = std::min(input->rows, static_cast<double>(c.limit->literal.as_integer()));
  }
  bound_ = SlotSet(s_.slots);
  for (const auto& item : c.items) bound_.add(item.slot);
  if (c.where != nullptr) {
    // Old variables stay visible to WHERE when rows were not merged.
    input = filter(std::move(input), c.where.get());
  }
  return input;
}

PlanPtr Planner::call_subquery(Clause& c, PlanPtr input) {
  const bool writes = std::any_of(c.subquery->parts.begin(), c.subquery->parts.end(),
                                  [](const SingleQuery& q) { return q.updates; });
  if (writes) input = eager(std::move(input), false);
  const SlotSet outer = bound_;
  const double repeats = std::exchange(repeats_, repeats_ * std::max(1.0, input->rows));
  PlanPtr inner = query(*c.subquery, c.returns_rows);
  repeats_ = repeats;
  bound_ = outer;
  PlanPtr n = on_top(Op::apply, std::move(input));
  n->rows *= std::max(1.0, inner->rows);
  n->children.push_back(std::move(inner));
  n->clause = &c;
  n->advance = writes;
  n->keys = c.subquery->column_slots;
  for (const int slot : c.subquery->column_slots) bound_.add(slot);
  return writes ? eager(std::move(n), true) : std::move(n);
}

PlanPtr Planner::foreach (Clause& c, PlanPtr input) {
  subqueries(c.exprs[0]);
  input = eager(std::move(input), false);
  const SlotSet outer = bound_;
  PlanPtr inner = on_top(Op::unwind, leaf());
  inner->exprs.push_back({c.exprs[0].get(), c.slot});
  bound_.add(c.slot);
  for (auto& b : c.body) inner = eager(clause(*b, std::move(inner)), true);
  bound_ = outer;
  PlanPtr n = on_top(Op::apply, std::move(input));
  n->children.push_back(on_top(Op::no_rows, std::move(inner)));
  n->clause = &c;
  n->advance = true;
  return n;
}

PlanPtr Planner::procedure(Clause& c, PlanPtr input) {
  for (auto& e : c.exprs) subqueries(e);
  const bool writes = c.procedure->signature().updates;
  if (writes) input = eager(std::move(input), false);
  PlanPtr n = on_top(Op::procedure, std::move(input));
  n->clause = &c;
  for (auto& e : c.exprs) n->exprs.push_back({e.get(), kNoSlot});
  for (const auto& y : c.yields) bound_.add(y.slot);
  n->rows *= 10;
  if (writes) n = eager(std::move(n), true);
  if (c.where != nullptr) {
    subqueries(c.where);
    n = filter(std::move(n), c.where.get());
  }
  return n;
}

}  // namespace rv::graph
