#include <algorithm>

#include "core/graph/bind_impl.h"

namespace rv::graph {

void Binder::labels(LabelExpr& e, NameKind kind) {
  if (e.kind == LabelExpr::Kind::name) e.name_index = name_index(kind, e.name);
  for (auto& arg : e.args) labels(*arg, kind);
}

void Binder::pattern_properties(ExprPtr& properties, const Scope& scope, bool parameter_allowed) {
  if (properties == nullptr) return;
  if (properties->kind == ExprKind::parameter && !parameter_allowed)
    fail(properties->span, "a parameter cannot stand for the properties of a pattern here",
         "InvalidParameterUse");
  expression(*properties, scope);
  for (const std::string& key : properties->names) name_index(NameKind::key, key);
}

void Binder::declare_node(NodePattern& n, Scope& scope) {
  if (n.variable.empty()) {
    n.slot = new_slot();
    n.declared = true;
    return;
  }
  if (const Symbol* s = scope.find(n.variable); s != nullptr) {
    if ((s->type & (kNode | kNullType)) == 0)
      fail(n.span, "variable " + n.variable + " is " + type_name(s->type) + ", not a node",
           "VariableTypeConflict");
    Expr reference(ExprKind::variable, n.span);
    reference.name = n.variable;
    variable(reference, scope);
    n.slot = s->slot;
    return;
  }
  if (bound_only_) undefined(n.span, n.variable);
  n.slot = new_slot();
  n.declared = true;
  scope.add({n.variable, n.slot, kNode, level_});
}

void Binder::declare_relationship(RelationshipPattern& r, Scope& scope,
                                  std::vector<std::string>& seen) {
  if (r.variable.empty()) {
    r.slot = new_slot();
    r.declared = true;
    return;
  }
  if (std::find(seen.begin(), seen.end(), r.variable) != seen.end())
    fail(r.span, "relationship variable " + r.variable + " stands twice in one MATCH",
         "RelationshipUniquenessViolation");
  if (const Symbol* s = scope.find(r.variable); s != nullptr) {
    const TypeSet wanted = r.variable_length ? kList : kRelationship;
    if ((s->type & (wanted | kNullType)) == 0)
      fail(r.span,
           "variable " + r.variable + " is " + type_name(s->type) + ", not " +
               (r.variable_length ? "a list of relationships" : "a relationship"),
           "VariableTypeConflict");
    Expr reference(ExprKind::variable, r.span);
    reference.name = r.variable;
    variable(reference, scope);
    r.slot = s->slot;
  } else {
    if (bound_only_) undefined(r.span, r.variable);
    r.slot = new_slot();
    r.declared = true;
    scope.add({r.variable, r.slot, r.variable_length ? kList : kRelationship, level_});
  }
  seen.push_back(r.variable);
}

// The variables of a quantified piece: inside one at a time, outside lists. Inside, only variables
// of earlier clauses can be seen beside its own.
void Binder::declare_repeated(RelationshipPattern& r, const Scope& before, Scope& scope) {
  PatternPart& piece = r.group->pattern[0];
  Scope inner = before;
  const auto fresh = [&](Span span, const std::string& name) {
    if (!name.empty() && (before.find(name) != nullptr || scope.find(name) != nullptr))
      fail(span, "variable " + name + " is already bound", "VariableAlreadyBound");
  };
  for (NodePattern& n : piece.nodes) {
    fresh(n.span, n.variable);
    declare_node(n, inner);
  }
  std::vector<std::string> seen;
  for (RelationshipPattern& p : piece.relationships) {
    fresh(p.span, p.variable);
    declare_relationship(p, inner, seen);
  }
  part_predicates(piece, inner);
  piece.slot = new_slot();
  r.slot = new_slot();
  r.declared = true;
  for (std::size_t i = before.size(); i < inner.size(); ++i) {
    const Symbol& s = inner.symbols()[i];
    r.group->variables.push_back({s.slot, new_slot()});
    scope.add({s.name, r.group->variables.back().outer, kList, level_});
  }
}

void Binder::match_pattern(Pattern& pattern, Scope& scope) {
  const Scope before = scope;
  std::vector<std::string> seen;
  for (PatternPart& part : pattern) {
    if (!part.variable.empty() && scope.find(part.variable) != nullptr)
      fail(part.span, "variable " + part.variable + " is already bound", "VariableAlreadyBound");
    for (NodePattern& n : part.nodes) declare_node(n, scope);
    for (RelationshipPattern& r : part.relationships) {
      if (r.group != nullptr) {
        declare_repeated(r, before, scope);
      } else {
        declare_relationship(r, scope, seen);
      }
    }
    if (!part.variable.empty() && scope.find(part.variable) != nullptr)
      fail(part.span, "variable " + part.variable + " is already bound", "VariableAlreadyBound");
    part.slot = new_slot();
    if (!part.variable.empty()) scope.add({part.variable, part.slot, kPath, level_});
  }
  for (PatternPart& part : pattern) part_predicates(part, scope);
}

// Labels, properties and conditions that stand inside a pattern.
void Binder::part_predicates(PatternPart& part, const Scope& scope) {
  const ExprContext where{false, true};
  for (NodePattern& n : part.nodes) {
    if (n.labels != nullptr) labels(*n.labels, NameKind::label);
    pattern_properties(n.properties, scope, false);
    if (n.where != nullptr)
      check_type(*n.where, expression(*n.where, scope, where), kBoolean, "WHERE");
  }
  for (RelationshipPattern& r : part.relationships) {
    if (r.types != nullptr) labels(*r.types, NameKind::type);
    pattern_properties(r.properties, scope, false);
    if (r.where != nullptr && r.variable_length)
      fail(r.where->span,
           "WHERE cannot stand in a relationship of variable length; write -[r WHERE ...]->+ or "
           "(()-[r WHERE ...]->()){1,3}",
           "InvalidRelationshipPattern");
    if (r.where != nullptr)
      check_type(*r.where, expression(*r.where, scope, where), kBoolean, "WHERE");
    if (r.min && r.max && *r.min > *r.max && *r.max < 0)
      fail(r.span, "bounds of a variable length pattern must not be negative",
           "InvalidRelationshipPattern");
  }
}

// CREATE and MERGE

void Binder::created_node(NodePattern& n, Scope& scope, bool alone, bool merge) {
  const Symbol* s = n.variable.empty() ? nullptr : scope.find(n.variable);
  if (s != nullptr) {
    if ((s->type & (kNode | kNullType)) == 0)
      fail(n.span, "variable " + n.variable + " is " + type_name(s->type) + ", not a node",
           "VariableTypeConflict");
    if (alone || n.labels != nullptr || n.properties != nullptr)
      fail(n.span, "variable " + n.variable + " is already bound", "VariableAlreadyBound");
    Expr reference(ExprKind::variable, n.span);
    reference.name = n.variable;
    variable(reference, scope);
    n.slot = s->slot;
    return;
  }
  n.slot = new_slot();
  n.declared = true;
  if (n.where != nullptr)
    fail(n.where->span, "WHERE cannot stand in a pattern to be created", "UnexpectedSyntax");
  if (n.labels != nullptr) {
    const auto plain = [](const LabelExpr& e) { return e.kind == LabelExpr::Kind::name; };
    const bool all = n.labels->kind == LabelExpr::Kind::all_of &&
                     std::all_of(n.labels->args.begin(), n.labels->args.end(),
                                 [&](const LabelExprPtr& a) { return plain(*a); });
    if (!plain(*n.labels) && !all)
      fail(n.labels->span, "only label names can be created", "UnexpectedSyntax");
    labels(*n.labels, NameKind::label);
  }
  pattern_properties(n.properties, scope, !merge);
  if (!n.variable.empty()) scope.add({n.variable, n.slot, kNode, level_});
}

void Binder::created_relationship(RelationshipPattern& r, Scope& scope, bool merge) {
  if (!r.variable.empty() && scope.find(r.variable) != nullptr)
    fail(r.span, "variable " + r.variable + " is already bound", "VariableAlreadyBound");
  if (r.variable_length)
    fail(r.span, "a relationship of variable length cannot be created", "CreatingVarLength");
  if (r.types == nullptr || r.types->kind != LabelExpr::Kind::name)
    fail(r.span, "a relationship to be created needs exactly one type", "NoSingleRelationshipType");
  if (!merge && r.direction == Direction::both)
    fail(r.span, "a relationship to be created needs a direction", "RequiresDirectedRelationship");
  if (r.where != nullptr)
    fail(r.where->span, "WHERE cannot stand in a pattern to be created", "UnexpectedSyntax");
  labels(*r.types, NameKind::type);
  pattern_properties(r.properties, scope, !merge);
  r.slot = new_slot();
  r.declared = true;
}

void Binder::create_pattern(Clause& c, Scope& scope, bool merge) {
  for (PatternPart& part : c.pattern) {
    if (part.selector != PatternPart::Selector::none)
      fail(part.span, "a shortest path cannot be created", "UnexpectedSyntax");
    if (!part.variable.empty() && scope.find(part.variable) != nullptr)
      fail(part.span, "variable " + part.variable + " is already bound", "VariableAlreadyBound");
    const bool alone = part.relationships.empty();
    std::vector<const RelationshipPattern*> fresh;
    for (std::size_t i = 0; i < part.nodes.size(); ++i) {
      created_node(part.nodes[i], scope, alone, merge);
      if (i < part.relationships.size()) {
        RelationshipPattern& r = part.relationships[i];
        for (const auto* f : fresh)
          if (!r.variable.empty() && f->variable == r.variable)
            fail(r.span, "variable " + r.variable + " is already bound", "VariableAlreadyBound");
        created_relationship(r, scope, merge);
        fresh.push_back(&r);
      }
    }
    for (const auto* r : fresh) {
      if (r->variable.empty()) continue;
      if (scope.find(r->variable) != nullptr)
        fail(r->span, "variable " + r->variable + " is already bound", "VariableAlreadyBound");
      scope.add({r->variable, r->slot, kRelationship, level_});
    }
    part.slot = new_slot();
    if (!part.variable.empty()) scope.add({part.variable, part.slot, kPath, level_});
  }
}

}  // namespace rv::graph
