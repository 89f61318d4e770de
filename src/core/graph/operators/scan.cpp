// Leaves: arguments, scans, seeks.
#include <charconv>

#include "core/graph/operators/base.h"
#include "core/graph/value_list.h"

namespace rv::graph {
namespace {

class ArgumentOperator final : public Operator, public ArgumentSource {
 public:
  ArgumentOperator(Runtime& runtime, const PlanNode& plan)
      : Operator(runtime, plan), out_(runtime.slots(), plan.live) {}
  void set(const Batch* batch, std::uint32_t begin, std::uint32_t end) override {
    batch_ = batch;
    begin_ = begin;
    end_ = end;
  }
  void open() override { done_ = false; }
  bool rest() noexcept override {
    batch_ = nullptr;
    return true;
  }

 private:
  Batch* produce() override {
    if (done_) return nullptr;
    done_ = true;
    out_.batch.rows = 0;
    if (batch_ == nullptr) {
      out_.batch.rows = 1;
    } else {
      for (std::uint32_t i = begin_; i < end_; ++i) out_.append(*batch_, i);
    }
    return out_.batch.rows > 0 ? &out_.batch : nullptr;
  }

  OwnedBatch out_;
  const Batch* batch_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0;
  bool done_ = false;
};

// Combines each input row with the ids of a cursor.
class NodeScanOperator final : public ExpandingOperator {
 public:
  using ExpandingOperator::ExpandingOperator;
  bool rest() noexcept override {
    cursor_.reset();
    distinct_.clear();
    eval_row_.rest();
    exact_ = true;
    return rest_expanding();
  }

 private:
  void start_batch() override {
    row_ = 0;
    started_ = false;
    cursor_.reset();
    pending_ = position_ = 0;
    eval_row_.start(*in_);
  }

  std::unique_ptr<NodeCursor> make_cursor() {
    GraphStore& store = runtime_.store();
    switch (plan_.op) {
      case Op::node_scan:
        return store.scan_nodes();
      case Op::label_scan: {
        const NameId label = runtime_.name(plan_.name_index);
        return label == kNoName ? nullptr : store.scan_label(label);
      }
      default:
        return seek();
    }
  }

  // The values of a row, once for all its seeks.
  void start_row() {
    started_ = true;
    item_ = 0;
    // Nothing that was handed out is of a row before.
    if (row_arena_.bytes() > runtime_.budget()->limit() / 32) {
      row_arena_.reset();
      eval_row_.start(*in_);
    }
    equal_.clear();
    for (const auto& e : plan_.exprs) equal_.push_back(eval_row_(*e.expr, row_));
    if (!plan_.in_list) return;
    const Value list = equal_.back();
    items_ = list.is(Kind::list) ? list.as_list() : std::span<const Value>();
    sort_distinct(items_, distinct_);  // so that no node comes twice
  }

  std::unique_ptr<NodeCursor> seek() {
    if (!started_) start_row();
    IndexRange range;
    if (plan_.in_list) {
      if (item_ == distinct_.size()) return nullptr;
      equal_.back() = items_[distinct_[item_++]];
    }
    for (const Value& v : equal_)
      if (v.is_null()) return nullptr;
    range.equal = equal_;
    if (exact_ && !runtime_.store().seeks_exactly(plan_.index, range)) {
      runtime_.seek_was_inexact(plan_);
      exact_ = false;
    }
    const auto bound = [&](const Expr* e, std::optional<Value>& to) {
      if (e == nullptr) return true;
      to = eval_row_(*e, row_);
      return !to->is_null();
    };
    if (!bound(plan_.lower, range.lower) || !bound(plan_.upper, range.upper)) return nullptr;
    range.lower_inclusive = plan_.range_lower_inclusive;
    range.upper_inclusive = plan_.range_upper_inclusive;
    if (plan_.prefix != nullptr) {
      prefix_ = eval_row_(*plan_.prefix, row_);
      if (!prefix_.is(Kind::string)) return nullptr;
      range.prefix = prefix_.as_string();
    }
    return runtime_.store().seek_nodes(plan_.index, range);
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_, started_ = false) {
      if (plan_.op == Op::id_seek) {
        if (!seek_id()) continue;
        if (out_.full()) {
          ++row_;
          return row_ < in_->rows;
        }
        continue;
      }
      for (;;) {
        if (cursor_ == nullptr && pending_ == position_) {
          cursor_ = make_cursor();
          if (cursor_ == nullptr) break;
        }
        while (position_ < pending_) {
          if (out_.full()) return true;
          put(plan_.slot, out_.append(*in_, row_), Value::node(ids_[position_++]));
        }
        pending_ = cursor_->next(ids_);
        position_ = 0;
        if (pending_ > 0) continue;
        cursor_.reset();
        if (!plan_.in_list) break;
        runtime_.tick();
      }
    }
    return false;
  }

  bool seek_id() {
    const Value v = eval_row_(*plan_.exprs[0].expr, row_);
    NodeId id = 0;
    if (v.is(Kind::integer)) {
      id = v.as_integer();
    } else if (v.is(Kind::string)) {
      const auto s = v.as_string();
      const auto r = std::from_chars(s.data(), s.data() + s.size(), id);
      if (r.ec != std::errc() || r.ptr != s.data() + s.size()) return false;
    } else if (v.is(Kind::floating)) {
      id = static_cast<NodeId>(v.as_floating());
      if (static_cast<double>(id) != v.as_floating()) return false;
    } else {
      return false;
    }
    std::span<const NameId> labels;
    bool found = false;
    runtime_.store().read_node_labels({&id, 1}, row_arena_, &labels, &found);
    if (!found) return false;
    put(plan_.slot, out_.append(*in_, row_), Value::node(id));
    return true;
  }

  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
  std::unique_ptr<NodeCursor> cursor_;
  NodeId ids_[512];
  std::size_t pending_ = 0, position_ = 0;
  std::uint32_t row_ = 0;
  std::vector<Value> equal_;
  Value prefix_;
  bool started_ = false;                                      // equal_ is of this row
  std::span<const Value> items_;                              // of in_list
  ChargedVector<std::uint32_t> distinct_{runtime_.budget()};  // places in items_
  std::size_t item_ = 0;                                      // the next of these
  bool exact_ = true;                                         // every seek was
};

class RelationshipScanOperator final : public ExpandingOperator {
 public:
  using ExpandingOperator::ExpandingOperator;

 private:
  void start_batch() override {
    types_.resolve(plan_, runtime_);
    row_ = 0;
    cursor_.reset();
    pending_ = position_ = 0;
    second_ = false;
  }

  bool fill() override {
    if (!types_.possible()) return false;
    for (; row_ < in_->rows; ++row_) {
      if (cursor_ == nullptr) cursor_ = runtime_.store().scan_relationships(types_.types());
      for (;;) {
        while (position_ < pending_) {
          if (out_.full()) return true;
          const RelationshipRef& r = refs_[position_];
          const bool both = plan_.direction == Direction::both && r.source != r.target;
          if (types_.accepts(r.type) && !holds_relationship(*in_, row_, plan_.distinct_from, r.id))
            emit(r, plan_.direction == Direction::in || second_);
          second_ = both && !second_;
          if (!second_) ++position_;
        }
        pending_ = cursor_->next(refs_);
        position_ = 0;
        if (pending_ == 0) break;
      }
      cursor_.reset();
    }
    return false;
  }

  void emit(const RelationshipRef& r, bool backward) {
    const std::uint32_t row = out_.append(*in_, row_);
    if (out_.owns(plan_.relationship)) put(plan_.relationship, row, relationship_value(r));
    put(plan_.from, row, Value::node(backward ? r.target : r.source));
    put(plan_.to, row, Value::node(backward ? r.source : r.target));
  }

  TypeFilter types_;
  std::unique_ptr<RelationshipCursor> cursor_;
  RelationshipRef refs_[512];
  std::size_t pending_ = 0, position_ = 0;
  std::uint32_t row_ = 0;
  bool second_ = false;
};

}  // namespace

OperatorPtr make_argument(Runtime& runtime, const PlanNode& plan, ArgumentSource*& source) {
  auto op = std::make_unique<ArgumentOperator>(runtime, plan);
  source = op.get();
  return op;
}

OperatorPtr make_scan(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  if (plan.op == Op::relationship_scan)
    return std::make_unique<RelationshipScanOperator>(runtime, plan, std::move(input));
  return std::make_unique<NodeScanOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
