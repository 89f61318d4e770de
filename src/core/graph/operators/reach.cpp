// The distinct ends of variable-length patterns, by breadth-first search: every node is visited
// once, however many ways lead to it.
#include <unordered_map>

#include "core/graph/node_set.h"
#include "core/graph/operators/trails.h"

namespace rv::graph {
namespace {

// Searches from each row by itself, or, when only the ends are read, from all rows of a batch at
// once.
class ReachOperator final : public ExpandingOperator {
 public:
  ReachOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        filter_(runtime, plan),
        visited_(runtime.budget()),
        reported_(runtime.budget()),
        together_(plan.distinct_ends && plan.properties.empty() &&
                  plan.direction != Direction::both) {}
  ~ReachOperator() override { runtime_.budget()->release(charged_); }
  void open() override {
    ExpandingOperator::open();
    reported_.clear();
  }

 private:
  // How a node was reached first, for undirected searches.
  struct Visit {
    std::int64_t depth;
    RelationshipId branch;  // the first step of the way
  };

  void start_batch() override {
    filter_.start(*in_, eval_row_);
    row_ = 0;
    next_ = 0;
    ends_.clear();
    searched_ = false;
  }

  bool fill() override {
    while (row_ < in_->rows) {
      if (!searched_) search();
      for (; next_ < ends_.size(); ++next_) {
        if (out_.full()) return true;
        put(plan_.to, out_.append(*in_, row_), Value::node(ends_[next_]));
      }
      row_ = together_ ? in_->rows : row_ + 1;
      next_ = 0;
      ends_.clear();
      searched_ = false;
    }
    return false;
  }

  void search() {
    searched_ = true;
    visited_.clear();
    found_.clear();
    visits_.clear();
    frontier_.clear();
    const std::uint32_t end = together_ ? in_->rows : row_ + 1;
    for (std::uint32_t i = row_; i < end; ++i) {
      const Value& from = in_->at(plan_.from, i);
      if (!from.is(Kind::node) || !visited_.insert(from.as_node())) continue;
      frontier_.push_back(from.as_node());
      if (plan_.min == 0) report(from.as_node());
    }
    if (!filter_.types.possible()) return;
    start_ = frontier_.empty() ? -1 : frontier_[0];
    for (std::int64_t depth = 0; !frontier_.empty() && (plan_.max < 0 || depth < plan_.max);
         ++depth)
      step(depth);
  }

  void step(std::int64_t depth) {
    const bool both = plan_.direction == Direction::both;
    const auto cursor = runtime_.store().expand(frontier_, plan_.direction, filter_.types.types());
    following_.clear();
    step_arena_.reset();
    for (std::size_t n = 0; (n = cursor->next(hops_)) > 0;) {
      runtime_.tick();
      rows_.assign(n, row_);
      filter_.check({hops_, n}, rows_, step_arena_, good_);
      for (std::size_t k = 0; k < n; ++k) {
        if (!good_[k]) continue;
        const NodeId to = hops_[k].other;
        const bool fresh = visited_.insert(to);
        if (fresh) following_.push_back(to);
        if (!both) {
          // A start counts when a way leads back to it; that way repeats nothing.
          report(to);
        } else {
          step_both(hops_[k], frontier_[hops_[k].input], fresh, depth);
        }
      }
      charge();
    }
    frontier_.swap(following_);
  }

  // Without a direction the way back along the same relationship is none: the start is an end only
  // when two different first steps meet.
  void step_both(const Hop& h, NodeId from, bool fresh, std::int64_t depth) {
    const RelationshipId id = h.relationship.id;
    const RelationshipId branch = from == start_ ? id : visits_.at(from).branch;
    if (fresh) {
      visits_.emplace(h.other, Visit{depth + 1, branch});
      report(h.other);
      return;
    }
    if (h.other == start_) {
      if (from == start_ || id != branch) report(start_);
      return;
    }
    const Visit& met = visits_.at(h.other);
    if (met.branch != branch && (plan_.max < 0 || depth + 1 + met.depth <= plan_.max))
      report(start_);
  }

  void report(NodeId node) {
    // Rows that are searched one by one may have other columns: an end is new for each.
    NodeSet& known = plan_.distinct_ends ? reported_ : found_;
    if (known.insert(node)) ends_.push_back(node);
  }

  void charge() {
    const std::size_t bytes =
        (ends_.capacity() + frontier_.capacity() + following_.capacity()) * sizeof(NodeId) +
        visits_.size() * (sizeof(Visit) + 40);
    if (bytes <= charged_) return;
    runtime_.budget()->charge(bytes - charged_);
    charged_ = bytes;
  }

  StepFilter filter_;
  NodeSet visited_, reported_;
  NodeSet found_{runtime_.budget()};  // of this search
  bool together_;
  std::unordered_map<NodeId, Visit> visits_;
  std::vector<NodeId> frontier_, following_, ends_;
  std::size_t charged_ = 0;
  NodeId start_ = -1;
  std::uint32_t row_ = 0;
  std::size_t next_ = 0;
  bool searched_ = false;
  Hop hops_[512];
  std::vector<std::uint32_t> rows_;
  std::vector<bool> good_;
  Arena step_arena_{runtime_.budget()};
  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
};

}  // namespace

OperatorPtr make_reach(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<ReachOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
