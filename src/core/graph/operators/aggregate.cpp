// Grouping and aggregate functions.
#include <algorithm>
#include <cmath>

#include "core/graph/function.h"
#include "core/graph/hash_index.h"
#include "core/graph/operators/accumulator.h"
#include "core/graph/operators/base.h"

namespace rv::graph {
namespace {

class AggregateOperator final : public UnaryOperator {
 public:
  AggregateOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        group_arena_(runtime.budget()),
        out_(runtime.slots(), output_slots(plan)) {}

  void open() override {
    UnaryOperator::open();
    groups_.clear();
    index_.clear();
    group_arena_.clear();
    done_ = false;
    next_ = 0;
  }

 private:
  struct Group {
    const Value* keys;
    std::vector<std::unique_ptr<Accumulator>> states;
  };

  static std::vector<int> output_slots(const PlanNode& plan) {
    std::vector<int> out;
    for (const auto& e : plan.exprs) out.push_back(e.slot);
    for (const auto& a : plan.aggregates) out.push_back(a.slot);
    return out;
  }

  Group& new_group(const Value* keys) {
    Group g{keys, {}};
    for (const auto& a : plan_.aggregates) g.states.push_back(make_accumulator(*a.expr, runtime_));
    groups_.push_back(std::move(g));
    return groups_.back();
  }

  Group& group_of(std::uint32_t row) {
    const std::size_t width = plan_.exprs.size();
    keys_.clear();
    std::uint64_t h = width;
    for (const auto& e : plan_.exprs) {
      keys_.push_back(eval_(*e.expr, row));
      h = mix64(h ^ hash(keys_.back()));
    }
    const auto [group, fresh] = index_.find_or_add(h, [&](std::uint32_t known) {
      bool same = true;
      for (std::size_t k = 0; k < width && same; ++k)
        same = equivalent(groups_[known].keys[k], keys_[k]);
      return same;
    });
    if (!fresh) return groups_[group];
    auto* copy = group_arena_.array<Value>(width);
    for (std::size_t k = 0; k < width; ++k)
      new (copy + k) Value(copy_value(keys_[k], group_arena_));
    return new_group(copy);
  }

  void consume() {
    std::vector<Value> args;
    while (Batch* b = input_->next()) {
      arena_.reset();
      eval_.start(*b);
      for (std::uint32_t i = 0; i < b->rows; ++i) {
        Group* g;
        if (plan_.exprs.empty()) {
          g = groups_.empty() ? &new_group(nullptr) : groups_.data();
        } else {
          g = &group_of(i);
        }
        for (std::size_t k = 0; k < plan_.aggregates.size(); ++k) {
          const Expr& call = *plan_.aggregates[k].expr;
          args.clear();
          for (const auto& arg : call.args) args.push_back(eval_(*arg, i));
          runtime_.position = call.span.begin;
          if (plan_.count_slot == kNoSlot) {
            g->states[k]->add(args);
          } else {
            g->states[k]->add_times(args, b->at(plan_.count_slot, i).as_integer());
          }
        }
      }
    }
    // Without grouping keys there is always one row.
    if (plan_.exprs.empty() && groups_.empty()) new_group(nullptr);
    done_ = true;
  }

  Batch* produce() override {
    if (!done_) consume();
    arena_.reset();
    Batch& out = out_.batch;
    out.rows = 0;
    for (; next_ < groups_.size() && !out_.full(); ++next_) {
      Group& g = groups_[next_];
      for (std::size_t k = 0; k < plan_.exprs.size(); ++k)
        out.column(plan_.exprs[k].slot)[out.rows] = g.keys[k];
      for (std::size_t k = 0; k < g.states.size(); ++k) {
        runtime_.position = plan_.aggregates[k].expr->span.begin;
        out.column(plan_.aggregates[k].slot)[out.rows] = g.states[k]->result(arena_);
      }
      ++out.rows;
    }
    return out.rows > 0 ? &out : nullptr;
  }

  Arena group_arena_;
  OwnedBatch out_;
  std::vector<Group> groups_;
  HashIndex index_{runtime_.budget()};  // of groups_
  std::vector<Value> keys_;
  bool done_ = false;
  std::size_t next_ = 0;
};

}  // namespace

OperatorPtr make_aggregate(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<AggregateOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
