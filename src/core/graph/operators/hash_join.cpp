// Rows of the input with those nodes of a scan that have equal values. A table is made of one side;
// where it exceeds memory, both sides are parted by hashes into files, and each part is joined by
// itself, as much of it at a time as memory holds.
#include <algorithm>
#include <optional>

#include "core/graph/operators/base.h"
#include "core/graph/operators/join_table.h"
#include "core/graph/spill.h"

namespace rv::graph {
namespace {

class HashJoinOperator final : public Operator {
 public:
  HashJoinOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : Operator(runtime, plan),
        input_(std::move(input)),
        scan_(make_operators(*plan.children[1], runtime)),
        input_side_(runtime, plan, true),
        scan_side_(runtime, plan, false),
        build_input_(plan.build_input),
        table_(runtime.budget(), plan.exprs.size(), build_side().width()),
        out_(runtime.slots(), plan.live),
        out_arena_(runtime.budget()) {}

  void open() override {
    input_->open();
    state_ = State::start;
    // The scan depends on no row of the surrounding plan: its table stays good until something is
    // written.
    whole_scan_ = whole_scan_ && built_at_ == runtime_.writes();
    if (!whole_scan_) table_.clear();
    forget_files();
    if (scan_exceeds_ && !build_input_) {
      // Not again for every run of an inner plan, whose rows are few.
      build_input_ = true;
      table_.set_width(build_side().width());
    }
  }

 private:
  // How rows of one side are read.
  struct Side {
    Side(Runtime& runtime, const PlanNode& plan, bool is_input)
        : exprs(is_input ? plan.exprs : plan.scan_exprs),
          arena(runtime.budget()),
          eval(runtime, arena, plan.fetches) {
      for (const int slot : plan.live)
        if ((slot == plan.slot) != is_input) slots.push_back(slot);
      row.resize(exprs.size() + slots.size());
    }
    std::size_t width() const { return row.size(); }
    void start(const Batch& b) {
      arena.reset();
      eval.start(b);
    }
    std::span<const Value> keys() const { return {row.data(), exprs.size()}; }
    // Takes the keys of a row; false when they are equal to nothing.
    bool take_keys(std::uint32_t i) {
      for (std::size_t k = 0; k < exprs.size(); ++k) row[k] = eval(*exprs[k].expr, i);
      return JoinTable::can_meet(keys());
    }
    void take_slots(const Batch& b, std::uint32_t i) {
      Value* out = row.data() + exprs.size();
      for (const int slot : slots) {
        const Value* column = b.columns[static_cast<std::size_t>(slot)];
        *out++ = column == nullptr ? Value() : column[i];
      }
    }

    const std::vector<SlotExpr>& exprs;
    std::vector<int> slots;
    Arena arena;
    Evaluator eval;
    std::vector<Value> row;  // keys, then slots
  };
  Side& build_side() { return build_input_ ? input_side_ : scan_side_; }
  Side& probe_side() { return build_input_ ? scan_side_ : input_side_; }
  enum class State : std::uint8_t { start, in_memory, in_files, done };

  Batch* produce() override {
    if (state_ == State::start) begin();
    out_arena_.reset();
    out_.batch.rows = 0;
    if (state_ == State::in_memory) probe_batches();
    if (state_ == State::in_files) probe_files();
    return out_.batch.rows > 0 ? &out_.batch : nullptr;
  }

  void begin() {
    match_ = JoinTable::kNone;
    row_ = 0;
    // What the clauses before write is written before the scan begins.
    batch_ = input_->next();
    state_ = State::done;
    if (batch_ == nullptr) return;
    if (build_input_) {
      while (batch_ != nullptr) {
        add_rows(*batch_);
        batch_ = input_->next();
      }
      if (table_.size() == 0 && !build_parts_) return;
      scan_.root->open();
      batch_ = scan_.root->next();
    } else if (!whole_scan_) {
      scan_.root->open();
      while (const Batch* b = scan_.root->next()) add_rows(*b);
      whole_scan_ = !build_parts_;
      scan_exceeds_ = !whole_scan_;
      built_at_ = runtime_.writes();
    }
    if (build_parts_) {
      part_probe_side();
      state_ = State::in_files;
    } else if (batch_ != nullptr && table_.size() > 0) {
      probe_side().start(*batch_);
      state_ = State::in_memory;
    }
  }

  Batch* next_batch() { return build_input_ ? scan_.root->next() : input_->next(); }

  void add_rows(const Batch& b) {
    Side& side = build_side();
    side.start(b);
    for (std::uint32_t i = 0; i < b.rows; ++i) {
      if (!side.take_keys(i)) continue;
      side.take_slots(b, i);
      const std::uint64_t h = hash_values(side.keys());
      if (build_parts_) {
        build_parts_->append(h, side.row.data());
        continue;
      }
      table_.add(h, side.row);
      if ((table_.size() & 63) == 0 && should_spill(runtime_, table_.bytes())) part_table();
    }
    if (!build_parts_ && should_spill(runtime_, table_.bytes())) part_table();
  }

  void part_table() {
    build_parts_.emplace(runtime_, build_side().width(), 0);
    for (std::uint32_t r = 0; r < table_.size(); ++r)
      build_parts_->append(hash_values(table_.keys_of(r)), table_.row(r).data());
    table_.clear();
  }

  void part_probe_side() {
    Side& side = probe_side();
    built_files_ = build_parts_->finish();
    SpillParts parts(runtime_, side.width(), 0);
    for (; batch_ != nullptr; batch_ = next_batch()) {
      side.start(*batch_);
      for (std::uint32_t i = 0; i < batch_->rows; ++i) {
        if (!side.take_keys(i)) continue;
        side.take_slots(*batch_, i);
        parts.append(hash_values(side.keys()), side.row.data());
      }
    }
    probed_files_ = parts.finish();
  }

  // --- the table is in memory ---

  void probe_batches() {
    Side& side = probe_side();
    for (;;) {
      for (; match_ != JoinTable::kNone; match_ = table_.next(match_)) {
        if (out_.full()) return;
        put_build(out_.append(*batch_, row_ - 1));
      }
      if (row_ == batch_->rows) {
        if (out_.batch.rows > 0) return;  // the next batch ends this one's values
        row_ = 0;
        batch_ = next_batch();
        if (batch_ == nullptr) {
          state_ = State::done;
          return;
        }
        side.start(*batch_);
      }
      if (side.take_keys(row_)) match_ = table_.find(hash_values(side.keys()), side.keys());
      ++row_;
    }
  }

  void put_build(std::uint32_t at) {
    const Value* value = table_.row(match_).data() + plan_.exprs.size();
    for (const int slot : build_side().slots) out_.batch.column(slot)[at] = *value++;
  }

  // --- both sides are in files ---

  void probe_files() {
    Side& side = probe_side();
    const std::size_t keys = plan_.exprs.size();
    if (match_ != JoinTable::kNone) keep_file_row();
    for (;;) {
      for (; match_ != JoinTable::kNone; match_ = table_.next(match_)) {
        if (out_.full()) return;
        for (std::size_t k = 0; k < side.slots.size(); ++k)
          out_.batch.column(side.slots[k])[out_.batch.rows] = side.row[k];
        put_build(out_.batch.rows++);
      }
      if (out_.batch.rows > 0 && out_arena_.bytes() > runtime_.budget()->limit() / 16) return;
      file_row_ = probe_reader_ ? probe_reader_->next() : nullptr;
      if (file_row_ == nullptr) {
        if (out_.batch.rows > 0) return;  // the next table ends this one's values
        if (!next_table()) {
          state_ = State::done;
          return;
        }
        continue;
      }
      match_ = table_.find(hash_values({file_row_, keys}), {file_row_, keys});
      if (match_ != JoinTable::kNone) keep_file_row();
    }
  }

  // The reader's values do not live as long as the batch.
  void keep_file_row() {
    Side& side = probe_side();
    for (std::size_t k = 0; k < side.slots.size(); ++k)
      side.row[k] = copy_value(file_row_[plan_.exprs.size() + k], out_arena_);
  }

  // As many rows of the part as memory holds, or the first ones of the next part; false at the end.
  bool next_table() {
    probe_reader_.reset();
    table_.clear();
    for (;;) {
      while (build_reader_) {
        const Value* row = build_reader_->next();
        if (row == nullptr) {
          build_reader_.reset();
          break;
        }
        table_.add(hash_values({row, plan_.exprs.size()}), {row, build_side().width()});
        if (should_spill(runtime_, table_.bytes())) break;
      }
      if (table_.size() > 0) {
        probe_reader_.emplace(runtime_, *probe_file_.rows, probe_file_.run);
        return true;
      }
      if (!next_part()) return false;
    }
  }

  // Parts without a counterpart hold nothing that meets.
  bool next_part() {
    while (!built_files_.empty() && !probed_files_.empty()) {
      const std::size_t a = built_files_.back().number;
      const std::size_t b = probed_files_.back().number;
      if (a == b) {
        build_file_ = std::move(built_files_.back());
        probe_file_ = std::move(probed_files_.back());
        build_reader_.emplace(runtime_, *build_file_.rows, build_file_.run);
      }
      if (a >= b) built_files_.pop_back();
      if (b >= a) probed_files_.pop_back();
      if (a == b) return true;
    }
    return false;
  }

  void forget_files() {
    build_parts_.reset();
    build_reader_.reset();
    probe_reader_.reset();
    built_files_.clear();
    probed_files_.clear();
    build_file_ = {};
    probe_file_ = {};
  }

  OperatorPtr input_;
  OperatorTree scan_;
  Side input_side_, scan_side_;
  bool build_input_;           // the table is of the input
  bool scan_exceeds_ = false;  // memory, as a table
  JoinTable table_;
  OwnedBatch out_;
  Arena out_arena_;  // of rows from files
  State state_ = State::start;
  bool whole_scan_ = false;  // the table holds all of the scan
  std::uint64_t built_at_ = 0;
  Batch* batch_ = nullptr;  // of the side that seeks; row_ is the next of its rows
  std::uint32_t row_ = 0;
  std::uint32_t match_ = JoinTable::kNone;  // the next row for the one before row_
  std::optional<SpillParts> build_parts_;
  std::vector<SpillParts::Part> built_files_, probed_files_;
  SpillParts::Part build_file_ = {}, probe_file_ = {};
  std::optional<SpillReader> build_reader_, probe_reader_;
  const Value* file_row_ = nullptr;  // of probe_reader_
};

}  // namespace

OperatorPtr make_hash_join(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<HashJoinOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
