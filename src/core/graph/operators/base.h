// What operators share.
#pragma once

#include <memory>
#include <vector>

#include "core/graph/eval.h"
#include "core/graph/operator.h"

namespace rv::graph {

// How many trails grow at a time, where memory is to hold a portion and not all of them.
constexpr std::size_t kPortion = 256;
static_assert(kPortion <= kBatchRows);

using OperatorPtr = std::unique_ptr<Operator>;

// With one input, an arena for the values it makes, and an evaluator. The arena is emptied whenever
// the operator is asked for more.
class UnaryOperator : public Operator {
 public:
  UnaryOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : Operator(runtime, plan),
        input_(std::move(input)),
        arena_(runtime.budget()),
        eval_(runtime, arena_, plan.fetches) {}
  void open() override {
    input_->open();
    arena_.reset();
  }

 protected:
  // rest() of what is here.
  bool rest_unary() noexcept {
    arena_.reset();
    eval_.rest();
    return input_->rest();
  }

  OperatorPtr input_;
  Arena arena_;
  Evaluator eval_;
};

// Makes rows out of input rows, several of one: keeps the input batch while its own one fills.
class ExpandingOperator : public UnaryOperator {
 public:
  ExpandingOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)), out_(runtime.slots(), plan.live) {}
  void open() override {
    UnaryOperator::open();
    in_ = nullptr;
    row_arena_.clear();
  }

 protected:
  bool rest_expanding() noexcept {
    in_ = nullptr;
    row_arena_.reset();
    return rest_unary();
  }

  Batch* produce() override {
    arena_.reset();
    out_.batch.rows = 0;
    for (;;) {
      if (in_ == nullptr) {
        if (out_.batch.rows > 0) return &out_.batch;  // the next input batch ends this one's values
        in_ = input_->next();
        if (in_ == nullptr) return nullptr;
        row_arena_.reset();
        start_batch();
      }
      const bool more = fill();
      if (!more) in_ = nullptr;
      if (out_.batch.rows > 0 && (more || out_.full())) return &out_.batch;
    }
  }
  // A new batch is in in_.
  virtual void start_batch() = 0;
  // Appends rows to out_. True: hand them out, there are more; false: in_ is used up.
  virtual bool fill() = 0;

  void put(int slot, std::uint32_t row, const Value& v) {
    if (out_.owns(slot)) out_.batch.column(slot)[row] = v;
  }
  Value relationship_value(const RelationshipRef& r) {
    return Value::relationship(arena_.make<RelationshipRef>(r));
  }

  OwnedBatch out_;
  Batch* in_ = nullptr;
  Arena row_arena_{runtime_.budget()};  // lives as long as the input batch
};

// The relationship types that a node of the plan asks for.
class TypeFilter {
 public:
  void resolve(const PlanNode& plan, Runtime& runtime);
  // False: the types do not exist, so nothing can match.
  bool possible() const { return possible_; }
  std::span<const NameId> types() const { return types_; }
  // The condition that is no list of names, if there is one.
  bool accepts(NameId type) const;

 private:
  std::vector<NameId> types_;
  const LabelExpr* expr_ = nullptr;
  Runtime* runtime_ = nullptr;
  bool possible_ = true;
};

// Is this relationship one of those that the row holds in these slots?
bool holds_relationship(const Batch& batch, std::uint32_t row, std::span<const int> slots,
                        RelationshipId id);

// A non-negative row count from SKIP or LIMIT.
std::uint64_t row_count(const Expr& e, const char* what, Runtime& runtime);

OperatorPtr make_argument(Runtime& runtime, const PlanNode& plan, ArgumentSource*& source);
OperatorPtr make_scan(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_vector_search(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_expand(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_count_hops(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_var_expand(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_repeat(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_reach(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_shortest_path(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_row_operator(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_union(Runtime& runtime, const PlanNode& plan, std::vector<OperatorPtr> inputs);
OperatorPtr make_aggregate(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_distinct(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_sort(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_eager(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_hash_join(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_apply(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_update(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_merge(Runtime& runtime, const PlanNode& plan, OperatorPtr input);
OperatorPtr make_procedure(Runtime& runtime, const PlanNode& plan, OperatorPtr input);

}  // namespace rv::graph
