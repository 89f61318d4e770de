// Operators that keep, extend or count rows.
#include "core/graph/function.h"
#include "core/graph/functions/range.h"
#include "core/graph/operators/base.h"
#include "core/graph/operators/label_test.h"
#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {
namespace {

class FilterOperator final : public UnaryOperator {
 public:
  FilterOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)) {
    for (const auto& e : plan.exprs)
      labels_.push_back(LabelTest::covers(*e.expr) ? std::make_unique<LabelTest>(runtime, *e.expr)
                                                   : nullptr);
  }
  bool rest() noexcept override {
    for (const auto& test : labels_)
      if (test != nullptr) test->rest();
    return rest_unary();
  }

 private:
  Batch* produce() override {
    arena_.reset();
    while (Batch* b = input_->next()) {
      // One predicate after the other, each on the rows that the ones before left.
      for (std::size_t k = 0; k < plan_.exprs.size(); ++k) {
        if (b->rows == 0) break;
        if (k < plan_.implied_by.size() && plan_.implied_by[k] != nullptr &&
            runtime_.was_exact(*plan_.implied_by[k]))
          continue;
        if (labels_[k] == nullptr || !labels_[k]->rows(*b, kept_)) {
          eval_.start(*b);
          kept_.clear();
          for (std::uint32_t i = 0; i < b->rows; ++i)
            if (eval_.test(*plan_.exprs[k].expr, i) == Truth::yes) kept_.push_back(i);
        }
        if (kept_.size() < b->rows) compact(*b);
      }
      if (b->rows > 0) return b;
    }
    return nullptr;
  }

  void compact(Batch& b) {
    for (Value* column : b.columns) {
      if (column == nullptr) continue;
      for (std::size_t i = 0; i < kept_.size(); ++i) column[i] = column[kept_[i]];
    }
    b.rows = static_cast<std::uint32_t>(kept_.size());
  }

  std::vector<std::uint32_t> kept_;
  std::vector<std::unique_ptr<LabelTest>> labels_;  // one for each predicate, or null
};

class ProjectOperator final : public UnaryOperator {
 public:
  ProjectOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)), columns_(runtime.slots(), {}) {
    for (const auto& e : plan.exprs) columns_.add(e.slot);
  }
  bool rest() noexcept override { return rest_unary(); }

 private:
  Batch* produce() override {
    arena_.reset();
    Batch* b = input_->next();
    if (b == nullptr) return nullptr;
    eval_.start(*b);
    // All values first: an alias may take the place of a variable it is computed from.
    for (const auto& e : plan_.exprs) {
      Value* out = columns_.batch.column(e.slot);
      for (std::uint32_t i = 0; i < b->rows; ++i) new (out + i) Value(eval_(*e.expr, i));
    }
    for (const auto& e : plan_.exprs) b->column(e.slot) = columns_.batch.column(e.slot);
    return b;
  }

  OwnedBatch columns_;
};

class SkipOperator final : public UnaryOperator {
 public:
  using UnaryOperator::UnaryOperator;
  void open() override {
    UnaryOperator::open();
    left_ = row_count(*plan_.limit, "SKIP", runtime_);
  }
  bool rest() noexcept override { return rest_unary(); }

 private:
  Batch* produce() override {
    while (Batch* b = input_->next()) {
      if (left_ >= b->rows) {
        left_ -= b->rows;
        continue;
      }
      const auto drop = static_cast<std::uint32_t>(left_);
      left_ = 0;
      if (drop > 0) {
        for (Value* column : b->columns)
          if (column != nullptr)
            for (std::uint32_t i = drop; i < b->rows; ++i) column[i - drop] = column[i];
        b->rows -= drop;
      }
      return b;
    }
    return nullptr;
  }

  std::uint64_t left_ = 0;
};

class LimitOperator final : public UnaryOperator {
 public:
  using UnaryOperator::UnaryOperator;
  void open() override {
    UnaryOperator::open();
    left_ = row_count(*plan_.limit, "LIMIT", runtime_);
    if (plan_.skip != nullptr) left_ += row_count(*plan_.skip, "SKIP", runtime_);
    asked_ = false;
  }
  bool rest() noexcept override { return rest_unary(); }

 private:
  Batch* produce() override {
    if (left_ == 0) {
      // LIMIT 0 does not undo what the clauses before it write.
      if (!asked_) input_->next();
      asked_ = true;
      return nullptr;
    }
    asked_ = true;
    Batch* b = input_->next();
    if (b == nullptr) return nullptr;
    if (b->rows > left_) b->rows = static_cast<std::uint32_t>(left_);
    left_ -= b->rows;
    return b;
  }

  std::uint64_t left_ = 0;
  bool asked_ = false;
};

// The elements of a list for each row. Those of range() are counted through: no list is made.
class UnwindOperator final : public ExpandingOperator {
 public:
  UnwindOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        counts_(is_range(*plan.exprs[0].expr)) {}
  bool rest() noexcept override {
    eval_row_.rest();
    return rest_expanding();
  }

 private:
  static bool is_range(const Expr& e) {
    return e.kind == ExprKind::call && !e.replaced && e.function == find_function("range");
  }

  void start_batch() override {
    eval_row_.start(*in_);
    row_ = 0;
    ready_ = false;
  }
  bool fill() override {
    for (; row_ < in_->rows; ++row_, ready_ = false) {
      if (!ready_) {
        // The lists of rows before are done with once their items have been handed out.
        if (row_arena_.bytes() > runtime_.budget()->limit() / 32) {
          if (out_.batch.rows > 0) return true;
          row_arena_.reset();
          eval_row_.start(*in_);
        }
        start_row();
      }
      for (; left_ > 0; --left_, ++item_) {
        if (out_.full()) return true;
        put(plan_.exprs[0].slot, out_.append(*in_, row_),
            counts_ ? range_.at(item_) : items_[item_]);
      }
    }
    return false;
  }

  void start_row() {
    ready_ = true;
    item_ = left_ = 0;
    if (counts_) return start_range();
    list_ = eval_row_(*plan_.exprs[0].expr, row_);
    if (list_.is_null()) return;
    items_ = list_.is(Kind::list) ? list_.as_list() : std::span<const Value>(&list_, 1);
    left_ = items_.size();
  }

  void start_range() {
    const Expr& call = *plan_.exprs[0].expr;
    Value args[3];
    const std::span<Value> given(args, call.args.size());
    bool null = false;
    for (std::size_t i = 0; i < given.size(); ++i) {
      given[i] = eval_row_(*call.args[i], row_);
      null = null || given[i].is_null();
    }
    if (null) return;
    runtime_.position = call.span.begin;
    range_ = integer_range(given);
    // 2^64 of them are one more than can be counted; nobody sees the last.
    if (!range_.empty) left_ = range_.steps + (range_.steps < ~std::uint64_t{0} ? 1 : 0);
  }

  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
  bool counts_;
  std::uint32_t row_ = 0;
  bool ready_ = false;
  std::uint64_t item_ = 0, left_ = 0;
  Value list_;
  std::span<const Value> items_;  // of list_
  IntegerRange range_;
};

class BuildPathOperator final : public UnaryOperator {
 public:
  BuildPathOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)), column_(runtime.slots(), {&plan.slot, 1}) {}

 private:
  Batch* produce() override {
    arena_.reset();
    Batch* b = input_->next();
    if (b == nullptr) return nullptr;
    Value* out = column_.batch.column(plan_.slot);
    for (std::uint32_t i = 0; i < b->rows; ++i) new (out + i) Value(build(*b, i));
    b->column(plan_.slot) = out;
    return b;
  }

  Value build(const Batch& b, std::uint32_t row) {
    const PatternPart& part = *plan_.part;
    nodes_.clear();
    relationships_.clear();
    const Value& first = b.at(part.nodes[0].slot, row);
    if (!first.is(Kind::node)) return Value::null();
    nodes_.push_back(first.as_node());
    const auto step = [this](const Value& v) {
      const RelationshipRef& r = v.as_relationship();
      relationships_.push_back(&r);
      nodes_.push_back(r.source == nodes_.back() ? r.target : r.source);
    };
    for (const RelationshipPattern& p : part.relationships) {
      const Value& v = b.at(p.slot, row);
      if (v.is(Kind::relationship)) {
        step(v);
      } else if (v.is(Kind::list)) {
        for (const Value& item : v.as_list()) step(item);
      } else {
        return Value::null();
      }
    }
    auto* path = arena_.make<PathData>();
    path->length = static_cast<std::uint32_t>(relationships_.size());
    path->nodes = arena_.copy(std::span<const NodeId>(nodes_)).data();
    auto* refs = arena_.array<const RelationshipRef*>(relationships_.size());
    for (std::size_t i = 0; i < relationships_.size(); ++i)
      refs[i] = arena_.make<RelationshipRef>(*relationships_[i]);
    path->relationships = refs;
    return Value::path(path);
  }

  OwnedBatch column_;
  std::vector<NodeId> nodes_;
  std::vector<const RelationshipRef*> relationships_;
};

class NoRowsOperator final : public UnaryOperator {
 public:
  using UnaryOperator::UnaryOperator;
  bool rest() noexcept override { return rest_unary(); }

 private:
  Batch* produce() override {
    while (input_->next() != nullptr) {
    }
    return nullptr;
  }
};

class UnionOperator final : public Operator {
 public:
  UnionOperator(Runtime& runtime, const PlanNode& plan, std::vector<OperatorPtr> inputs)
      : Operator(runtime, plan), inputs_(std::move(inputs)), out_(runtime.slots()) {}
  void open() override {
    at_ = 0;
    if (!inputs_.empty()) inputs_[0]->open();
  }

 private:
  Batch* produce() override {
    for (; at_ < inputs_.size();) {
      if (Batch* b = inputs_[at_]->next()) {
        for (std::size_t k = 0; k < plan_.keys.size(); ++k)
          out_.column(plan_.keys[k]) = b->column(plan_.inputs[at_][k]);
        out_.rows = b->rows;
        return &out_;
      }
      if (++at_ < inputs_.size()) inputs_[at_]->open();
    }
    return nullptr;
  }

  std::vector<OperatorPtr> inputs_;
  Batch out_;
  std::size_t at_ = 0;
};

}  // namespace

OperatorPtr make_row_operator(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  switch (plan.op) {
    case Op::filter:
      return std::make_unique<FilterOperator>(runtime, plan, std::move(input));
    case Op::project:
      return std::make_unique<ProjectOperator>(runtime, plan, std::move(input));
    case Op::distinct:
      return make_distinct(runtime, plan, std::move(input));
    case Op::skip:
      return std::make_unique<SkipOperator>(runtime, plan, std::move(input));
    case Op::limit:
      return std::make_unique<LimitOperator>(runtime, plan, std::move(input));
    case Op::unwind:
      return std::make_unique<UnwindOperator>(runtime, plan, std::move(input));
    case Op::build_path:
      return std::make_unique<BuildPathOperator>(runtime, plan, std::move(input));
    case Op::no_rows:
      return std::make_unique<NoRowsOperator>(runtime, plan, std::move(input));
    default:
      throw Error(ErrorCode::internal, "plan node without an operator");
  }
}

OperatorPtr make_union(Runtime& runtime, const PlanNode& plan, std::vector<OperatorPtr> inputs) {
  return std::make_unique<UnionOperator>(runtime, plan, std::move(inputs));
}

}  // namespace rv::graph
