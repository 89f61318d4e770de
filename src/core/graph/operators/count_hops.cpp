// An expansion of which only the number of hops is asked for: one row for each input row that has
// some, with their number.
#include <algorithm>

#include "core/graph/operators/base.h"
#include "core/graph/operators/label_test.h"

namespace rv::graph {
namespace {

class CountHopsOperator final : public ExpandingOperator {
 public:
  CountHopsOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)) {
    for (const Expr* e : plan.end_labels)
      labels_.push_back(std::make_unique<LabelTest>(runtime, *e));
  }

 private:
  void start_batch() override {
    types_.resolve(plan_, runtime_);
    row_ = 0;
    counts_.assign(in_->rows, 0);
    sorted_.clear();
    for (std::uint32_t i = 0; i < in_->rows; ++i) {
      const Value& from = in_->at(plan_.from, i);
      if (from.is(Kind::node)) sorted_.emplace_back(from.as_node(), i);
    }
    std::sort(sorted_.begin(), sorted_.end());
    starts_.clear();
    first_.clear();
    for (std::size_t k = 0; k < sorted_.size(); ++k) {
      if (!starts_.empty() && starts_.back() == sorted_[k].first) continue;
      starts_.push_back(sorted_[k].first);
      first_.push_back(k);
    }
    first_.push_back(sorted_.size());
    if (starts_.empty() || !types_.possible()) return;
    if (!count_degrees()) count_ends();
  }

  // The degree of each start, less the relationships that a row has already: those are known by
  // their ends, so that no hop need be looked at. False when only the hops can tell.
  bool count_degrees() {
    // A relationship that this statement deleted is no hop any more, though a row still holds it.
    if (!plan_.distinct_from.empty() && runtime_.writes() != 0) return false;
    degrees_.resize(starts_.size());
    if (labels_.empty()) {
      runtime_.store().degrees(starts_, plan_.direction, types_.types(), degrees_.data());
    } else {
      wanted_.clear();
      for (const auto& label : labels_) wanted_.push_back(label->label());
      // No such label yet: none of the ends has it, if they are all there.
      if (std::find(wanted_.begin(), wanted_.end(), kNoName) != wanted_.end()) return false;
      if (!runtime_.store().degrees_to(starts_, plan_.direction, types_.types(), wanted_,
                                       degrees_.data()))
        return false;
    }
    for (std::size_t s = 0; s < starts_.size(); ++s) {
      if (degrees_[s] == 0) continue;
      for (std::size_t k = first_[s]; k < first_[s + 1]; ++k) {
        const std::uint32_t row = sorted_[k].second;
        counts_[row] = degrees_[s] - held_at(row, starts_[s]);
      }
    }
    return true;
  }

  // How many of the row's relationships are hops of this start.
  std::int64_t held_at(std::uint32_t row, NodeId start) {
    if (plan_.distinct_from.empty()) return 0;
    held_.clear();
    for (const int slot : plan_.distinct_from) {
      const Value& v = in_->at(slot, row);
      if (v.is(Kind::relationship)) note_held(v.as_relationship(), start);
      if (!v.is(Kind::list)) continue;
      for (const Value& item : v.as_list())
        if (item.is(Kind::relationship)) note_held(item.as_relationship(), start);
    }
    return static_cast<std::int64_t>(held_.size());
  }

  void note_held(const RelationshipRef& r, NodeId start) {
    const bool leaves = r.source == start && plan_.direction != Direction::in;
    const bool arrives = r.target == start && plan_.direction != Direction::out;
    if (!leaves && !arrives) return;
    const auto types = types_.types();
    if (!types.empty() && std::find(types.begin(), types.end(), r.type) == types.end()) return;
    const NodeId end = leaves ? r.target : r.source;
    for (const auto& label : labels_) {
      if (!label->ask(end)) raise_deleted("node");
      if (!label->has(end)) return;
    }
    if (std::find(held_.begin(), held_.end(), r.id) == held_.end()) held_.push_back(r.id);
  }

  // The hops of a start come one after the other.
  void count_ends() {
    const auto cursor = runtime_.store().expand(starts_, plan_.direction, types_.types());
    std::uint32_t start = 0;
    accepted_.clear();
    for (std::size_t n = 0; (n = cursor->next(hops_)) > 0;) {
      runtime_.tick();
      for (const auto& label : labels_)
        if (!label->ask({hops_, n})) raise_deleted("node");
      for (std::size_t i = 0; i < n; ++i) {
        const Hop& h = hops_[i];
        if (h.input != start) finish(start);
        start = h.input;
        const bool good = std::all_of(labels_.begin(), labels_.end(),
                                      [&](const auto& label) { return label->has(h.other); });
        if (good) accepted_.push_back(h.relationship.id);
      }
    }
    finish(start);
  }

  // Every row at this start counts its hops, but not those along relationships it has already.
  void finish(std::uint32_t start) {
    const auto all = static_cast<std::int64_t>(accepted_.size());
    for (std::size_t k = first_[start]; all > 0 && k < first_[start + 1]; ++k) {
      const std::uint32_t row = sorted_[k].second;
      counts_[row] = all - (touches(row, starts_[start]) ? held(row) : 0);
    }
    accepted_.clear();
  }

  // Can a relationship that the row has be one of this start's?
  bool touches(std::uint32_t row, NodeId start) const {
    return std::any_of(plan_.distinct_from.begin(), plan_.distinct_from.end(), [&](int slot) {
      const Value& v = in_->at(slot, row);
      if (v.is(Kind::list)) return true;
      if (!v.is(Kind::relationship)) return false;
      return v.as_relationship().source == start || v.as_relationship().target == start;
    });
  }

  std::int64_t held(std::uint32_t row) const {
    return std::count_if(accepted_.begin(), accepted_.end(), [&](RelationshipId id) {
      return holds_relationship(*in_, row, plan_.distinct_from, id);
    });
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_) {
      if (counts_[row_] == 0) continue;
      if (out_.full()) return true;
      put(plan_.count_slot, out_.append(*in_, row_), Value::integer(counts_[row_]));
    }
    return false;
  }

  TypeFilter types_;
  std::vector<std::unique_ptr<LabelTest>> labels_;
  std::vector<std::pair<NodeId, std::uint32_t>> sorted_;  // starts and their rows
  std::vector<NodeId> starts_;
  std::vector<std::size_t> first_;  // of each start, in sorted_; one more than starts
  std::vector<std::int64_t> counts_, degrees_;
  std::vector<NameId> wanted_;            // labels of the far end
  std::vector<RelationshipId> held_;      // of one row, at its start
  std::vector<RelationshipId> accepted_;  // of the current start
  std::uint32_t row_ = 0;
  Hop hops_[512];
};

}  // namespace

OperatorPtr make_count_hops(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<CountHopsOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
