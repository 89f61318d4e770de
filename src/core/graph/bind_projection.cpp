// WITH and RETURN: scopes, grouping, sorting.
#include <algorithm>
#include <functional>

#include "core/graph/bind_impl.h"
#include "core/graph/function.h"

namespace rv::graph {

void Binder::expand_star(Clause& c, const Scope& scope) {
  std::vector<ProjectionItem> items;
  std::vector<const Symbol*> visible;
  for (const Symbol& s : scope.symbols()) {
    if (!s.local && scope.find(s.name) == &s) visible.push_back(&s);
  }
  std::sort(visible.begin(), visible.end(),
            [](const Symbol* a, const Symbol* b) { return a->name < b->name; });
  for (const Symbol* s : visible) {
    ProjectionItem item;
    item.expr = std::make_unique<Expr>(ExprKind::variable, c.span);
    item.expr->name = s->name;
    item.alias = s->name;
    item.aliased = true;
    items.push_back(std::move(item));
  }
  for (auto& item : c.items) items.push_back(std::move(item));
  c.items = std::move(items);
}

// SKIP and LIMIT: no variables, a non-negative integer.
void Binder::row_count(Expr& e, const char* what) {
  const Scope nothing;
  if (e.kind == ExprKind::literal) {
    if (!e.literal.is(Kind::integer))
      fail(e.span, std::string(what) + " expects a non-negative integer", "InvalidArgumentType");
    if (e.literal.as_integer() < 0)
      fail(e.span, std::string(what) + " must not be negative", "NegativeIntegerArgument");
  }
  const std::function<void(const Expr&)> visit = [&](const Expr& x) {
    if (x.kind == ExprKind::variable || x.subquery != nullptr)
      fail(x.span, std::string(what) + " must not depend on the row", "NonConstantExpression");
    if (x.kind == ExprKind::list_comprehension || x.kind == ExprKind::quantifier ||
        x.kind == ExprKind::reduce)
      return;
    for (const auto& arg : x.args)
      if (arg != nullptr) visit(*arg);
  };
  visit(e);
  check_type(e, expression(e, nothing), kNumber, what);
}

// Every part of an item with aggregates is an aggregate, a constant or a grouping key; keys become
// references to their slots.
void Binder::check_grouping(Expr& e, const Clause& c) {
  if (e.kind == ExprKind::count_star || (e.kind == ExprKind::call && e.function != nullptr &&
                                         e.function->aggregate != Aggregate::none)) {
    if (e.slot == kNoSlot) e.slot = new_slot();
    e.replaced = true;
    return;
  }
  for (const auto& item : c.items) {
    if (contains_aggregate(*item.expr)) continue;
    if ((item.expr->kind == ExprKind::variable || item.expr->kind == ExprKind::property) &&
        same_expression(*item.expr, e)) {
      e.slot = item.slot;
      e.local = false;
      e.replaced = true;
      return;
    }
  }
  if (e.kind == ExprKind::variable && !e.local)
    fail(e.span,
         "expression mixes aggregates with " + e.name + ", which is not a grouping key of its own",
         "AmbiguousAggregationExpression");
  if (e.subquery != nullptr && !e.imports.empty())
    fail(e.span, "expression mixes aggregates with a subquery over ungrouped rows",
         "AmbiguousAggregationExpression");
  for (auto& arg : e.args)
    if (arg != nullptr) check_grouping(*arg, c);
}

// Replaces what equals a projected expression by a reference to its column.
bool Binder::replace_projected(ExprPtr& e, const Clause& c) {
  for (const auto& item : c.items) {
    if (item.expr->kind == ExprKind::literal || !same_expression(*item.expr, *e)) continue;
    // A plain variable stays itself unless an alias of that name hides it.
    if (e->kind == ExprKind::variable && item.alias == e->name) continue;
    auto reference = std::make_unique<Expr>(ExprKind::variable, e->span);
    reference->name = item.alias;
    e = std::move(reference);
    return true;
  }
  bool found = false;
  for (auto& arg : e->args)
    if (arg != nullptr) found = replace_projected(arg, c) || found;
  return found;
}

namespace {

bool is_aggregate(const Expr& e) {
  if (e.kind == ExprKind::count_star) return true;
  if (e.kind != ExprKind::call) return false;
  const FunctionInfo* f = find_function(e.name);
  return f != nullptr && f->aggregate != Aggregate::none;
}

bool mentions_aggregate(const Expr& e) {
  return is_aggregate(e) || std::any_of(e.args.begin(), e.args.end(), [](const ExprPtr& a) {
           return a != nullptr && mentions_aggregate(*a);
         });
}

// Does a grouping key contain the variable?
bool mentioned_in_keys(const std::string& name, const Clause& c) {
  const std::function<bool(const Expr&)> mentions = [&](const Expr& e) {
    return (e.kind == ExprKind::variable && e.name == name) ||
           std::any_of(e.args.begin(), e.args.end(),
                       [&](const ExprPtr& a) { return a != nullptr && mentions(*a); });
  };
  return std::any_of(c.items.begin(), c.items.end(), [&](const ProjectionItem& i) {
    return !mentions_aggregate(*i.expr) && mentions(*i.expr);
  });
}

}  // namespace

// In ORDER BY behind a grouping projection: aggregates read the rows before grouping, everything
// else the projected columns.
void Binder::grouped_sort_key(Expr& e, const Scope& before, const Scope& projected,
                              const Clause& c) {
  if (is_aggregate(e)) {
    const std::function<void(const Expr&)> check = [&](const Expr& x) {
      if (x.kind == ExprKind::variable && before.find(x.name) != nullptr &&
          projected.find(x.name) == nullptr)
        undefined(x.span, x.name);
      for (const auto& arg : x.args)
        if (arg != nullptr) check(*arg);
    };
    check(e);
    expression(e, before, {true, false});
    e.slot = new_slot();
    e.replaced = true;
    return;
  }
  if (!mentions_aggregate(e)) {
    const std::function<void(const Expr&)> check = [&](const Expr& x) {
      if (x.kind == ExprKind::variable && before.find(x.name) != nullptr &&
          projected.find(x.name) == nullptr && mentioned_in_keys(x.name, c))
        fail(x.span, "ORDER BY mixes an aggregate with " + x.name + ", which is not projected",
             "AmbiguousAggregationExpression");
      for (const auto& arg : x.args)
        if (arg != nullptr) check(*arg);
    };
    check(e);
    expression(e, projected, {});
    return;
  }
  if (e.kind == ExprKind::call) e.function = find_function(e.name);
  if (e.kind == ExprKind::call && e.function == nullptr)
    fail(e.span, "unknown function " + e.name + "()", "UnknownFunction",
         ErrorCode::undefined_object);
  if (e.kind == ExprKind::property) e.name_index = name_index(NameKind::key, e.name);
  for (auto& arg : e.args)
    if (arg != nullptr) grouped_sort_key(*arg, before, projected, c);
}

void Binder::projection(Clause& c, Scope& scope) {
  const bool with = c.kind == Clause::Kind::with;
  if (c.star) {
    if (!with && scope.size() == 0)
      fail(c.span, "RETURN * needs variables in scope", "NoVariablesInScope");
    expand_star(c, scope);
  }
  std::vector<TypeSet> types;
  bool grouped = false;
  for (auto& item : c.items) {
    if (with && !item.aliased && item.expr->kind != ExprKind::variable)
      fail(item.expr->span, "an expression in WITH needs an alias", "NoExpressionAlias");
    for (const auto& other : c.items) {
      if (&other == &item) break;
      if (other.alias == item.alias)
        fail(item.expr->span, "column " + item.alias + " occurs twice", "ColumnNameConflict");
    }
    types.push_back(expression(*item.expr, scope, {true, false}));
    item.slot = new_slot();
    grouped = grouped || contains_aggregate(*item.expr);
  }
  if (grouped)
    for (auto& item : c.items)
      if (contains_aggregate(*item.expr)) check_grouping(*item.expr, c);

  // ORDER BY and WHERE see the old variables too, unless rows were merged.
  Scope result;
  for (std::size_t i = 0; i < c.items.size(); ++i)
    result.add({c.items[i].alias, c.items[i].slot, types[i], level_});
  Scope combined;
  if (!grouped && !c.distinct) combined = scope;
  for (const Symbol& s : result.symbols()) combined.add(s);

  if (!c.order.empty()) {
    for (auto& s : c.order) {
      const bool aggregated = grouped && mentions_aggregate(*s.expr);
      if (s.expr->kind != ExprKind::variable) replace_projected(s.expr, c);
      if (!aggregated) continue;
      grouped_sort_key(*s.expr, scope, combined, c);
      s.slot = new_slot();
    }
    for (auto& s : c.order) {
      if (s.slot != kNoSlot) continue;
      expression(*s.expr, combined, {});
      s.slot = new_slot();
    }
  }
  if (c.skip != nullptr) row_count(*c.skip, "SKIP");
  if (c.limit != nullptr) row_count(*c.limit, "LIMIT");
  if (c.where != nullptr)
    check_type(*c.where, expression(*c.where, combined, {false, true}), kBoolean, "WHERE");
  for (const auto& item : c.items) c.outputs.push_back(item.slot);
  scope = result;
}

}  // namespace rv::graph
