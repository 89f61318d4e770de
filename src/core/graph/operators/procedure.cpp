// CALL of a procedure, once for each row.
#include "core/graph/operators/base.h"
#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {
namespace {

class ProcedureOperator final : public ExpandingOperator {
 public:
  ProcedureOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        signature_(plan.clause->procedure->signature()) {
    for (const auto& y : plan.clause->yields)
      for (std::size_t k = 0; k < signature_.outputs.size(); ++k)
        if (signature_.outputs[k].name == y.field) fields_.push_back(k);
  }

 private:
  class Sink final : public RowSink {
   public:
    explicit Sink(ProcedureOperator& owner) : owner_(owner) {}
    void row(std::span<const Value> values) override {
      if (values.size() != owner_.signature_.outputs.size())
        throw Error(ErrorCode::internal, "procedure gave a row of another width");
      owner_.rows_.push_back(owner_.row_arena_.copy(values).data());
      owner_.runtime_.tick();
    }

   private:
    ProcedureOperator& owner_;
  };

  void start_batch() override {
    eval_row_.start(*in_);
    row_ = 0;
    next_ = 0;
    called_ = false;
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_, called_ = false) {
      if (!called_) {
        rows_.clear();
        next_ = 0;
        called_ = true;
        call();
        if (signature_.nothing) rows_.assign(1, nullptr);
        if (rows_.empty() && plan_.clause->optional) rows_.assign(1, nullptr);
      }
      for (; next_ < rows_.size(); ++next_) {
        if (out_.full()) return true;
        const std::uint32_t at = out_.append(*in_, row_);
        for (std::size_t k = 0; k < fields_.size(); ++k)
          put(plan_.clause->yields[k].slot, at,
              rows_[next_] == nullptr ? Value() : rows_[next_][fields_[k]]);
      }
    }
    return false;
  }

  void call() {
    std::vector<Value> args;
    for (std::size_t i = 0; i < signature_.inputs.size(); ++i) {
      const Field& field = signature_.inputs[i];
      Value v;
      if (i < plan_.exprs.size()) {
        v = eval_row_(*plan_.exprs[i].expr, row_);
        runtime_.position = plan_.exprs[i].expr->span.begin;
      }
      if ((kinds(v.kind()) & (field_types(field.type) | kNullType)) == 0)
        raise_type("argument " + field.name + " of " + signature_.name + " expects " +
                   type_name(field_types(field.type)) + ", not " +
                   std::string(kind_name(v.kind())));
      if (v.is_null() && !field.nullable && !field.optional)
        raise_type("argument " + field.name + " of " + signature_.name + " must not be null");
      if (field.type == FieldType::floating && v.is(Kind::integer))
        v = Value::floating(v.as_double());
      args.push_back(v);
    }
    Sink sink(*this);
    plan_.clause->procedure->call(runtime_.store(), args, row_arena_, sink);
    if (signature_.updates) runtime_.wrote();
  }

  const Signature& signature_;
  std::vector<std::size_t> fields_;
  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
  std::uint32_t row_ = 0;
  std::vector<const Value*> rows_;
  std::size_t next_ = 0;
  bool called_ = false;
};

}  // namespace

OperatorPtr make_procedure(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<ProcedureOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
