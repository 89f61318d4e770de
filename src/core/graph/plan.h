// What a query does, as a tree of operators. Plans hold no state of an execution.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/graph/ast.h"

namespace rv::graph {

enum class Op : std::uint8_t {
  argument,   // rows of the surrounding plan, or one empty row
  node_scan,  // every node
  label_scan,
  index_seek,
  vector_search,       // nearest nodes first, through an index
  id_seek,             // the node with an id
  relationship_scan,   // relationships with both ends
  expand,              // from one end to the other
  expand_into,         // between bound ends
  bound_relationship,  // a relationship, or a list of them, from an earlier clause: its ends
  var_expand,
  repeat,  // a quantified piece of a path
  shortest_path,
  reach,      // distinct ends of paths
  hash_join,  // rows of the input with the nodes of a scan (the inner plan) that have equal values
  build_path,
  filter,
  project,
  aggregate,
  distinct,
  sort,  // with a limit: the first rows only
  skip,
  limit,
  unwind,
  optional,  // rows of the inner plan, or nulls
  apply,     // inner plan for each row
  union_all,
  eager,  // all rows before the first; makes writes visible
  create,
  merge,
  set,
  delete_,
  foreach,
  procedure,
  no_rows,  // runs its input for its effects
};

std::string_view op_name(Op op) noexcept;

// Reads a property (or the labels, key_index -1) of the entities in a column, a batch at a time.
struct Fetch {
  int slot;
  int key_index;  // in Statement::names
};

struct SlotExpr {
  const Expr* expr;
  int slot;
};

struct PlanNode {
  explicit PlanNode(Op o) : op(o) {}

  Op op;
  std::vector<std::unique_ptr<PlanNode>> children;  // the input first, then the inner plan
  std::vector<int> live;  // slots that somebody above reads from this node's rows
  double rows = 1;        // estimate
  int id = 0;             // for PROFILE

  // Expressions that this node evaluates for each row, and what it reads ahead for them.
  std::vector<SlotExpr> exprs;
  std::vector<Fetch> fetches;

  int slot = kNoSlot;  // node, element, path ...
  int from = kNoSlot;
  int to = kNoSlot;
  int relationship = kNoSlot;
  int name_index = -1;  // label
  Direction direction = Direction::out;
  std::vector<int> types;  // indexes in Statement::names; empty: any
  std::int64_t min = 1;
  std::int64_t max = 1;              // -1: no limit
  std::vector<int> distinct_from;    // relationships (or lists) that must be other ones
  std::vector<SlotExpr> properties;  // of var_expand: slot is the key's index in Statement::names
  bool bound_list = false;           // var_expand along a given list
  bool from_bound = false;           // bound_relationship: check the end instead of setting it
  bool to_bound = false;             // the same; var_expand: to is bound
  bool distinct_ends = false;        // each end once is enough, and nothing else is read
  int count_slot = kNoSlot;  // expand: the number of hops, a row for each input row that has
                             // some; aggregate: how often each row counts
  std::vector<const Expr*> end_labels;   // expand that counts: tests of the far end
  std::string_view metric;               // vector_search
  std::vector<SlotExpr> scan_exprs;      // hash_join: keys of the scan; exprs are the input's
  bool build_input = false;              // hash_join: the table is of the input, else of the scan
  bool in_list = false;                  // index_seek: the last value is a list of values to find
  const LabelExpr* type_expr = nullptr;  // a condition on the type that is no list of names
  bool reversed = false;                 // from is the pattern's right end
  bool shortest_groups = false;          // all paths of `count` lengths
  std::int64_t count = 1;
  std::uint32_t index = 0;
  bool range_lower_inclusive = true, range_upper_inclusive = true;
  const Expr* lower = nullptr;
  const Expr* upper = nullptr;
  const Expr* prefix = nullptr;
  const PatternPart* part = nullptr;         // build_path
  const QuantifiedPattern* group = nullptr;  // repeat; its inner plan runs one turn
  const Clause* clause = nullptr;            // create, merge, set, delete, procedure, foreach
  const SetItem* item = nullptr;             // set
  std::vector<int> keys;                     // sort: slots; distinct: slots; union: output slots
  std::vector<bool> descending;
  std::vector<std::vector<int>> inputs;  // union: slots of each child; repeat: of outer rows
  const Expr* limit = nullptr;           // sort, skip, limit
  const Expr* skip = nullptr;            // sort, limit: rows to keep beside limit
  bool advance = false;                  // eager: makes writes visible
  bool per_row = false;                  // apply: the inner plan keeps state over its rows
  std::vector<SlotExpr> aggregates;      // aggregate: the calls
  // filter: for each predicate the index seek whose rows fulfil it, where the seek is exact; or
  // null. Empty: none of them.
  std::vector<const PlanNode*> implied_by;
};
using PlanPtr = std::unique_ptr<PlanNode>;

struct SubqueryPlan {
  const Expr* expr;
  PlanPtr plan;
  int result_slot;
};

// An executable statement: the bound tree and the plan that points into it.
struct Plan {
  std::unique_ptr<Statement> statement;
  PlanPtr root;  // null for schema commands
  std::vector<std::string> columns;
  std::vector<std::string> json_keys;  // what a row as json has before the value of each
  std::vector<int> column_slots;
  std::vector<SubqueryPlan> subqueries;
  std::vector<ExprPtr> made;                       // expressions that the planner made
  std::vector<std::unique_ptr<Pattern>> patterns;  // the same
  int nodes = 0;
};

std::unique_ptr<Plan> make_plan(std::string_view text, GraphStore& store);

}  // namespace rv::graph
