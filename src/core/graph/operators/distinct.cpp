// DISTINCT. What was seen stays in memory; once that is full, rows that are not among it are parted
// by their hashes into temporary files, and each part is looked at when the input has ended.
#include <algorithm>
#include <optional>

#include "core/graph/charged_vector.h"
#include "core/graph/hash_index.h"
#include "core/graph/operators/base.h"
#include "core/graph/spill.h"

namespace rv::graph {
namespace {

class DistinctOperator final : public UnaryOperator {
 public:
  DistinctOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)),
        seen_arena_(runtime.budget()),
        seen_(runtime.budget()),
        slots_(plan.keys) {
    for (const int slot : plan.live)
      if (std::find(slots_.begin(), slots_.end(), slot) == slots_.end()) slots_.push_back(slot);
  }
  void open() override {
    UnaryOperator::open();
    forget();
    waiting_.clear();
    reader_.reset();
    part_ = {};
    parts_.reset();
    depth_ = 0;
    input_ended_ = false;
  }

 private:
  void forget() {
    seen_.clear();
    index_.clear();
    seen_arena_.clear();
  }

  // Whether the keys, which at(k) gives, are new; when memory is full they are only noted as
  // wanting a place.
  enum class Known { yes, no, no_room };
  template <class At>
  Known look(std::uint64_t h, At at) {
    const std::size_t width = plan_.keys.size();
    const auto same = [&](std::uint32_t known) {
      for (std::size_t k = 0; k < width; ++k)
        if (!equivalent(seen_[known][k], at(k))) return false;
      return true;
    };
    if (parts_) return index_.find(h, same) == HashIndex::kNone ? Known::no_room : Known::yes;
    if (!index_.find_or_add(h, same).fresh) return Known::yes;
    auto* row = seen_arena_.array<Value>(width);
    for (std::size_t k = 0; k < width; ++k) new (row + k) Value(copy_value(at(k), seen_arena_));
    seen_.push_back(row);
    if (should_spill(runtime_, seen_arena_.bytes() + seen_.bytes() + index_.bytes()))
      parts_.emplace(runtime_, slots_.size(), depth_);
    return Known::no;
  }

  Batch* produce() override {
    if (!input_ended_) {
      if (Batch* b = from_input()) return b;
      input_ended_ = true;
      end_pass();
    }
    return from_parts();
  }

  Batch* from_input() {
    while (Batch* b = input_->next()) {
      std::uint32_t kept = 0;
      for (std::uint32_t i = 0; i < b->rows; ++i) {
        const auto key = [&](std::size_t k) -> const Value& { return b->at(plan_.keys[k], i); };
        const std::uint64_t h = hash_values(plan_.keys.size(), key);
        const Known known = look(h, key);
        if (known == Known::no_room) put_away(h, *b, i);
        if (known != Known::no) continue;
        for (Value* column : b->columns)
          if (column != nullptr) column[kept] = column[i];
        ++kept;
      }
      b->rows = kept;
      if (kept > 0) return b;
    }
    return nullptr;
  }

  void put_away(std::uint64_t h, const Batch& b, std::uint32_t i) {
    row_.clear();
    for (const int slot : slots_) {
      const Value* column = b.columns[static_cast<std::size_t>(slot)];
      row_.push_back(column == nullptr ? Value() : column[i]);
    }
    parts_->append(h, row_.data());
  }

  // What was put away comes after what waits already.
  void end_pass() {
    forget();
    if (!parts_) return;
    for (auto& part : parts_->finish()) waiting_.push_back(std::move(part));
    parts_.reset();
  }

  Batch* from_parts() {
    if (waiting_.empty() && !reader_) return nullptr;
    if (!out_) out_.emplace(runtime_.slots(), slots_);
    arena_.reset();
    Batch& out = out_->batch;
    out.rows = 0;
    while (!out_->full() && arena_.bytes() <= runtime_.budget()->limit() / 16) {
      if (!reader_) {
        if (waiting_.empty()) break;
        part_ = std::move(waiting_.back());
        waiting_.pop_back();
        depth_ = part_.depth;
        reader_.emplace(runtime_, *part_.rows, part_.run);
      }
      const Value* row = reader_->next();
      if (row == nullptr) {
        reader_.reset();
        part_ = {};
        end_pass();
        continue;
      }
      const std::uint64_t h = hash_values({row, plan_.keys.size()});
      const Known known = look(h, [row](std::size_t k) -> const Value& { return row[k]; });
      if (known == Known::no_room) parts_->append(h, row);
      if (known != Known::no) continue;
      for (std::size_t k = 0; k < slots_.size(); ++k)
        out.column(slots_[k])[out.rows] = copy_value(row[k], arena_);
      ++out.rows;
    }
    return out.rows > 0 ? &out : nullptr;
  }

  Arena seen_arena_;
  HashIndex index_{runtime_.budget()};  // of seen_
  ChargedVector<const Value*> seen_;
  std::vector<int> slots_;  // the keys first
  std::vector<Value> row_;
  std::optional<OwnedBatch> out_;
  std::optional<SpillParts> parts_;  // where rows go that are not in seen_: memory is full
  std::vector<SpillParts::Part> waiting_;
  SpillParts::Part part_ = {};
  std::optional<SpillReader> reader_;  // of part_
  int depth_ = 0;
  bool input_ended_ = false;
};

}  // namespace

OperatorPtr make_distinct(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<DistinctOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
