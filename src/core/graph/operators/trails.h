// Paths without a repeated relationship, step by step.
#pragma once

#include <vector>

#include "core/graph/operators/base.h"

namespace rv::graph {

// What every relationship of a variable-length pattern must have: its types and property values.
class StepFilter {
 public:
  StepFilter(Runtime& runtime, const PlanNode& plan) : runtime_(runtime), plan_(plan) {}
  // For the rows of a batch; values are kept in `arena`.
  void start(const Batch& batch, Evaluator& eval);
  TypeFilter types;
  // Marks the hops whose relationship qualifies. rows[k] is the batch's row of hops[k].
  void check(std::span<const Hop> hops, std::span<const std::uint32_t> rows, Arena& arena,
             std::vector<bool>& good) const;

 private:
  Runtime& runtime_;
  const PlanNode& plan_;
  std::vector<std::vector<Value>> wanted_;  // one column a property
};

struct Trail {
  std::uint32_t parent;  // index in the level below; unused at the start
  std::uint32_t row;     // of the input batch
  NodeId node;           // where it ends
  RelationshipRef last;  // unused at the start
};

// Trails of growing length. A level's trails continue those of the level before.
class TrailLevels {
 public:
  TrailLevels(Runtime& runtime, const PlanNode& plan)
      : runtime_(runtime), plan_(plan), filter(runtime, plan) {}
  void clear() { levels_.clear(); }
  std::size_t depth() const { return levels_.size(); }
  std::vector<Trail>& level(std::size_t d) { return levels_[d]; }
  std::vector<Trail>& push() { return levels_.emplace_back(); }
  void pop() { levels_.pop_back(); }
  // Continues trails [begin, end) of the last level by one step into a new level.
  void extend(const Batch& batch, std::size_t begin, std::size_t end, Direction direction,
              Arena& arena);
  // The relationships of a trail of level d, first to last.
  Value relationships(std::size_t d, const Trail& t, bool reversed, Arena& arena) const;

 private:
  bool repeats(std::size_t d, const Trail& t, RelationshipId id) const;
  Runtime& runtime_;
  const PlanNode& plan_;
  std::vector<std::vector<Trail>> levels_;

 public:
  StepFilter filter;
};

}  // namespace rv::graph
