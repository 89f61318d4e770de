// Variable-length relationships: every trail within the bounds is a row.
//
// Trails grow in portions: a portion of the longest level is continued and emptied before the next
// portion, so memory holds one portion a level, however many trails there are.
#include "core/graph/node_set.h"
#include "core/graph/operators/trails.h"

namespace rv::graph {
namespace {

class VarExpandOperator final : public ExpandingOperator {
 public:
  VarExpandOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)), trails_(runtime, plan) {}
  void open() override {
    ExpandingOperator::open();
    ends_seen_.clear();
  }

 private:
  struct Level {
    std::size_t emitted = 0;
    std::size_t continued = 0;
  };

  void start_batch() override {
    trails_.filter.start(*in_, eval_row_);
    trails_.clear();
    progress_.clear();
    auto& start = trails_.push();
    progress_.emplace_back();
    for (std::uint32_t i = 0; i < in_->rows; ++i) {
      const Value& from = in_->at(plan_.from, i);
      if (from.is(Kind::node)) start.push_back({0, i, from.as_node(), {}});
    }
  }

  bool fill() override {
    const bool wants_list = out_.owns(plan_.relationship);
    while (trails_.depth() > 0) {
      const std::size_t d = trails_.depth() - 1;
      auto& level = trails_.level(d);
      Level& at = progress_.back();
      if (static_cast<std::int64_t>(d) >= plan_.min) {
        for (; at.emitted < level.size(); ++at.emitted) {
          if (out_.full()) return true;
          const Trail& t = level[at.emitted];
          if (plan_.to_bound) {
            const Value& to = in_->at(plan_.to, t.row);
            if (!to.is(Kind::node) || to.as_node() != t.node) continue;
          }
          if (plan_.distinct_ends && !ends_seen_.insert(t.node)) continue;
          const std::uint32_t row = out_.append(*in_, t.row);
          if (wants_list)
            put(plan_.relationship, row, trails_.relationships(d, t, plan_.reversed, arena_));
          if (!plan_.to_bound) put(plan_.to, row, Value::node(t.node));
        }
      }
      if (at.continued == level.size() ||
          (plan_.max >= 0 && static_cast<std::int64_t>(d) >= plan_.max)) {
        trails_.pop();
        progress_.pop_back();
        continue;
      }
      const std::size_t begin = at.continued;
      at.continued = std::min(level.size(), begin + kPortion);
      step_arena_.reset();
      trails_.extend(*in_, begin, at.continued, plan_.direction, step_arena_);
      progress_.emplace_back();
    }
    return false;
  }

  NodeSet ends_seen_{runtime_.budget()};
  TrailLevels trails_;
  std::vector<Level> progress_;
  Arena step_arena_{runtime_.budget()};
  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
};

}  // namespace

OperatorPtr make_var_expand(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<VarExpandOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
