#include <algorithm>

#include "core/graph/bind_impl.h"
#include "core/graph/function.h"
#include "core/graph/lexer.h"
#include "core/graph/query_error.h"

namespace rv::graph {

void Binder::fail(Span where, const std::string& message, std::string_view detail, ErrorCode code,
                  std::string_view type) const {
  throw query_error(code, s_.text, where.begin, message,
                    std::string(type) + ": " + std::string(detail));
}

void Binder::undefined(Span where, const std::string& name) const {
  fail(where, "variable " + name + " is not defined", "UndefinedVariable");
}

int Binder::name_index(NameKind kind, const std::string& name) {
  const auto [it, fresh] =
      name_indexes_.try_emplace({kind, name}, static_cast<int>(s_.names.size()));
  if (fresh) s_.names.push_back({kind, name});
  return it->second;
}

void Binder::check_type(const Expr& e, TypeSet actual, TypeSet accepted, std::string_view what) {
  if ((actual & (accepted | kNullType)) != 0) return;
  fail(e.span, std::string(what) + " expects " + type_name(accepted) + ", not " + type_name(actual),
       "InvalidArgumentType", ErrorCode::type_mismatch);
}

void Binder::operands(Expr& e, const Scope& scope, ExprContext context, TypeSet accepted,
                      std::string_view what) {
  for (auto& arg : e.args) check_type(*arg, expression(*arg, scope, context), accepted, what);
}

TypeSet Binder::variable(Expr& e, const Scope& scope) {
  const Symbol* s = scope.find(e.name);
  if (s == nullptr) undefined(e.span, e.name);
  e.slot = s->slot;
  e.local = s->local && s->level == level_;
  for (std::size_t i = 0; i < subqueries_.size(); ++i) {
    if (subquery_levels_[i] <= s->level) continue;  // the subquery is outside of the variable
    const bool local = s->local && subquery_levels_[i] - 1 == s->level;
    auto& imports = subqueries_[i]->imports;
    const bool known = std::any_of(imports.begin(), imports.end(),
                                   [&](const Expr::Import& im) { return im.slot == s->slot; });
    if (!known) imports.push_back({s->slot, local});
  }
  return s->type;
}

TypeSet Binder::expression(Expr& e, const Scope& scope, ExprContext context) {
  const bool patterns = context.patterns;
  if (e.kind != ExprKind::logical_and && e.kind != ExprKind::logical_or &&
      e.kind != ExprKind::logical_xor && e.kind != ExprKind::logical_not)
    context.patterns = false;
  switch (e.kind) {
    case ExprKind::literal:
      return kinds(e.literal.kind());
    case ExprKind::parameter: {
      const auto it = std::find(s_.parameters.begin(), s_.parameters.end(), e.name);
      e.parameter_index = static_cast<int>(it - s_.parameters.begin());
      if (it == s_.parameters.end()) s_.parameters.push_back(e.name);
      return kAnyType;
    }
    case ExprKind::variable:
      return variable(e, scope);
    case ExprKind::property:
    case ExprKind::index:
    case ExprKind::slice:
    case ExprKind::has_labels:
      return access(e, scope, context);
    case ExprKind::list:
    case ExprKind::map:
      for (auto& arg : e.args) expression(*arg, scope, context);
      return e.kind == ExprKind::list ? kList : kMap;
    case ExprKind::map_projection:
      check_type(*e.args[0], expression(*e.args[0], scope, context), kMap | kNode | kRelationship,
                 "a map projection");
      for (std::size_t i = 1; i < e.args.size(); ++i)
        if (e.args[i] != nullptr) expression(*e.args[i], scope, context);
      return kMap | kNullType;
    case ExprKind::logical_not:
      operands(e, scope, context, kBoolean, "NOT");
      return kBoolean;
    case ExprKind::logical_and:
      operands(e, scope, context, kBoolean, "AND");
      return kBoolean;
    case ExprKind::logical_or:
      operands(e, scope, context, kBoolean, "OR");
      return kBoolean;
    case ExprKind::logical_xor:
      operands(e, scope, context, kBoolean, "XOR");
      return kBoolean;
    case ExprKind::arithmetic:
      return arithmetic(e, scope, context);
    case ExprKind::negate:
    case ExprKind::plus: {
      const TypeSet t = expression(*e.args[0], scope, context);
      check_type(*e.args[0], t, kNumber | kDuration, "a sign");
      return t;
    }
    case ExprKind::in:
      expression(*e.args[0], scope, context);
      check_type(*e.args[1], expression(*e.args[1], scope, context), kList, "IN");
      return kBoolean;
    case ExprKind::compare:
    case ExprKind::starts_with:
    case ExprKind::ends_with:
    case ExprKind::contains:
    case ExprKind::matches:
    case ExprKind::is_null:
    case ExprKind::is_not_null:
      for (auto& arg : e.args) expression(*arg, scope, context);
      return kBoolean;
    case ExprKind::call:
      return call(e, scope, context);
    case ExprKind::count_star:
      if (in_aggregate_) fail(e.span, "aggregates cannot be nested", "NestedAggregation");
      if (!context.aggregates)
        fail(e.span, "an aggregate is not allowed here", "InvalidAggregation");
      return kInteger;
    case ExprKind::case_of: {
      TypeSet out = e.has_else ? 0 : kNullType;
      const std::size_t first = e.has_operand ? 1 : 0;
      for (std::size_t i = 0; i < e.args.size(); ++i) {
        const TypeSet t = expression(*e.args[i], scope, context);
        const bool result =
            i >= first && ((i - first) % 2 == 1 || (e.has_else && i + 1 == e.args.size()));
        if (result) out |= t;
      }
      return out;
    }
    case ExprKind::list_comprehension:
    case ExprKind::quantifier:
    case ExprKind::reduce:
      return comprehension(e, scope, context);
    case ExprKind::exists_subquery:
      if (e.is_pattern && !e.in_exists && !patterns)
        fail(e.span, "a pattern is a predicate and can stand only in WHERE or in exists()",
             "UnexpectedSyntax");
      return subquery(e, scope);
    case ExprKind::count_subquery:
    case ExprKind::collect_subquery:
      return subquery(e, scope);
  }
  return kAnyType;
}

TypeSet Binder::arithmetic(Expr& e, const Scope& scope, ExprContext context) {
  TypeSet left = expression(*e.args[0], scope, context);
  for (std::size_t i = 1; i < e.args.size(); ++i) {
    const std::string& op = e.names[i - 1];
    const TypeSet right = expression(*e.args[i], scope, context);
    if (op == "+" || op == "||") {
      if ((left | right) == kInteger) continue;
      const bool open = ((left | right) & ~kNumber) != 0;
      left = open ? kAnyType : kNumber;
      continue;
    }
    const TypeSet accepted = op == "-"   ? kNumber | kTemporal
                             : op == "^" ? kNumber
                                         : kNumber | kDuration;
    check_type(*e.args[i - 1], left, accepted, "operator " + op);
    check_type(*e.args[i], right, accepted, "operator " + op);
    if (op == "^") {
      left = kFloating;
    } else if (((left | right) & ~kNumber) != 0) {
      left = kAnyType;
    } else if ((left & kFloating) != 0 || (right & kFloating) != 0) {
      left = left == kFloating || right == kFloating ? kFloating : kNumber;
    }
  }
  return left;
}

TypeSet Binder::access(Expr& e, const Scope& scope, ExprContext context) {
  const TypeSet base = expression(*e.args[0], scope, context);
  switch (e.kind) {
    case ExprKind::property:
      e.name_index = name_index(NameKind::key, e.name);
      return kAnyType;
    case ExprKind::has_labels:
      check_type(*e.args[0], base, kNode | kRelationship, "a label test");
      labels(*e.labels, (base & kNode) == 0 ? NameKind::type : NameKind::label);
      return kBoolean;
    case ExprKind::index:
      expression(*e.args[1], scope, context);
      return kAnyType;
    default:
      for (std::size_t i = 1; i < 3; ++i)
        if (e.args[i] != nullptr)
          check_type(*e.args[i], expression(*e.args[i], scope, context), kInteger, "a list slice");
      return kList;
  }
}

TypeSet Binder::call(Expr& e, const Scope& scope, ExprContext context) {
  e.function = find_function(e.name);
  if (e.function == nullptr)
    fail(e.span, "unknown function " + e.name + "()", "UnknownFunction",
         ErrorCode::undefined_object);
  const FunctionInfo& f = *e.function;
  const int count = static_cast<int>(e.args.size());
  if (count < f.min_args || (f.max_args >= 0 && count > f.max_args)) {
    std::string wanted = std::to_string(f.min_args);
    if (f.max_args < 0) wanted += " or more";
    if (f.max_args > f.min_args) wanted += " to " + std::to_string(f.max_args);
    fail(e.span, e.name + "() takes " + wanted + " arguments, not " + std::to_string(count),
         "InvalidNumberOfArguments");
  }
  const bool aggregate = f.aggregate != Aggregate::none;
  if (aggregate) {
    if (in_aggregate_) fail(e.span, "aggregates cannot be nested", "NestedAggregation");
    if (!context.aggregates)
      fail(e.span, "aggregate " + e.name + "() is not allowed here", "InvalidAggregation");
    in_aggregate_ = true;
    context.aggregates = false;
  } else if (e.distinct) {
    fail(e.span, "DISTINCT is for aggregates, " + e.name + "() is none", "UnexpectedSyntax");
  }
  const ExprContext inner{context.aggregates || aggregate, equal_ignoring_case(e.name, "exists")};
  for (std::size_t i = 0; i < e.args.size(); ++i) {
    const TypeSet t = expression(*e.args[i], scope, inner);
    check_type(*e.args[i], t, i == 0 ? f.first : f.rest, e.name + "()");
    if (aggregate && e.args[i]->kind == ExprKind::call &&
        equal_ignoring_case(e.args[i]->name, "rand"))
      fail(e.span, "an aggregate cannot be computed over random numbers", "NonConstantExpression");
  }
  if (aggregate) in_aggregate_ = false;
  return f.result;
}

TypeSet Binder::comprehension(Expr& e, const Scope& scope, ExprContext context) {
  context.aggregates = context.aggregates && !in_aggregate_;
  Scope inner = scope;
  const bool reduce = e.kind == ExprKind::reduce;
  Expr& list = *e.args[reduce ? 1 : 0];
  if (reduce) expression(*e.args[0], scope, context);
  check_type(list, expression(list, scope, context), kList, "a comprehension");
  const ExprContext body{false, true};
  e.inner_slot = new_slot();
  if (reduce) {
    e.accumulator_slot = new_slot();
    inner.add({e.name, e.accumulator_slot, kAnyType, level_, true});
    inner.add({e.names[0], e.inner_slot, kAnyType, level_, true});
    expression(*e.args[2], inner, body);
    return kAnyType;
  }
  // The elements of a literal list have known kinds.
  TypeSet element = kAnyType;
  if (list.kind == ExprKind::list && !list.args.empty()) {
    element = 0;
    for (const auto& item : list.args)
      element |= item->kind == ExprKind::literal ? kinds(item->literal.kind()) : kAnyType;
  }
  inner.add({e.name, e.inner_slot, element, level_, true});
  for (std::size_t i = 1; i < e.args.size(); ++i) {
    if (e.args[i] == nullptr) continue;
    const TypeSet t = expression(*e.args[i], inner, i == 1 ? body : ExprContext{});
    if (i == 1) check_type(*e.args[i], t, kBoolean, "WHERE");
  }
  return e.kind == ExprKind::quantifier ? kBoolean : kList;
}

TypeSet Binder::subquery(Expr& e, const Scope& scope) {
  ++level_;
  subqueries_.push_back(&e);
  subquery_levels_.push_back(level_);
  const bool aggregate = in_aggregate_;
  const bool bound_only = bound_only_;
  in_aggregate_ = false;
  bound_only_ = e.is_pattern && e.kind == ExprKind::exists_subquery;
  query(*e.subquery, scope, true, e.kind != ExprKind::collect_subquery);
  in_aggregate_ = aggregate;
  bound_only_ = bound_only;
  subqueries_.pop_back();
  subquery_levels_.pop_back();
  --level_;
  if (e.kind == ExprKind::collect_subquery) {
    if (e.subquery->column_slots.size() != 1)
      fail(e.span, "COLLECT needs a subquery that returns one column", "InvalidClauseComposition");
    return kList;
  }
  return e.kind == ExprKind::exists_subquery ? kBoolean : kInteger;
}

bool contains_aggregate(const Expr& e) {
  if (e.kind == ExprKind::count_star) return true;
  if (e.kind == ExprKind::call && e.function != nullptr && e.function->aggregate != Aggregate::none)
    return true;
  return std::any_of(e.args.begin(), e.args.end(),
                     [](const ExprPtr& arg) { return arg != nullptr && contains_aggregate(*arg); });
}

bool same_expression(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || a.name != b.name || a.names != b.names || a.distinct != b.distinct ||
      a.args.size() != b.args.size() || a.subquery != nullptr || b.subquery != nullptr)
    return false;
  if (a.kind == ExprKind::literal) {
    if (a.literal.kind() != b.literal.kind()) return false;
    if (a.literal.is(Kind::integer) && a.literal.as_integer() != b.literal.as_integer())
      return false;
    if (a.literal.is(Kind::floating) && a.literal.as_floating() != b.literal.as_floating())
      return false;
    if (a.literal.is(Kind::boolean) && a.literal.as_boolean() != b.literal.as_boolean())
      return false;
  }
  if (a.kind == ExprKind::has_labels) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i) {
    if ((a.args[i] == nullptr) != (b.args[i] == nullptr)) return false;
    if (a.args[i] != nullptr && !same_expression(*a.args[i], *b.args[i])) return false;
  }
  return true;
}

}  // namespace rv::graph
