// One step along relationships.
#include <algorithm>

#include "core/graph/node_set.h"
#include "core/graph/operators/base.h"

namespace rv::graph {
namespace {

class ExpandOperator final : public ExpandingOperator {
 public:
  using ExpandingOperator::ExpandingOperator;
  void open() override {
    ExpandingOperator::open();
    ends_seen_.clear();
  }
  bool rest() noexcept override {
    cursor_.reset();
    ends_seen_.clear();
    return rest_expanding();
  }

 private:
  void start_batch() override {
    types_.resolve(plan_, runtime_);
    starts_.clear();
    ends_.clear();
    rows_.clear();
    first_.clear();
    const bool into = plan_.op == Op::expand_into;
    if (!into) {
      group_starts();
    } else {
      for (std::uint32_t i = 0; i < in_->rows; ++i) {
        const Value& from = in_->at(plan_.from, i);
        if (!from.is(Kind::node)) continue;
        const Value& to = in_->at(plan_.to, i);
        if (!to.is(Kind::node)) continue;
        ends_.push_back(to.as_node());
        add_start(from.as_node());
        rows_.push_back(i);
      }
    }
    first_.push_back(static_cast<std::uint32_t>(rows_.size()));
    cursor_.reset();
    position_ = pending_ = 0;
    within_ = 0;
    if (starts_.empty() || !types_.possible()) return;
    cursor_ = into ? runtime_.store().expand_into(starts_, ends_, plan_.direction, types_.types())
                   : runtime_.store().expand(starts_, plan_.direction, types_.types());
  }

  bool fill() override {
    if (cursor_ == nullptr) return false;
    const bool wants_relationship = out_.owns(plan_.relationship);
    for (;;) {
      for (; position_ < pending_; ++position_, within_ = 0) {
        const Hop& h = hops_[position_];
        if (!types_.accepts(h.relationship.type)) continue;
        if (plan_.distinct_ends && ends_seen_.contains(h.other)) continue;
        const std::uint32_t first = first_[h.input];
        const std::uint32_t rows = first_[h.input + 1] - first;
        for (; within_ < rows; ++within_) {
          if (out_.full()) return true;
          const std::uint32_t row = rows_[first + within_];
          if (!plan_.distinct_from.empty() &&
              holds_relationship(*in_, row, plan_.distinct_from, h.relationship.id))
            continue;
          const std::uint32_t at = out_.append(*in_, row);
          if (wants_relationship) put(plan_.relationship, at, relationship_value(h.relationship));
          if (plan_.op == Op::expand) put(plan_.to, at, Value::node(h.other));
          if (!plan_.distinct_ends) continue;
          ends_seen_.insert(h.other);
          break;
        }
      }
      runtime_.tick();
      pending_ = cursor_->next(hops_);
      position_ = 0;
      if (pending_ == 0) return false;
    }
  }

  void add_start(NodeId node) {
    starts_.push_back(node);
    first_.push_back(static_cast<std::uint32_t>(rows_.size()));
  }

  // Every start once, ascending, with the rows that are there: one walk of the store for them all.
  void group_starts() {
    sorted_.clear();
    for (std::uint32_t i = 0; i < in_->rows; ++i) {
      const Value& from = in_->at(plan_.from, i);
      if (from.is(Kind::node)) sorted_.emplace_back(from.as_node(), i);
    }
    std::sort(sorted_.begin(), sorted_.end());
    for (const auto& [node, row] : sorted_) {
      if (starts_.empty() || starts_.back() != node) add_start(node);
      rows_.push_back(row);
    }
  }

  TypeFilter types_;
  std::vector<std::pair<NodeId, std::uint32_t>> sorted_;
  std::vector<NodeId> starts_, ends_;
  std::vector<std::uint32_t> rows_;   // of the input batch, start by start
  std::vector<std::uint32_t> first_;  // of each start, in rows_; one more than starts
  std::uint32_t within_ = 0;          // rows of the current hop that are done
  NodeSet ends_seen_{runtime_.budget()};
  std::unique_ptr<HopCursor> cursor_;
  Hop hops_[128];  // few enough to cost little where a query expands from one node
  std::size_t position_ = 0, pending_ = 0;
};

// The ends of relationships that the row has already: one, or a list of them in a chain.
class BoundRelationshipOperator final : public ExpandingOperator {
 public:
  using ExpandingOperator::ExpandingOperator;

 private:
  void start_batch() override {
    types_.resolve(plan_, runtime_);
    row_ = 0;
    backward_ = false;
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_) {
      const Value& v = in_->at(plan_.relationship, row_);
      for (int pass = backward_ ? 1 : 0; pass < 2; ++pass) {
        if (out_.full()) {
          backward_ = pass == 1;
          return true;
        }
        if (plan_.bound_list) {
          if (v.is(Kind::list)) walk(v.as_list(), pass == 1);
        } else if (v.is(Kind::relationship)) {
          const RelationshipRef& r = v.as_relationship();
          if (accepts(r, pass == 1))
            emit(pass == 1 ? r.target : r.source, pass == 1 ? r.source : r.target);
        }
      }
      backward_ = false;
    }
    return false;
  }

  bool accepts(const RelationshipRef& r, bool backward) const {
    if (plan_.direction == Direction::out && backward) return false;
    if (plan_.direction == Direction::in && !backward) return false;
    if (backward && r.source == r.target && plan_.direction == Direction::both) return false;
    return of_type(r) && !holds_relationship(*in_, row_, plan_.distinct_from, r.id);
  }

  bool of_type(const RelationshipRef& r) const {
    if (!types_.possible() || !types_.accepts(r.type)) return false;
    for (const NameId t : types_.types())
      if (t == r.type) return true;
    return types_.types().empty();
  }

  void walk(std::span<const Value> list, bool backward) {
    const auto n = static_cast<std::int64_t>(list.size());
    if (n < plan_.min || (plan_.max >= 0 && n > plan_.max)) return;
    if (n == 0) {
      if (!backward && plan_.from_bound)
        emit(in_->at(plan_.from, row_).as_node(), in_->at(plan_.from, row_).as_node());
      return;
    }
    // The pattern's left end is one of the two ends of the first relationship.
    if (!list[0].is(Kind::relationship)) return;
    const RelationshipRef& first = list[0].as_relationship();
    if (backward && first.source == first.target) return;
    NodeId at = backward ? first.target : first.source;
    const NodeId start = at;
    for (const Value& v : list) {
      if (!v.is(Kind::relationship)) return;
      const RelationshipRef& r = v.as_relationship();
      const bool out = r.source == at;
      const bool in = r.target == at;
      if (!of_type(r) || holds_relationship(*in_, row_, plan_.distinct_from, r.id)) return;
      if (out && plan_.direction != Direction::in) {
        at = r.target;
      } else if (in && plan_.direction != Direction::out) {
        at = r.source;
      } else {
        return;
      }
    }
    emit(start, at);
  }

  void emit(NodeId from, NodeId to) {
    const auto same = [&](int slot, NodeId id) {
      const Value& v = in_->at(slot, row_);
      return v.is(Kind::node) && v.as_node() == id;
    };
    if (plan_.from_bound && !same(plan_.from, from)) return;
    if (plan_.to_bound && !same(plan_.to, to)) return;
    if (plan_.from == plan_.to && from != to) return;
    const std::uint32_t at = out_.append(*in_, row_);
    put(plan_.from, at, Value::node(from));
    put(plan_.to, at, Value::node(to));
  }

  TypeFilter types_;
  std::uint32_t row_ = 0;
  bool backward_ = false;
};

}  // namespace

OperatorPtr make_expand(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  if (plan.op == Op::bound_relationship)
    return std::make_unique<BoundRelationshipOperator>(runtime, plan, std::move(input));
  return std::make_unique<ExpandOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
