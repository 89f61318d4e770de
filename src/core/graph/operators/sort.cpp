// ORDER BY, with LIMIT only the first rows; and the operator that waits for all rows.
#include <algorithm>

#include "core/graph/operators/row_store.h"

namespace rv::graph {
namespace {

std::vector<int> with_keys(const PlanNode& plan) {
  std::vector<int> slots = plan.keys;
  for (const int slot : plan.live)
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  return slots;
}

class SortOperator final : public UnaryOperator {
 public:
  SortOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        slots_(with_keys(plan)),
        rows_(runtime, slots_),
        spare_(runtime, slots_),
        out_(runtime.slots(), slots_) {}

  void open() override {
    UnaryOperator::open();
    rows_.clear();
    worst_ = nullptr;
    sorted_ = false;
    next_ = 0;
    wanted_ = ~std::size_t{0};
    if (plan_.limit != nullptr) {
      wanted_ = row_count(*plan_.limit, "LIMIT", runtime_);
      if (plan_.skip != nullptr) {
        const std::size_t skip = row_count(*plan_.skip, "SKIP", runtime_);
        wanted_ = skip > ~std::size_t{0} - wanted_ ? ~std::size_t{0} : wanted_ + skip;
      }
    }
  }

 private:
  bool before(const Value* a, const Value* b) const {
    for (std::size_t k = 0; k < plan_.keys.size(); ++k) {
      const int c = order(a[k], b[k]);
      if (c != 0) return plan_.descending[k] ? c > 0 : c < 0;
    }
    return false;
  }

  // Keeps the first rows only, once twice as many have come.
  void shrink() {
    auto& rows = rows_.rows();
    std::stable_sort(rows.begin(), rows.end(),
                     [this](const Value* a, const Value* b) { return before(a, b); });
    rows.resize(wanted_);
    for (const Value* row : rows) {
      Batch one(runtime_.slots());
      for (std::size_t k = 0; k < slots_.size(); ++k)
        one.column(slots_[k]) = const_cast<Value*>(row + k);
      spare_.append(one, 0);
    }
    rows_.take(spare_);
    worst_ = rows_.rows().empty() ? nullptr : rows_.rows().back();
  }

  // Is a row behind all that are wanted? Of equal rows the first come first.
  bool is_behind(const Batch& b, std::uint32_t row) const {
    if (worst_ == nullptr) return wanted_ == 0;
    for (std::size_t k = 0; k < plan_.keys.size(); ++k) {
      const Value* column = b.columns[static_cast<std::size_t>(plan_.keys[k])];
      const int c = order(column == nullptr ? Value() : column[row], worst_[k]);
      if (c != 0) return plan_.descending[k] ? c < 0 : c > 0;
    }
    return true;
  }

  Batch* produce() override {
    arena_.reset();
    if (!sorted_) {
      while (Batch* b = input_->next()) {
        for (std::uint32_t i = 0; i < b->rows; ++i) {
          if (is_behind(*b, i)) continue;
          rows_.append(*b, i);
          if (wanted_ < kMostFirstRows && rows_.size() > 2 * wanted_ + 32) shrink();
        }
      }
      auto& rows = rows_.rows();
      std::stable_sort(rows.begin(), rows.end(),
                       [this](const Value* a, const Value* b) { return before(a, b); });
      sorted_ = true;
    }
    const std::uint32_t n = rows_.fill(out_, next_);
    next_ += n;
    return n > 0 ? &out_.batch : nullptr;
  }

  // Of more than these all rows are sorted at last.
  static constexpr std::size_t kMostFirstRows = std::size_t{1} << 20;

  std::vector<int> slots_;
  RowStore rows_, spare_;
  const Value* worst_ = nullptr;  // the last of those that are wanted, once there are so many
  OwnedBatch out_;
  std::size_t wanted_ = 0, next_ = 0;
  bool sorted_ = false;
};

class EagerOperator final : public UnaryOperator {
 public:
  EagerOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        rows_(runtime, plan.live),
        out_(runtime.slots(), plan.live) {}
  void open() override {
    UnaryOperator::open();
    rows_.clear();
    filled_ = false;
    next_ = 0;
  }

 private:
  Batch* produce() override {
    if (!filled_) {
      filled_ = true;
      while (Batch* b = input_->next()) {
        for (std::uint32_t i = 0; i < b->rows; ++i) rows_.append(*b, i);
      }
      if (plan_.advance) runtime_.advance();
    }
    const std::uint32_t n = rows_.fill(out_, next_);
    next_ += n;
    return n > 0 ? &out_.batch : nullptr;
  }

  RowStore rows_;
  OwnedBatch out_;
  bool filled_ = false;
  std::size_t next_ = 0;
};

}  // namespace

OperatorPtr make_sort(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<SortOperator>(runtime, plan, std::move(input));
}

OperatorPtr make_eager(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<EagerOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
