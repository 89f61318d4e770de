// The syntax tree of a query. The binder (bind.h) fills in what stands below "bound".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/schema_command.h"
#include "core/graph/store.h"
#include "core/graph/value.h"

namespace rv::graph {

struct Expr;
struct Query;
struct PlanNode;
struct FunctionInfo;
using ExprPtr = std::unique_ptr<Expr>;

inline constexpr int kNoSlot = -1;

// A place in the query text, in bytes.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// :A|B&!C, also the types of a relationship. % is any label.
struct LabelExpr {
  enum class Kind : std::uint8_t { name, any, all_of, one_of, none_of };
  Kind kind = Kind::name;
  std::string name;
  std::vector<std::unique_ptr<LabelExpr>> args;
  Span span;
  int name_index = -1;  // bound: in Query::names
};
using LabelExprPtr = std::unique_ptr<LabelExpr>;

struct NodePattern {
  std::string variable;  // empty: anonymous
  Span span;
  LabelExprPtr labels;
  ExprPtr properties;  // a map or a parameter
  ExprPtr where;
  int slot = kNoSlot;     // bound
  bool declared = false;  // bound: this is the variable's first place
};

struct QuantifiedPattern;

struct RelationshipPattern {
  std::string variable;
  Span span;
  LabelExprPtr types;
  ExprPtr properties;
  ExprPtr where;
  Direction direction = Direction::both;
  bool variable_length = false;
  std::optional<std::int64_t> min, max;
  // Instead of one relationship: a longer piece. The slot holds the relationships of all its turns.
  std::unique_ptr<QuantifiedPattern> group;
  int slot = kNoSlot;
  bool declared = false;
};

struct PatternPart {
  // shortest_groups: every path of the k smallest lengths
  enum class Selector : std::uint8_t { none, shortest, shortest_groups };
  std::string variable;  // p = ...
  Span span;
  Selector selector = Selector::none;
  std::int64_t shortest_count = 1;  // SHORTEST k
  std::vector<NodePattern> nodes;   // one more than relationships
  std::vector<RelationshipPattern> relationships;
  int slot = kNoSlot;
};
using Pattern = std::vector<PatternPart>;

// ((a)-[r]->(b) WHERE p){1,3}: a piece of a path that is repeated. Outside, its variables are lists
// with an element for each turn.
struct QuantifiedPattern {
  Pattern pattern;  // one part
  struct Variable {
    int inner, outer;
  };
  std::vector<Variable> variables;  // bound: slots
  const PatternPart& piece() const { return pattern[0]; }
};

enum class ExprKind : std::uint8_t {
  literal,         // literal; a string's bytes are in name
  parameter,       // name
  variable,        // name
  property,        // args[0].name
  index,           // args[0][args[1]]
  slice,           // args[0][args[1]..args[2]], the bounds may be null
  list,            // args
  map,             // names and args side by side
  map_projection,  // args[0]{...}; names: "key" with its expression, ".key" or ".*" with null
  logical_not,
  logical_and,  // args, two or more
  logical_or,
  logical_xor,
  compare,     // args[0] names[0] args[1] names[1] ...: a < b <= c
  arithmetic,  // the same with + - || or * / % or ^, from left to right
  negate,
  plus,
  in,
  starts_with,
  ends_with,
  contains,
  matches,
  is_null,
  is_not_null,
  has_labels,  // args[0]:labels
  call,        // name(args)
  count_star,
  case_of,             // args: [operand] then pairs of when and then, [else]; has_operand, has_else
  list_comprehension,  // [name IN args[0] WHERE args[1] | args[2]], both may be null
  quantifier,          // names[0](name IN args[0] WHERE args[1])
  reduce,              // reduce(name = args[0], names[0] IN args[1] | args[2])
  exists_subquery,     // also a pattern predicate
  count_subquery,
  collect_subquery,  // also a pattern comprehension
};

struct Expr {
  explicit Expr(ExprKind k, Span s = {}) : kind(k), span(s) {}
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;
  ~Expr();

  ExprKind kind;
  Span span;
  std::string name;
  Value literal;
  std::vector<ExprPtr> args;
  std::vector<std::string> names;
  bool distinct = false;
  bool has_operand = false;
  bool has_else = false;
  bool is_pattern = false;  // exists_subquery: written as a pattern
  bool in_exists = false;   // ... within exists(), which may stand anywhere
  bool in_parentheses = false;
  LabelExprPtr labels;
  std::unique_ptr<Query> subquery;

  // bound
  int slot = kNoSlot;        // variable, or what the result of a subquery or aggregate is read from
  int inner_slot = kNoSlot;  // of a comprehension's element
  int accumulator_slot = kNoSlot;
  bool local = false;   // the slot is a comprehension's, not a column
  int name_index = -1;  // property: the key, in Query::names
  int parameter_index = -1;
  const FunctionInfo* function = nullptr;
  int fetch = -1;         // planned: read ahead as this one of PlanNode::fetches
  bool replaced = false;  // read `slot` instead of evaluating
  struct Import {
    int slot;
    bool local;  // in the surrounding expression's scope
  };
  std::vector<Import> imports;  // of a subquery: what it reads from outside
};

struct ProjectionItem {
  ExprPtr expr;
  std::string alias;
  bool aliased = false;
  int slot = kNoSlot;
};

struct SortItem {
  ExprPtr expr;
  bool descending = false;
  int slot = kNoSlot;
};

struct SetItem {
  enum class What : std::uint8_t { property, dynamic_property, replace, merge, labels };
  What what = What::property;
  ExprPtr target;  // the entity
  ExprPtr key;     // dynamic_property: target[key]
  std::string name;
  int name_index = -1;
  std::vector<std::string> labels;
  ExprPtr value;  // null in REMOVE
  Span span;
};

struct Clause {
  enum class Kind : std::uint8_t {
    match,
    unwind,
    with,
    return_,
    create,
    merge,
    set,
    remove,
    delete_,
    call,
    call_subquery,
    foreach
  };
  Kind kind = Kind::match;
  Span span;
  bool optional = false;  // MATCH, CALL
  bool distinct = false;
  bool star = false;  // RETURN *, YIELD *
  bool detach = false;
  bool standalone = false;  // CALL as the whole query
  bool has_arguments = false;
  bool has_yield = false;
  bool returns_rows = false;    // call_subquery
  bool imports_listed = false;  // CALL (a, b) { ... }
  Pattern pattern;
  ExprPtr where;
  std::vector<ProjectionItem> items;  // WITH, RETURN
  std::vector<SortItem> order;
  ExprPtr skip, limit;
  std::string name;                 // UNWIND variable, procedure, FOREACH variable
  std::vector<ExprPtr> exprs;       // UNWIND list, DELETE, CALL arguments
  std::vector<SetItem> sets;        // SET, REMOVE, MERGE ON CREATE
  std::vector<SetItem> match_sets;  // MERGE ON MATCH
  struct Yield {
    std::string field, alias;
    Span span;
    int slot = kNoSlot;
  };
  std::vector<Yield> yields;
  std::vector<std::string> imports;
  std::unique_ptr<Query> subquery;
  std::vector<std::unique_ptr<Clause>> body;  // FOREACH
  int slot = kNoSlot;                         // UNWIND, FOREACH
  std::vector<int> outputs;                   // bound: slots visible behind a projection
  const Procedure* procedure = nullptr;
};
using ClausePtr = std::unique_ptr<Clause>;

struct SingleQuery {
  std::vector<ClausePtr> clauses;
  std::vector<std::string> columns;  // bound: what RETURN gives, in order
  std::vector<int> column_slots;
  bool updates = false;
};

struct Query {
  std::vector<SingleQuery> parts;
  std::vector<bool> union_all;  // between parts[i] and parts[i + 1]
  Span span;
  std::vector<int> column_slots;  // bound: common to all parts
};

// A whole statement.
struct Statement {
  enum class Mode : std::uint8_t { run, explain, profile };
  Mode mode = Mode::run;
  std::string text;
  Query query;
  std::optional<SchemaCommand> schema;  // instead of a query
  ExprPtr schema_options;               // its OPTIONS, a constant map

  // bound
  int slots = 0;
  struct Name {
    NameKind kind;
    std::string text;
  };
  std::vector<Name> names;
  std::vector<std::string> parameters;
  bool updates = false;
};

}  // namespace rv::graph
