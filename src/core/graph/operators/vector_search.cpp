// Nodes of a label, nearest to a query vector first, through a vector index.
#include <unordered_set>

#include "core/graph/functions/vector_distance.h"
#include "core/graph/operators/base.h"

namespace rv::graph {
namespace {

class VectorSearchOperator final : public ExpandingOperator {
 public:
  using ExpandingOperator::ExpandingOperator;

 private:
  void start_batch() override {
    eval_row_.start(*in_);
    row_ = 0;
    start_row();
  }

  void start_row() {
    seen_.clear();
    found_.clear();
    next_ = 0;
    asked_ = 0;
    done_ = false;
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_, start_row()) {
      for (;;) {
        for (; next_ < found_.size(); ++next_) {
          if (out_.full()) return true;
          if (!seen_.insert(found_[next_]).second) continue;
          put(plan_.slot, out_.append(*in_, row_), Value::node(found_[next_]));
        }
        if (done_) break;
        // Who is above may have enough: more only when asked again.
        if (out_.batch.rows > 0) return true;
        search();
      }
    }
    return false;
  }

  // The nearest ones, four times as many as the last time; all nodes where there is no query.
  void search() {
    const NameId label = runtime_.name(plan_.name_index);
    const NameId key = runtime_.name(static_cast<int>(plan_.index));
    found_.clear();
    next_ = 0;
    const Value query = eval_row_(*plan_.exprs[0].expr, row_);
    done_ = label == kNoName || key == kNoName || query.is_null();
    if (label == kNoName) return;
    if (done_) {
      NodeId ids[512];
      const auto cursor = runtime_.store().scan_label(label);
      while (const std::size_t n = cursor->next(ids)) found_.insert(found_.end(), ids, ids + n);
      return;
    }
    FunctionContext context{row_arena_, runtime_, "ruvector.similarity"};
    asked_ = asked_ == 0 ? kFirst : asked_ * 4;
    const auto nearest =
        runtime_.store().nearest_nodes(label, key, floats(query, context), asked_, plan_.metric);
    for (const auto& n : nearest) found_.push_back(n.node);
    done_ = nearest.size() < asked_;
  }

  static constexpr std::size_t kFirst = 128;
  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
  std::uint32_t row_ = 0;
  std::vector<NodeId> found_;
  std::unordered_set<NodeId> seen_;
  std::size_t next_ = 0, asked_ = 0;
  bool done_ = false;
};

}  // namespace

OperatorPtr make_vector_search(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<VectorSearchOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
