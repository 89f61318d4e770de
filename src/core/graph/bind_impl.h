// The binder's parts see each other here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/ast.h"
#include "core/graph/bind.h"
#include "core/graph/type_set.h"

namespace rv::graph {

struct Symbol {
  std::string name;
  int slot;
  TypeSet type;
  int level;           // of the plan whose rows hold it
  bool local = false;  // a comprehension's variable
};

class Scope {
 public:
  const Symbol* find(std::string_view name) const {
    for (auto it = symbols_.rbegin(); it != symbols_.rend(); ++it)
      if (it->name == name) return &*it;
    return nullptr;
  }
  Symbol* find(std::string_view name) {
    return const_cast<Symbol*>(static_cast<const Scope*>(this)->find(name));
  }
  void add(Symbol s) { symbols_.push_back(std::move(s)); }
  void pop() { symbols_.pop_back(); }
  std::size_t size() const { return symbols_.size(); }
  std::vector<Symbol>& symbols() { return symbols_; }
  const std::vector<Symbol>& symbols() const { return symbols_; }

 private:
  std::vector<Symbol> symbols_;
};

// Where an expression stands.
struct ExprContext {
  bool aggregates = false;  // allowed here
  bool patterns = false;    // a pattern is a predicate here
};

class Binder {
 public:
  Binder(Statement& statement, GraphStore& store) : s_(statement), store_(store) {}
  void run();

 private:
  // --- bind_clause.cpp ---
  void query(Query& q, const Scope& outer, bool subquery, bool exists);
  void single_query(SingleQuery& q, Scope& scope, bool subquery, bool exists);
  void clause(Clause& c, Scope& scope);
  void check_composition(const SingleQuery& q, bool subquery, bool exists);
  void unwind(Clause& c, Scope& scope);
  void foreach (Clause& c, Scope & scope);
  void call(Clause& c, Scope& scope);
  void call_subquery(Clause& c, Scope& scope);
  void set_items(std::vector<SetItem>& items, Scope& scope);
  void delete_clause(Clause& c, Scope& scope);

  // --- bind_projection.cpp ---
  void projection(Clause& c, Scope& scope);
  void grouped_sort_key(Expr& e, const Scope& before, const Scope& projected, const Clause& c);
  void check_grouping(Expr& e, const Clause& c);
  void expand_star(Clause& c, const Scope& scope);
  void row_count(Expr& e, const char* what);
  bool replace_projected(ExprPtr& e, const Clause& c);

  // --- bind_pattern.cpp ---
  void match_pattern(Pattern& pattern, Scope& scope);
  void create_pattern(Clause& c, Scope& scope, bool merge);
  void created_node(NodePattern& n, Scope& scope, bool alone, bool merge);
  void created_relationship(RelationshipPattern& r, Scope& scope, bool merge);
  void declare_node(NodePattern& n, Scope& scope);
  void declare_relationship(RelationshipPattern& r, Scope& scope, std::vector<std::string>& seen);
  void declare_repeated(RelationshipPattern& r, const Scope& before, Scope& scope);
  void part_predicates(PatternPart& part, const Scope& scope);
  void pattern_properties(ExprPtr& properties, const Scope& scope, bool parameter_allowed);
  void labels(LabelExpr& e, NameKind kind);

  // --- bind_expression.cpp ---
  TypeSet expression(Expr& e, const Scope& scope, ExprContext context = {});
  TypeSet variable(Expr& e, const Scope& scope);
  TypeSet call(Expr& e, const Scope& scope, ExprContext context);
  TypeSet comprehension(Expr& e, const Scope& scope, ExprContext context);
  TypeSet subquery(Expr& e, const Scope& scope);
  TypeSet arithmetic(Expr& e, const Scope& scope, ExprContext context);
  TypeSet access(Expr& e, const Scope& scope, ExprContext context);
  void operands(Expr& e, const Scope& scope, ExprContext context, TypeSet accepted,
                std::string_view what);
  void check_type(const Expr& e, TypeSet actual, TypeSet accepted, std::string_view what);

  int new_slot() { return s_.slots++; }
  int name_index(NameKind kind, const std::string& name);
  [[noreturn]] void fail(Span where, const std::string& message, std::string_view detail,
                         ErrorCode code = ErrorCode::syntax_error,
                         std::string_view type = "SyntaxError") const;
  [[noreturn]] void undefined(Span where, const std::string& name) const;

  Statement& s_;
  GraphStore& store_;
  int level_ = 0;
  std::vector<Expr*> subqueries_;  // around the expression being bound, one for each level
  std::vector<int> subquery_levels_;
  std::map<std::pair<NameKind, std::string>, int> name_indexes_;
  bool in_aggregate_ = false;
  bool bound_only_ = false;  // inside a pattern predicate: no new variables
};

// The same text, names and structure; slots do not count.
bool same_expression(const Expr& a, const Expr& b);

}  // namespace rv::graph
