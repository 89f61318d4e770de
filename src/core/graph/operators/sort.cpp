// ORDER BY, with LIMIT only the first rows; and the operator that waits for all rows. Rows beyond
// the query's memory go to a temporary file: sorted stretches that are merged, or as they came.
#include <algorithm>
#include <optional>

#include "core/graph/operators/row_store.h"
#include "core/graph/run_merger.h"

namespace rv::graph {
namespace {

std::vector<int> with_keys(const PlanNode& plan) {
  std::vector<int> slots = plan.keys;
  for (const int slot : plan.live)
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  return slots;
}

// A batch of rows that next() gives one by one; copied, and fewer where they are large.
template <class Next>
Batch* fill_batch(Next next, std::span<const int> slots, OwnedBatch& out, Arena& arena,
                  Runtime& runtime) {
  arena.reset();
  Batch& batch = out.batch;
  batch.rows = 0;
  while (!out.full() && arena.bytes() <= runtime.budget()->limit() / 16) {
    const Value* row = next();
    if (row == nullptr) break;
    for (std::size_t k = 0; k < slots.size(); ++k)
      batch.column(slots[k])[batch.rows] = copy_value(row[k], arena);
    ++batch.rows;
  }
  return batch.rows > 0 ? &batch : nullptr;
}

// The order of rows that begin with the keys.
class RowOrder {
 public:
  explicit RowOrder(const PlanNode& plan) : plan_(plan) {}
  int compare(const Value* a, const Value* b) const {
    return compare_keys([a](std::size_t k) { return a[k]; }, b);
  }
  // A row of the input with one that was stored.
  int compare(const Batch& batch, std::uint32_t row, const Value* b) const {
    return compare_keys(
        [&](std::size_t k) {
          const Value* column = batch.columns[static_cast<std::size_t>(plan_.keys[k])];
          return column == nullptr ? Value() : column[row];
        },
        b);
  }
  void sort(std::vector<const Value*>& rows) const {
    std::stable_sort(rows.begin(), rows.end(),
                     [this](const Value* a, const Value* b) { return compare(a, b) < 0; });
  }

 private:
  template <class Key>
  int compare_keys(Key key, const Value* b) const {
    for (std::size_t k = 0; k < plan_.keys.size(); ++k) {
      const int c = order(key(k), b[k]);
      if (c != 0) return plan_.descending[k] ? -c : c;
    }
    return 0;
  }

  const PlanNode& plan_;
};

class SortOperator final : public UnaryOperator {
 public:
  SortOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        slots_(with_keys(plan)),
        order_(plan),
        rows_(runtime, slots_),
        spare_(runtime, slots_),
        out_(runtime.slots(), slots_) {}

  void open() override {
    UnaryOperator::open();
    forget();
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
  bool rest() noexcept override {
    forget();
    return rest_unary();
  }

 private:
  // Keeps the first rows only, once twice as many have come.
  void shrink() {
    auto& rows = rows_.rows();
    order_.sort(rows);
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
    return order_.compare(b, row, worst_) >= 0;
  }

  void consume() {
    while (Batch* b = input_->next()) {
      for (std::uint32_t i = 0; i < b->rows; ++i) {
        if (is_behind(*b, i)) continue;
        rows_.append(*b, i);
        if (wanted_ < kMostFirstRows && rows_.size() > 2 * wanted_ + 32) shrink();
      }
      if (should_spill(runtime_, rows_.bytes())) spill();
    }
    if (runs_.empty()) {
      order_.sort(rows_.rows());
    } else {
      if (rows_.size() > 0) spill();
      merge();
    }
    sorted_ = true;
  }

  // What is in memory becomes a run of the file.
  void spill() {
    if (file_ == nullptr) file_ = std::make_unique<SpillWriter>(runtime_, slots_.size());
    auto& rows = rows_.rows();
    order_.sort(rows);
    for (std::size_t i = 0; i < rows.size() && i < wanted_; ++i) file_->append(rows[i]);
    runs_.push_back(file_->end_run());
    worst_ = nullptr;  // it was in memory
    rows_.clear();
  }

  void merge() {
    merge_runs(runtime_, order_, file_, runs_, runtime_.budget()->limit() / 4, wanted_);
    merger_.emplace(runtime_, order_, *file_, runs_);
  }

  void forget() noexcept {
    rows_.clear();
    spare_.clear();
    worst_ = nullptr;
    merger_.reset();
    runs_.clear();
    file_.reset();
  }

  Batch* produce() override {
    arena_.reset();
    if (!sorted_) consume();
    if (!merger_) {
      const std::uint32_t n = rows_.fill(out_, next_);
      next_ += n;
      return n > 0 ? &out_.batch : nullptr;
    }
    return fill_batch([this] { return merger_->next(); }, slots_, out_, arena_, runtime_);
  }

  // Of more than these all rows are sorted at last.
  static constexpr std::size_t kMostFirstRows = std::size_t{1} << 20;

  std::vector<int> slots_;
  RowOrder order_;
  RowStore rows_, spare_;
  const Value* worst_ = nullptr;  // the last of those that are wanted, once there are so many
  OwnedBatch out_;
  std::size_t wanted_ = 0, next_ = 0;
  bool sorted_ = false;
  std::unique_ptr<SpillWriter> file_;
  std::vector<SpilledRun> runs_;
  std::optional<RunMerger<RowOrder>> merger_;
};

class EagerOperator final : public UnaryOperator {
 public:
  EagerOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        rows_(runtime, plan.live),
        out_(runtime.slots(), plan.live) {}
  void open() override {
    UnaryOperator::open();
    forget();
    filled_ = false;
    next_ = 0;
  }
  bool rest() noexcept override {
    forget();
    return rest_unary();
  }

 private:
  void forget() noexcept {
    rows_.clear();
    reader_.reset();
    file_.reset();
  }

  void consume() {
    filled_ = true;
    while (Batch* b = input_->next()) {
      for (std::uint32_t i = 0; i < b->rows; ++i) rows_.append(*b, i);
      if (should_spill(runtime_, rows_.bytes())) spill();
    }
    if (file_ != nullptr) {
      spill();
      reader_.emplace(runtime_, *file_, file_->end_run());
    }
    if (plan_.advance) runtime_.advance();
  }

  void spill() {
    if (file_ == nullptr) file_ = std::make_unique<SpillWriter>(runtime_, rows_.slots().size());
    for (const Value* row : rows_.rows()) file_->append(row);
    rows_.clear();
  }

  Batch* produce() override {
    if (!filled_) consume();
    if (reader_) {
      return fill_batch([this] { return reader_->next(); }, rows_.slots(), out_, arena_, runtime_);
    }
    const std::uint32_t n = rows_.fill(out_, next_);
    next_ += n;
    return n > 0 ? &out_.batch : nullptr;
  }

  RowStore rows_;
  OwnedBatch out_;
  bool filled_ = false;
  std::size_t next_ = 0;
  std::unique_ptr<SpillWriter> file_;
  std::optional<SpillReader> reader_;
};

}  // namespace

OperatorPtr make_sort(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<SortOperator>(runtime, plan, std::move(input));
}

OperatorPtr make_eager(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<EagerOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
