// Inner plans: OPTIONAL MATCH, CALL { }, FOREACH, and subqueries in expressions.
#include "core/graph/operators/base.h"
#include "core/graph/subquery.h"

namespace rv::graph {
namespace {

// Runs the inner plan over a whole batch; rows of the batch that gave nothing get nulls.
class OptionalOperator final : public ExpandingOperator {
 public:
  OptionalOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        numbers_(runtime.slots(), {&plan.slot, 1}),
        tree_(make_operators(*plan.children[1], runtime)) {}

 private:
  void start_batch() override {
    Value* number = numbers_.batch.column(plan_.slot);
    for (std::uint32_t i = 0; i < in_->rows; ++i) new (number + i) Value(Value::integer(i));
    in_->column(plan_.slot) = number;
    hit_.assign(in_->rows, false);
    tree_.set(in_, 0, in_->rows);
    tree_.root->open();
    inner_ = nullptr;
    row_ = 0;
    exhausted_ = false;
    missed_ = 0;
  }

  bool fill() override {
    while (!exhausted_) {
      if (inner_ == nullptr) {
        // What the inner plan hands out lives until it is asked again.
        if (out_.batch.rows > 0) return true;
        inner_ = tree_.root->next();
        row_ = 0;
        if (inner_ == nullptr) {
          exhausted_ = true;
          break;
        }
      }
      for (; row_ < inner_->rows; ++row_) {
        if (out_.full()) return true;
        const auto outer = static_cast<std::uint32_t>(inner_->at(plan_.slot, row_).as_integer());
        hit_[outer] = true;
        const std::uint32_t at = out_.append(*in_, outer);
        for (const int slot : plan_.keys)
          if (out_.owns(slot)) put(slot, at, inner_->at(slot, row_));
      }
      inner_ = nullptr;
      return true;
    }
    for (; missed_ < in_->rows; ++missed_) {
      if (hit_[missed_]) continue;
      if (out_.full()) return true;
      const std::uint32_t at = out_.append(*in_, missed_);
      for (const int slot : plan_.keys) put(slot, at, Value::null());
    }
    return false;
  }

  OwnedBatch numbers_;
  OperatorTree tree_;
  std::vector<bool> hit_;
  Batch* inner_ = nullptr;
  std::uint32_t row_ = 0, missed_ = 0;
  bool exhausted_ = false;
};

// Runs the inner plan for each row.
class ApplyOperator final : public ExpandingOperator {
 public:
  ApplyOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        tree_(make_operators(*plan.children[1], runtime)),
        rows_wanted_(plan.clause->kind == Clause::Kind::call_subquery && plan.clause->returns_rows),
        optional_(plan.clause->optional) {}

 private:
  void start_batch() override {
    outer_ = 0;
    running_ = false;
    inner_ = nullptr;
  }

  bool fill() override {
    for (; outer_ < in_->rows;) {
      if (!running_) {
        tree_.set(in_, outer_, outer_ + 1);
        tree_.root->open();
        running_ = true;
        hit_ = false;
        inner_ = nullptr;
      }
      if (inner_ == nullptr) {
        inner_ = tree_.root->next();
        row_ = 0;
      }
      if (inner_ == nullptr) {
        if (plan_.advance) runtime_.advance();
        if (!rows_wanted_ || (optional_ && !hit_)) {
          if (out_.full()) return true;
          const std::uint32_t at = out_.append(*in_, outer_);
          for (const int slot : plan_.keys) put(slot, at, Value::null());
        }
        running_ = false;
        ++outer_;
        continue;
      }
      hit_ = true;
      for (; row_ < inner_->rows; ++row_) {
        if (out_.full()) return true;
        const std::uint32_t at = out_.append(*in_, outer_);
        // The inner plan starts anew for the next row: its values must not die with it.
        for (const int slot : plan_.keys)
          if (out_.owns(slot)) put(slot, at, copy_value(inner_->at(slot, row_), arena_));
      }
      inner_ = nullptr;
    }
    return false;
  }

  OperatorTree tree_;
  bool rows_wanted_, optional_;
  bool running_ = false, hit_ = false;
  Batch* inner_ = nullptr;
  std::uint32_t outer_ = 0, row_ = 0;
};

}  // namespace

OperatorPtr make_apply(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  if (plan.op == Op::optional)
    return std::make_unique<OptionalOperator>(runtime, plan, std::move(input));
  return std::make_unique<ApplyOperator>(runtime, plan, std::move(input));
}

namespace {

std::vector<int> import_slots(const Expr& e) {
  std::vector<int> out;
  for (const auto& import : e.imports) out.push_back(import.slot);
  return out;
}

}  // namespace

SubqueryRunner::SubqueryRunner(Runtime& runtime, const SubqueryPlan& plan)
    : runtime_(runtime),
      plan_(plan),
      argument_(runtime.slots(), import_slots(*plan.expr), 1),
      tree_(make_operators(*plan.plan, runtime)) {}

Value SubqueryRunner::run(const Batch& outer, std::uint32_t row, Arena& arena) {
  argument_.batch.rows = 1;
  for (const auto& import : plan_.expr->imports)
    argument_.batch.column(import.slot)[0] =
        import.local ? runtime_.local(import.slot) : outer.at(import.slot, row);
  tree_.set(&argument_.batch, 0, 1);
  tree_.root->open();
  switch (plan_.expr->kind) {
    case ExprKind::exists_subquery:
      return Value::boolean(tree_.root->next() != nullptr);
    case ExprKind::count_subquery: {
      std::int64_t count = 0;
      while (Batch* b = tree_.root->next()) count += b->rows;
      return Value::integer(count);
    }
    default:
      break;
  }
  std::vector<Value> items;
  while (Batch* b = tree_.root->next())
    for (std::uint32_t i = 0; i < b->rows; ++i)
      items.push_back(copy_value(b->at(plan_.result_slot, i), arena));
  return make_list(arena, items);
}

}  // namespace rv::graph
