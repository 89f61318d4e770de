// A quantified piece of a path: every trail of turns within the bounds is a row.
//
// The inner plan makes one turn for a portion of trails at a time. Trails grow depth first in
// portions, as those of variable-length relationships do, so memory holds one portion a turn.
#include <algorithm>

#include "core/graph/operators/base.h"

namespace rv::graph {
namespace {

class RepeatOperator final : public ExpandingOperator {
 public:
  RepeatOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        piece_(plan.group->piece()),
        start_slot_((plan.reversed ? piece_.nodes.back() : piece_.nodes.front()).slot),
        end_slot_((plan.reversed ? piece_.nodes.front() : piece_.nodes.back()).slot),
        arguments_(runtime.slots(), plan.inputs[0]),
        tree_(make_operators(*plan.children[1], runtime)) {
    arguments_.add(start_slot_);
    arguments_.add(plan.slot);
    for (const auto& v : plan.group->variables)
      if (out_.owns(v.outer)) variables_.push_back(v);
  }

 private:
  struct Trail {
    std::uint32_t parent;          // index in the level below; unused at the start
    std::uint32_t row;             // of the input batch
    NodeId node;                   // where it ends
    const RelationshipRef* steps;  // of the last turn, in the order of the pattern
    const Value* values;           // of the last turn's variables
  };
  struct Level {
    explicit Level(MemoryBudget* budget) : arena(budget) {}
    std::vector<Trail> trails;
    Arena arena;
    std::size_t emitted = 0;
    std::size_t continued = 0;
  };

  void start_batch() override {
    levels_.clear();
    Level& start = push();
    for (std::uint32_t i = 0; i < in_->rows; ++i) {
      const Value& from = in_->at(plan_.from, i);
      if (from.is(Kind::node)) start.trails.push_back({0, i, from.as_node(), nullptr, nullptr});
    }
  }

  bool fill() override {
    while (!levels_.empty()) {
      const std::size_t d = levels_.size() - 1;
      Level& at = *levels_.back();
      if (static_cast<std::int64_t>(d) >= plan_.min) {
        for (; at.emitted < at.trails.size(); ++at.emitted) {
          if (out_.full()) return true;
          emit(d, at.trails[at.emitted]);
        }
      }
      if (at.continued == at.trails.size() ||
          (plan_.max >= 0 && static_cast<std::int64_t>(d) >= plan_.max)) {
        levels_.pop_back();
        continue;
      }
      const std::size_t begin = at.continued;
      at.continued = std::min(at.trails.size(), begin + kPortion);
      turn(at, begin, at.continued);
    }
    return false;
  }

  Level& push() {
    levels_.push_back(std::make_unique<Level>(runtime_.budget()));
    return *levels_.back();
  }

  // Continues trails [begin, end) of the last level by one turn into a new level.
  void turn(const Level& from, std::size_t begin, std::size_t end) {
    arguments_.batch.rows = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t row = arguments_.append(*in_, from.trails[i].row);
      arguments_.batch.column(start_slot_)[row] = Value::node(from.trails[i].node);
      arguments_.batch.column(plan_.slot)[row] = Value::integer(static_cast<std::int64_t>(i));
    }
    Level& to = push();
    tree_.set(&arguments_.batch, 0, arguments_.batch.rows);
    tree_.root->open();
    while (Batch* b = tree_.root->next())
      for (std::uint32_t i = 0; i < b->rows; ++i) take(from, to, *b, i);
  }

  void take(const Level& from, Level& to, const Batch& b, std::uint32_t row) {
    runtime_.tick();
    const auto parent = static_cast<std::uint32_t>(b.at(plan_.slot, row).as_integer());
    const Trail& before = from.trails[parent];
    for (const auto& r : piece_.relationships)
      if (repeats(levels_.size() - 2, before, b.at(r.slot, row).as_relationship().id)) return;
    const std::size_t width = piece_.relationships.size();
    auto* steps = to.arena.array<RelationshipRef>(width);
    for (std::size_t k = 0; k < width; ++k)
      steps[k] = b.at(piece_.relationships[k].slot, row).as_relationship();
    auto* values = to.arena.array<Value>(variables_.size());
    for (std::size_t k = 0; k < variables_.size(); ++k)
      new (values + k) Value(copy_value(b.at(variables_[k].inner, row), to.arena));
    to.trails.push_back({parent, before.row, b.at(end_slot_, row).as_node(), steps, values});
  }

  // Does the trail of level d, or its row, hold this relationship?
  bool repeats(std::size_t d, const Trail& trail, RelationshipId id) const {
    const Trail* at = &trail;
    for (; d > 0; --d) {
      for (std::size_t k = 0; k < piece_.relationships.size(); ++k)
        if (at->steps[k].id == id) return true;
      at = &levels_[d - 1]->trails[at->parent];
    }
    return holds_relationship(*in_, trail.row, plan_.distinct_from, id);
  }

  void emit(std::size_t d, const Trail& trail) {
    if (plan_.to_bound) {
      const Value& to = in_->at(plan_.to, trail.row);
      if (!to.is(Kind::node) || to.as_node() != trail.node) return;
    }
    const std::uint32_t row = out_.append(*in_, trail.row);
    if (!plan_.to_bound) put(plan_.to, row, Value::node(trail.node));
    turns_.resize(d);
    const Trail* at = &trail;
    for (std::size_t i = d; i > 0; --i) {
      turns_[plan_.reversed ? d - i : i - 1] = at;
      at = &levels_[i - 1]->trails[at->parent];
    }
    if (out_.owns(plan_.relationship)) {
      const std::size_t width = piece_.relationships.size();
      auto* items = arena_.array<Value>(d * width);
      for (std::size_t i = 0; i < d * width; ++i)
        new (items + i) Value(relationship_value(turns_[i / width]->steps[i % width]));
      put(plan_.relationship, row, Value::list({items, d * width}));
    }
    for (std::size_t k = 0; k < variables_.size(); ++k) {
      auto* items = arena_.array<Value>(d);
      // Copied, because a level's values go with the level.
      for (std::size_t i = 0; i < d; ++i)
        new (items + i) Value(copy_value(turns_[i]->values[k], arena_));
      put(variables_[k].outer, row, Value::list({items, d}));
    }
  }

  const PatternPart& piece_;
  int start_slot_, end_slot_;
  OwnedBatch arguments_;
  OperatorTree tree_;
  std::vector<QuantifiedPattern::Variable> variables_;  // those that somebody reads
  std::vector<std::unique_ptr<Level>> levels_;
  std::vector<const Trail*> turns_;
};

}  // namespace

OperatorPtr make_repeat(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<RepeatOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
