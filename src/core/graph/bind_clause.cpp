#include <algorithm>

#include "core/graph/bind_impl.h"

namespace rv::graph {
namespace {

bool updating(const Clause& c) {
  using K = Clause::Kind;
  switch (c.kind) {
    case K::create:
    case K::merge:
    case K::set:
    case K::remove:
    case K::delete_:
    case K::foreach:
      return true;
    case K::call:
      return c.procedure != nullptr && c.procedure->signature().updates;
    case K::call_subquery:
      return std::any_of(c.subquery->parts.begin(), c.subquery->parts.end(),
                         [](const SingleQuery& q) { return q.updates; });
    default:
      return false;
  }
}

}  // namespace

void bind(Statement& statement, GraphStore& store) { Binder(statement, store).run(); }

void Binder::run() {
  if (s_.schema) {
    if (s_.schema_options != nullptr) expression(*s_.schema_options, Scope());
    s_.updates = true;
    return;
  }
  query(s_.query, Scope(), false, false);
  for (const auto& part : s_.query.parts) s_.updates = s_.updates || part.updates;
}

void Binder::query(Query& q, const Scope& outer, bool subquery, bool exists) {
  for (auto& part : q.parts) {
    Scope scope = outer;
    single_query(part, scope, subquery, exists);
  }
  const auto& first = q.parts[0];
  for (std::size_t i = 1; i < q.parts.size(); ++i) {
    auto a = first.columns;
    auto b = q.parts[i].columns;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    if (a != b)
      fail(q.parts[i].clauses.back()->span, "all parts of a UNION must return the same columns",
           "DifferentColumnsInUnion");
  }
  if (q.parts.size() == 1) {
    q.column_slots = first.column_slots;
  } else {
    for (std::size_t i = 0; i < first.columns.size(); ++i) q.column_slots.push_back(new_slot());
  }
}

void Binder::check_composition(const SingleQuery& q, bool subquery, bool exists) {
  const auto bad = [&](const Clause& c, const std::string& message) {
    fail(c.span, message, "InvalidClauseComposition");
  };
  for (std::size_t i = 0; i < q.clauses.size(); ++i) {
    const Clause& c = *q.clauses[i];
    if (c.kind == Clause::Kind::return_ && i + 1 < q.clauses.size())
      bad(*q.clauses[i + 1], "RETURN must be the last clause");
    if (subquery && exists && updating(c)) bad(c, "a subquery expression must not write");
  }
  const Clause& last = *q.clauses.back();
  const bool value_only = subquery && exists;  // how many rows is all that counts
  if (value_only) return;
  switch (last.kind) {
    case Clause::Kind::match:
      bad(last, "a query cannot end with MATCH");
      break;
    case Clause::Kind::unwind:
    case Clause::Kind::with:
      bad(last, "a query must end with RETURN or an updating clause");
      break;
    case Clause::Kind::call:
      if (!last.standalone && !last.yields.empty())
        bad(last, "a query must end with RETURN or an updating clause");
      break;
    default:
      break;
  }
}

void Binder::single_query(SingleQuery& q, Scope& scope, bool subquery, bool exists) {
  // Reading behind writing needs WITH between.
  for (std::size_t i = 0; i < q.clauses.size(); ++i) {
    Clause& c = *q.clauses[i];
    if (c.kind == Clause::Kind::call) {
      c.procedure = store_.find_procedure(c.name);
    }
    clause(c, scope);
    q.updates = q.updates || updating(c);
  }
  check_composition(q, subquery, exists);
  const Clause& last = *q.clauses.back();
  if (last.kind == Clause::Kind::return_) {
    for (const auto& item : last.items) {
      q.columns.push_back(item.alias);
      q.column_slots.push_back(item.slot);
    }
  } else if (last.kind == Clause::Kind::call && last.standalone) {
    for (const auto& y : last.yields) {
      q.columns.push_back(y.alias);
      q.column_slots.push_back(y.slot);
    }
  }
}

void Binder::clause(Clause& c, Scope& scope) {
  switch (c.kind) {
    case Clause::Kind::match:
      match_pattern(c.pattern, scope);
      if (c.where != nullptr)
        check_type(*c.where, expression(*c.where, scope, {false, true}), kBoolean, "WHERE");
      return;
    case Clause::Kind::unwind:
      return unwind(c, scope);
    case Clause::Kind::with:
    case Clause::Kind::return_:
      return projection(c, scope);
    case Clause::Kind::create:
      return create_pattern(c, scope, false);
    case Clause::Kind::merge:
      create_pattern(c, scope, true);
      set_items(c.sets, scope);
      set_items(c.match_sets, scope);
      return;
    case Clause::Kind::set:
    case Clause::Kind::remove:
      return set_items(c.sets, scope);
    case Clause::Kind::delete_:
      return delete_clause(c, scope);
    case Clause::Kind::call:
      return call(c, scope);
    case Clause::Kind::call_subquery:
      return call_subquery(c, scope);
    case Clause::Kind::foreach:
      return foreach (c, scope);
  }
}

void Binder::unwind(Clause& c, Scope& scope) {
  expression(*c.exprs[0], scope);
  if (scope.find(c.name) != nullptr)
    fail(c.span, "variable " + c.name + " is already bound", "VariableAlreadyBound");
  c.slot = new_slot();
  scope.add({c.name, c.slot, kAnyType, level_});
}

void Binder::foreach (Clause& c, Scope & scope) {
  check_type(*c.exprs[0], expression(*c.exprs[0], scope), kList, "FOREACH");
  if (scope.find(c.name) != nullptr)
    fail(c.span, "variable " + c.name + " is already bound", "VariableAlreadyBound");
  c.slot = new_slot();
  Scope inner = scope;
  inner.add({c.name, c.slot, kAnyType, level_});
  for (auto& b : c.body) clause(*b, inner);
}

void Binder::set_items(std::vector<SetItem>& items, Scope& scope) {
  for (auto& item : items) {
    const TypeSet t = expression(*item.target, scope);
    const bool only_node = item.what == SetItem::What::labels;
    check_type(*item.target, t, only_node ? kNode : kNode | kRelationship,
               only_node ? "a label" : "a property to be set");
    if (item.what == SetItem::What::property)
      item.name_index = name_index(NameKind::key, item.name);
    if (item.key != nullptr)
      check_type(*item.key, expression(*item.key, scope), kString, "a property name");
    if (item.value != nullptr) {
      const TypeSet v = expression(*item.value, scope);
      if (item.what == SetItem::What::replace || item.what == SetItem::What::merge)
        check_type(*item.value, v, kMap | kNode | kRelationship, "SET");
    }
    for (const auto& label : item.labels) name_index(NameKind::label, label);
  }
}

void Binder::delete_clause(Clause& c, Scope& scope) {
  for (auto& e : c.exprs) {
    if (e->kind == ExprKind::has_labels)
      fail(e->span, "DELETE takes entities; labels are taken off with REMOVE", "InvalidDelete");
    check_type(*e, expression(*e, scope), kNode | kRelationship | kPath, "DELETE");
  }
}

void Binder::call(Clause& c, Scope& scope) {
  if (c.procedure == nullptr)
    fail(c.span, "there is no procedure " + c.name, "ProcedureNotFound",
         ErrorCode::undefined_object, "ProcedureError");
  const Signature& signature = c.procedure->signature();
  if (!c.has_arguments && !c.standalone && !signature.inputs.empty())
    fail(c.span, "a call inside a query needs its arguments in parentheses",
         "InvalidArgumentPassingMode");
  if (c.has_arguments) {
    std::size_t least = signature.inputs.size();
    while (least > 0 && signature.inputs[least - 1].optional) --least;
    if (c.exprs.size() < least || c.exprs.size() > signature.inputs.size())
      fail(c.span,
           c.name + " takes " + std::to_string(signature.inputs.size()) + " arguments, not " +
               std::to_string(c.exprs.size()),
           "InvalidNumberOfArguments");
    for (std::size_t i = 0; i < c.exprs.size(); ++i) {
      const TypeSet t = expression(*c.exprs[i], scope);
      check_type(*c.exprs[i], t, field_types(signature.inputs[i].type),
                 "argument " + signature.inputs[i].name + " of " + c.name);
    }
  } else {
    for (const Field& input : signature.inputs) {  // taken from parameters of the same names
      auto e = std::make_unique<Expr>(ExprKind::parameter, c.span);
      e->name = input.name;
      expression(*e, scope);
      c.exprs.push_back(std::move(e));
    }
  }
  if (c.star && !c.standalone)
    fail(c.span, "YIELD * is for calls that are the whole query", "UnexpectedSyntax");
  if (c.star || (c.standalone && !c.has_yield)) {
    for (const Field& output : signature.outputs)
      c.yields.push_back({output.name, output.name, c.span, kNoSlot});
  }
  for (auto& y : c.yields) {
    const auto field = std::find_if(signature.outputs.begin(), signature.outputs.end(),
                                    [&](const Field& f) { return f.name == y.field; });
    if (field == signature.outputs.end())
      fail(y.span, c.name + " has no result " + y.field, "UndefinedVariable");
    if (scope.find(y.alias) != nullptr)
      fail(y.span, "variable " + y.alias + " is already bound", "VariableAlreadyBound");
    y.slot = new_slot();
    scope.add({y.alias, y.slot, field_types(field->type), level_});
  }
  if (c.where != nullptr)
    check_type(*c.where, expression(*c.where, scope, {false, true}), kBoolean, "WHERE");
}

void Binder::call_subquery(Clause& c, Scope& scope) {
  Scope inner;
  const bool all = !c.imports.empty() && c.imports[0] == "*";
  for (auto& part : c.subquery->parts) {
    // WITH a, b as the first clause names what the subquery sees.
    const Clause& first = *part.clauses[0];
    Scope visible;
    if (c.imports_listed) {
      for (const Symbol& s : scope.symbols())
        if (all || std::find(c.imports.begin(), c.imports.end(), s.name) != c.imports.end())
          visible.add(s);
      for (const auto& name : c.imports)
        if (name != "*" && scope.find(name) == nullptr) undefined(c.span, name);
    } else if (first.kind == Clause::Kind::with) {
      visible = scope;
    }
    single_query(part, visible, true, false);
  }
  const auto& parts = c.subquery->parts;
  c.returns_rows = parts[0].clauses.back()->kind == Clause::Kind::return_;
  for (const auto& part : parts) {
    if (part.columns.size() != parts[0].columns.size() ||
        !std::is_permutation(part.columns.begin(), part.columns.end(), parts[0].columns.begin()))
      fail(part.clauses.back()->span, "all parts of a UNION must return the same columns",
           "DifferentColumnsInUnion");
  }
  for (std::size_t i = 0; i < parts[0].columns.size(); ++i) {
    const std::string& name = parts[0].columns[i];
    if (scope.find(name) != nullptr)
      fail(c.span, "variable " + name + " is already bound", "VariableAlreadyBound");
    const int slot = parts.size() == 1 ? parts[0].column_slots[i] : new_slot();
    c.subquery->column_slots.push_back(slot);
    scope.add({name, slot, kAnyType, level_});
  }
}

}  // namespace rv::graph
