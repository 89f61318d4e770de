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
        groups_(runtime.budget()),
        counts_(runtime.budget()),
        states_(runtime.budget(), kAccumulatorBytes),
        values_(plan.aggregates.size()) {
    for (const auto& a : plan.aggregates) {
      width_ += a.expr->args.size();
      const bool counted = only_counts(*a.expr);
      calls_.push_back({a.expr, counted, counted ? counted_++ : others_++});
    }
    width_ += plan.exprs.size() + 1;
  }

  void open() override {
    UnaryOperator::open();
    forget_all();
    depth_ = 0;
    done_ = false;
  }
  bool rest() noexcept override {
    forget_all();
    return rest_unary();
  }

 private:
  // An accumulator and its place on the heap.
  static constexpr std::size_t kAccumulatorBytes = 184;

  struct Call {
    const Expr* expr;
    bool counted;       // in counts_, else in states_
    std::size_t place;  // among those of a group there
  };
  std::int64_t& count(std::size_t group, const Call& c) {
    return counts_[group * counted_ + c.place];
  }
  std::unique_ptr<Accumulator>& state(std::size_t group, const Call& c) {
    return states_[group * others_ + c.place];
  }

  static std::vector<int> output_slots(const PlanNode& plan) {
    std::vector<int> out;
    for (const auto& e : plan.exprs) out.push_back(e.slot);
    for (const auto& a : plan.aggregates) out.push_back(a.slot);
    return out;
  }

  static constexpr std::size_t kNoGroup = ~std::size_t{0};

  void forget() {
    groups_.clear();
    counts_.clear();
    states_.clear();
    index_.clear();
    group_arena_.clear();
    for (auto& v : values_) v.reset();
    kept_ = 0;
    next_ = done_with_ = 0;
  }

  void forget_all() {
    forget();
    waiting_.clear();
    parts_.reset();
  }

  std::size_t new_group(const Value* keys) {
    for (const Call& c : calls_) {
      if (c.counted) {
        counts_.push_back(0);
      } else {
        states_.push_back(make_accumulator(*c.expr, runtime_, kept_));
      }
    }
    groups_.push_back(keys);
    return groups_.size() - 1;
  }

  // kNoGroup: it is a new one, for which there is no room.
  std::size_t group_of(std::span<const Value> keys, std::uint64_t h) {
    const auto same = [&](std::uint32_t known) {
      for (std::size_t k = 0; k < keys.size(); ++k)
        if (!equivalent(groups_[known][k], keys[k])) return false;
      return true;
    };
    if (parts_) {
      const auto known = index_.find(h, same);
      return known == HashIndex::kNone ? kNoGroup : known;
    }
    const auto [group, fresh] = index_.find_or_add(h, same);
    if (!fresh) return group;
    make_room();
    return new_group(copy_values(keys, group_arena_));
  }

  // `args`: those of all aggregates, one after the other. Of a row that stands for several
  // (plan_counts.cpp) calls that do not count ignore the repeats.
  void add(std::size_t group, std::span<const Value> args, std::int64_t times) {
    for (const Call& c : calls_) {
      const auto own = args.first(c.expr->args.size());
      args = args.subspan(c.expr->args.size());
      if (c.counted) {
        if (counts(own)) count(group, c) += times;
        continue;
      }
      runtime_.position = c.expr->span.begin;
      state(group, c)->add(own);
    }
  }

  // Keys, arguments, and how many times: what a row of the input, or of a file, is.
  void add_row(std::span<const Value> row) {
    const auto keys = row.first(plan_.exprs.size());
    const std::uint64_t h = hash_values(keys);
    const std::size_t group = group_of(keys, h);
    if (group == kNoGroup) return parts_->append(h, row.data());
    add(group, row.subspan(keys.size(), row.size() - keys.size() - 1), row.back().as_integer());
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
          add(0, std::span<const Value>(row_).first(width_ - 1), row_.back().as_integer());
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
    const Spills how = spills(*calls_[k].expr);
    if (how == Spills::no || (values_[k] == nullptr && !begin)) return;
    if (values_[k] == nullptr)
      values_[k] = std::make_unique<GroupValues>(runtime_, how == Spills::sorted);
    for (std::size_t g = 0; g < groups_.size(); ++g) state(g, calls_[k])->spill(*values_[k], g);
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

  // Of the next group.
  Value result_of(std::size_t k) {
    const Call& c = calls_[k];
    if (c.counted) return Value::integer(count(next_, c));
    runtime_.position = c.expr->span.begin;
    Accumulator& a = *state(next_, c);
    if (values_[k] != nullptr)
      while (const Value* v = values_[k]->next(next_)) a.take_back(*v);
    return a.result(arena_);
  }

  Batch* produce() override {
    if (!done_) consume();
    arena_.reset();
    Batch& out = out_.batch;
    out.rows = 0;
    if (next_ == groups_.size() && !next_part()) return nullptr;
    // The results before have been handed on.
    for (; done_with_ < next_ * others_; ++done_with_) states_[done_with_].reset();
    const std::size_t used = runtime_.budget()->used();
    for (; next_ < groups_.size() && !out_.full(); ++next_) {
      // Values that come back take room, but for those of one group as far as others need it.
      if (out.rows > 0 && runtime_.budget()->used() > used + worth_spilling()) break;
      for (std::size_t k = 0; k < plan_.exprs.size(); ++k)
        out.column(plan_.exprs[k].slot)[out.rows] = groups_[next_][k];
      for (std::size_t k = 0; k < calls_.size(); ++k)
        out.column(plan_.aggregates[k].slot)[out.rows] = result_of(k);
      ++out.rows;
    }
    return out.rows > 0 ? &out : nullptr;
  }

  Arena group_arena_;
  OwnedBatch out_;
  std::vector<Call> calls_;
  std::size_t counted_ = 0, others_ = 0;  // calls of each kind
  ChargedVector<const Value*> groups_;    // their keys
  ChargedVector<std::int64_t> counts_;    // of each group, one for each call that is counted
  ChargedVector<std::unique_ptr<Accumulator>> states_;  // of each group, for the other calls
  HashIndex index_{runtime_.budget()};                  // of groups_
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
  std::size_t next_ = 0;       // the group whose results come next
  std::size_t done_with_ = 0;  // states that nobody needs any more
};

}  // namespace

OperatorPtr make_aggregate(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<AggregateOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
