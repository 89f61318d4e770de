// From the bound tree to a plan. The planner's parts see each other here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/graph/plan.h"

namespace rv::graph {

// Slots that have a value at some place of a plan.
class SlotSet {
 public:
  explicit SlotSet(int slots = 0) : bits_(static_cast<std::size_t>(slots)) {}
  void add(int slot) {
    if (static_cast<std::size_t>(slot) >= bits_.size())
      bits_.resize(static_cast<std::size_t>(slot) + 1);
    bits_[static_cast<std::size_t>(slot)] = true;
  }
  void remove(int slot) {
    if (has(slot)) bits_[static_cast<std::size_t>(slot)] = false;
  }
  bool has(int slot) const {
    return slot >= 0 && static_cast<std::size_t>(slot) < bits_.size() &&
           bits_[static_cast<std::size_t>(slot)];
  }
  void merge(const SlotSet& other) {
    for (std::size_t i = 0; i < other.bits_.size(); ++i)
      if (other.bits_[i]) add(static_cast<int>(i));
  }
  std::vector<int> list() const {
    std::vector<int> out;
    for (std::size_t i = 0; i < bits_.size(); ++i)
      if (bits_[i]) out.push_back(static_cast<int>(i));
    return out;
  }

 private:
  std::vector<bool> bits_;
};

// The columns that an expression reads.
void slots_of(const Expr& e, SlotSet& out);
// Calls f for every expression below e, e included, but not inside subqueries.
void visit(Expr& e, const std::function<void(Expr&)>& f);

// Does a scan or seek read columns of its input: must it run for each row?
bool reads_rows(const PlanNode& start);

// May a second evaluation give another value: rand(), subqueries?
bool varies(const Expr& e);

// Decides which slots every node must hand up, and what it reads ahead.
void finish_plan(Plan& plan);

// Lets the last expansion below an aggregation count its hops instead of handing up a row for each,
// where only their number is asked for; before the plan is finished.
void count_hops(PlanNode& root, Statement& statement);

// The same for expansions whose repeated ends nobody counts; after the plan is finished.
void find_distinct_ends(PlanNode& root, bool repeats_matter = true);

class Planner {
 public:
  Planner(Plan& plan, GraphStore& store)
      : plan_(plan), s_(*plan.statement), store_(store), bound_(s_.slots) {}
  void run();

 private:
  struct Predicate {
    const Expr* expr;
    SlotSet uses;
    int cost;  // order among those that are ready
    bool done = false;
    const PlanNode* implied_by = nullptr;  // PlanNode::implied_by
  };
  struct Hop {
    RelationshipPattern* pattern;
    const PatternPart* part;
    int from, to;
    bool done = false;
  };
  struct MatchState {
    std::vector<Predicate> predicates;
    std::vector<Hop> hops;
    std::vector<NodePattern*> nodes;  // one for each slot
    std::vector<const Hop*> planned;  // for uniqueness
  };

  PlanPtr leaf() { return std::make_unique<PlanNode>(Op::argument); }
  PlanPtr on_top(Op op, PlanPtr input) {
    auto n = std::make_unique<PlanNode>(op);
    n->rows = input->rows;
    n->children.push_back(std::move(input));
    return n;
  }
  Expr* make(ExprKind kind, Span span);
  Expr* variable(int slot, Span span);
  int new_slot() { return s_.slots++; }

  // --- plan_query.cpp ---
  PlanPtr query(Query& q, bool rows_wanted);
  PlanPtr single(SingleQuery& q, PlanPtr input, bool rows_wanted);
  PlanPtr clause(Clause& c, PlanPtr input);
  PlanPtr projection(Clause& c, PlanPtr input);
  PlanPtr call_subquery(Clause& c, PlanPtr input);
  PlanPtr foreach (Clause& c, PlanPtr input);
  PlanPtr procedure(Clause& c, PlanPtr input);
  PlanPtr filter(PlanPtr input, const Expr* e);
  void use_vector_index(const Clause& c, PlanPtr& input);
  void subqueries(Expr* e);
  void subqueries(const ExprPtr& e) {
    if (e != nullptr) subqueries(e.get());
  }

  // --- plan_match.cpp ---
  PlanPtr match(Clause& c, PlanPtr input);
  PlanPtr pattern(Pattern& pattern, const std::vector<const Expr*>& where, PlanPtr input);
  void collect(Pattern& pattern, const std::vector<const Expr*>& where, MatchState& m);
  void add_predicate(const Expr* e, MatchState& m);
  void node_predicates(NodePattern& n, MatchState& m);
  void relationship_predicates(RelationshipPattern& r, MatchState& m);
  // `steady`: only those that give the same result whenever they are asked.
  PlanPtr apply_predicates(PlanPtr input, MatchState& m, bool steady = false);
  PlanPtr hop(Hop& h, PlanPtr input, MatchState& m);
  PlanPtr repeat(Hop& h, PlanPtr input, MatchState& m);
  PlanPtr shortest(Hop& h, PlanPtr input);
  Hop* next_hop(MatchState& m);
  PlanPtr start(MatchState& m, PlanPtr input);
  void keep_distinct(PlanNode& n, const RelationshipPattern& r, const MatchState& m);
  void set_types(PlanNode& n, const RelationshipPattern& r);
  double hop_cost(const Hop& h, bool forward, MatchState& m);
  int label_of(int slot, const MatchState& m) const;

  // --- plan_start.cpp ---
  struct Start {
    int slot = kNoSlot;
    PlanPtr node;
    double cost = 0;
    std::vector<Predicate*> implied;  // what an exact seek makes true
  };
  Start node_start(NodePattern& n, MatchState& m);
  Start index_start(NodePattern& n, const GraphIndex& index, MatchState& m);
  const Expr* equal_to(int slot, int key, MatchState& m, bool& in_list, Predicate*& by);
  double label_rows(int name_index);
  PlanPtr place(Start start, PlanPtr input, MatchState& m);

  // --- plan_join.cpp ---
  PlanPtr hash_join(MatchState& m, PlanPtr& input);

  // --- plan_update.cpp ---
  PlanPtr create(Clause& c, PlanPtr input);
  PlanPtr merge(Clause& c, PlanPtr input);
  PlanPtr set(std::vector<SetItem>& items, Clause& c, PlanPtr input);
  PlanPtr delete_clause(Clause& c, PlanPtr input);
  PlanPtr eager(PlanPtr input, bool advance);
  void created_slots(Clause& c);

  Plan& plan_;
  Statement& s_;
  GraphStore& store_;
  SlotSet bound_;
  double repeats_ = 1;  // how often the plan that is being made will run, an estimate
};

}  // namespace rv::graph
