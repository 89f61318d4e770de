#include "core/graph/operators/label_test.h"

namespace rv::graph {

bool LabelTest::covers(const Expr& e) {
  return e.kind == ExprKind::has_labels && !e.replaced && e.labels->kind == LabelExpr::Kind::name &&
         e.args[0]->kind == ExprKind::variable && !e.args[0]->local && !e.args[0]->replaced;
}

bool LabelTest::forget() noexcept {
  known_.clear();
  has_.clear();
  return false;
}

void LabelTest::start() {
  if (writes_ != runtime_.writes()) forget();
  writes_ = runtime_.writes();
  asked_.clear();
}

bool LabelTest::look_up() {
  if (asked_.empty()) return true;
  answers_.resize(asked_.size());
  runtime_.store().test_label(asked_, runtime_.name(expr_.labels->name_index), answers_.data());
  for (std::size_t k = 0; k < asked_.size(); ++k) {
    if (answers_[k] < 0) return forget();
    if (answers_[k] > 0) has_.insert(asked_[k]);
  }
  return true;
}

bool LabelTest::ask(std::span<const Hop> ends) {
  start();
  for (const Hop& h : ends)
    if (known_.insert(h.other)) asked_.push_back(h.other);
  return look_up();
}

bool LabelTest::ask(NodeId node) {
  start();
  if (known_.insert(node)) asked_.push_back(node);
  return look_up();
}

bool LabelTest::rows(const Batch& batch, std::vector<std::uint32_t>& kept) {
  start();
  const Value* column = batch.columns[static_cast<std::size_t>(expr_.args[0]->slot)];
  for (std::uint32_t i = 0; i < batch.rows; ++i) {
    if (!column[i].is(Kind::node)) return forget();
    if (known_.insert(column[i].as_node())) asked_.push_back(column[i].as_node());
  }
  if (!look_up()) return false;
  kept.clear();
  for (std::uint32_t i = 0; i < batch.rows; ++i)
    if (has_.contains(column[i].as_node())) kept.push_back(i);
  return true;
}

}  // namespace rv::graph
