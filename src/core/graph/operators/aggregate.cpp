// Grouping and aggregate functions. Groups stay in memory; once that is full, the values that they
// keep (lists, sets) go to files and come back group by group, or, where the groups themselves fill
// it, rows of further groups are parted by their hashes into files, and grouped when those before
// are done.
#include <algorithm>
#include <optional>

#include "core/graph/charged_vector.h"
#include "core/graph/function.h"
#include "core/graph/hash_index.h"
#include "core/graph/operators/accumulator.h"
#include "core/graph/operators/base.h"
#include "core/graph/operators/group_values.h"

namespace rv::graph {
namespace {

class AggregateOperator final : public UnaryOperator {
 public:
  AggregateOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        group_arena_(runtime.budget()),
        out_(runtime.slots(), output_slots(plan)),
        // An accumulator, its place on the heap and its pointer.
        groups_(runtime.budget(), plan.aggregates.size() * 192),
        values_(plan.aggregates.size()) {
    for (const auto& a : plan.aggregates) width_ += a.expr->args.size();
    width_ += plan.exprs.size() + 1;
  }

  void open() override {
    UnaryOperator::open();
    forget();
    waiting_.clear();
    parts_.reset();
    depth_ = 0;
    done_ = false;
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

  void forget() {
    groups_.clear();
    index_.clear();
    group_arena_.clear();
    for (auto& v : values_) v.reset();
    kept_ = 0;
    next_ = done_with_ = 0;
  }

  Group& new_group(const Value* keys) {
    Group g{keys, {}};
    g.states.reserve(plan_.aggregates.size());
    for (const auto& a : plan_.aggregates)
      g.states.push_back(make_accumulator(*a.expr, runtime_, kept_));
    groups_.push_back(std::move(g));
    return groups_.back();
  }

  // nullptr: it is a new one, for which there is no room.
  Group* group_of(std::span<const Value> keys, std::uint64_t h) {
    const auto same = [&](std::uint32_t known) {
      for (std::size_t k = 0; k < keys.size(); ++k)
        if (!equivalent(groups_[known].keys[k], keys[k])) return false;
      return true;
    };
    if (parts_) {
      const auto known = index_.find(h, same);
      return known == HashIndex::kNone ? nullptr : &groups_[known];
    }
    const auto [group, fresh] = index_.find_or_add(h, same);
    if (!fresh) return &groups_[group];
    make_room();
    return &new_group(copy_values(keys, group_arena_));
  }

  // `args`: those of all aggregates, one after the other.
  void add(Group& g, std::span<const Value> args, std::int64_t times) {
    for (std::size_t k = 0; k < plan_.aggregates.size(); ++k) {
      const Expr& call = *plan_.aggregates[k].expr;
      const auto own = args.first(call.args.size());
      args = args.subspan(call.args.size());
      runtime_.position = call.span.begin;
      if (plan_.count_slot == kNoSlot) {
        g.states[k]->add(own);
      } else {
        g.states[k]->add_times(own, times);
      }
    }
  }

  // Keys, arguments, and how many times: what a row of the input, or of a file, is.
  void add_row(std::span<const Value> row) {
    const auto keys = row.first(plan_.exprs.size());
    const std::uint64_t h = hash_values(keys);
    Group* g = group_of(keys, h);
    if (g == nullptr) return parts_->append(h, row.data());
    add(*g, row.subspan(keys.size(), row.size() - keys.size() - 1), row.back().as_integer());
  }

  void consume() {
    used_before_ = runtime_.budget()->used();
    row_.assign(width_, Value::integer(1));       // the last: how many times a row counts
    if (plan_.exprs.empty()) new_group(nullptr);  // one row, whatever comes
    while (Batch* b = input_->next()) {
      arena_.reset();
      eval_.start(*b);
      for (std::uint32_t i = 0; i < b->rows; ++i) {
        Value* value = row_.data();
        for (const auto& e : plan_.exprs) *value++ = eval_(*e.expr, i);
        for (const auto& a : plan_.aggregates)
          for (const auto& arg : a.expr->args) *value++ = eval_(*arg, i);
        if (plan_.count_slot != kNoSlot) *value = b->at(plan_.count_slot, i);
        if (plan_.exprs.empty()) {
          add(groups_[0], std::span<const Value>(row_).first(width_ - 1), row_.back().as_integer());
        } else {
          add_row(row_);
        }
        if (kept_ > worth_spilling()) make_room();
      }
      make_room();
    }
    end_pass();
    done_ = true;
  }

  // Values of groups go to files when there are so many bytes of them.
  std::size_t worth_spilling() const { return runtime_.budget()->limit() / 8; }

  // When memory is full, values of groups make room; without them only rows of known groups are
  // taken in from now on. All counts that is used beyond what there was at the start.
  void make_room() {
    const std::size_t used = runtime_.budget()->used();
    if (used <= used_before_ || !should_spill(runtime_, used - used_before_)) return;
    if (kept_ > worth_spilling()) {
      for (std::size_t k = 0; k < values_.size(); ++k) spill_values(k, true);
    } else if (!parts_ && !plan_.exprs.empty()) {
      parts_.emplace(runtime_, width_, depth_);
    }
  }

  // What all groups keep for one of the aggregates.
  void spill_values(std::size_t k, bool begin) {
    const Spills how = spills(*plan_.aggregates[k].expr);
    if (how == Spills::no || (values_[k] == nullptr && !begin)) return;
    if (values_[k] == nullptr)
      values_[k] = std::make_unique<GroupValues>(runtime_, how == Spills::sorted);
    for (std::size_t g = 0; g < groups_.size(); ++g) groups_[g].states[k]->spill(*values_[k], g);
    values_[k]->end_run();
  }

  void end_pass() {
    std::size_t files = 0;
    for (std::size_t k = 0; k < values_.size(); ++k) {
      spill_values(k, false);
      files += values_[k] != nullptr ? 1 : 0;
    }
    for (auto& v : values_)
      if (v != nullptr) v->read(runtime_.budget()->limit() / 4 / files);
    if (!parts_) return;
    for (auto& part : parts_->finish()) waiting_.push_back(std::move(part));
    parts_.reset();
  }

  // Groups the next of the parts; false when there is none.
  bool next_part() {
    forget();
    if (waiting_.empty()) return false;
    const auto part = std::move(waiting_.back());
    waiting_.pop_back();
    depth_ = part.depth;
    SpillReader reader(runtime_, *part.rows, part.run);
    for (std::size_t n = 1; const Value* row = reader.next(); ++n) {
      add_row({row, width_});
      if ((n & 255) == 0 || kept_ > worth_spilling()) make_room();
    }
    end_pass();
    return true;
  }

  Batch* produce() override {
    if (!done_) consume();
    arena_.reset();
    Batch& out = out_.batch;
    out.rows = 0;
    if (next_ == groups_.size() && !next_part()) return nullptr;
    // The results before have been handed on.
    for (; done_with_ < next_; ++done_with_)
      std::vector<std::unique_ptr<Accumulator>>().swap(groups_[done_with_].states);
    const std::size_t used = runtime_.budget()->used();
    for (; next_ < groups_.size() && !out_.full(); ++next_) {
      // Values that come back take room, but for those of one group as far as others need it.
      if (out.rows > 0 && runtime_.budget()->used() > used + worth_spilling()) break;
      Group& g = groups_[next_];
      for (std::size_t k = 0; k < plan_.exprs.size(); ++k)
        out.column(plan_.exprs[k].slot)[out.rows] = g.keys[k];
      for (std::size_t k = 0; k < g.states.size(); ++k) {
        runtime_.position = plan_.aggregates[k].expr->span.begin;
        if (values_[k] != nullptr)
          while (const Value* v = values_[k]->next(next_)) g.states[k]->take_back(*v);
        out.column(plan_.aggregates[k].slot)[out.rows] = g.states[k]->result(arena_);
      }
      ++out.rows;
    }
    return out.rows > 0 ? &out : nullptr;
  }

  Arena group_arena_;
  OwnedBatch out_;
  ChargedVector<Group> groups_;
  HashIndex index_{runtime_.budget()};  // of groups_
  std::size_t width_ = 0;
  std::vector<Value> row_;
  // Of each aggregate the values that its groups kept before memory was full; null: all are in the
  // accumulators.
  std::vector<std::unique_ptr<GroupValues>> values_;
  std::size_t kept_ = 0;             // bytes in the accumulators that could go there
  std::optional<SpillParts> parts_;  // where rows of further groups go: memory is full
  std::vector<SpillParts::Part> waiting_;
  int depth_ = 0;
  std::size_t used_before_ = 0;
  bool done_ = false;
  std::size_t next_ = 0, done_with_ = 0;
};

}  // namespace

OperatorPtr make_aggregate(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<AggregateOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
