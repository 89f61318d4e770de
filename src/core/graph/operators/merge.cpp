// MERGE: match, or create what does not match; row by row, each seeing what the ones before made.
#include "core/graph/operators/base.h"
#include "core/graph/operators/changes.h"
#include "core/graph/query_error.h"

namespace rv::graph {
namespace {

class MergeOperator final : public ExpandingOperator {
 public:
  MergeOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)),
        tree_(make_operators(*plan.children[1], runtime)),
        one_(runtime.slots(), row_slots(plan), 1),
        part_(plan.clause->pattern[0]) {}
  bool rest() noexcept override {
    match_arena_.reset();
    found_ = {};
    return tree_.root->rest() && rest_expanding();
  }

 private:
  // Everything that the created pattern and the SET items read or write.
  static std::vector<int> row_slots(const PlanNode& plan) {
    std::vector<int> out = plan.children[0]->live;
    for (const int slot : plan.keys) out.push_back(slot);
    return out;
  }

  void start_batch() override {
    row_ = 0;
    found_.clear();
    next_ = 0;
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_) {
      if (next_ == 0) merge_row();
      for (; next_ < found_.size(); ++next_) {
        if (out_.full()) return true;
        const std::uint32_t at = out_.append(*in_, row_);
        for (std::size_t k = 0; k < plan_.keys.size(); ++k)
          if (out_.owns(plan_.keys[k])) put(plan_.keys[k], at, found_[next_][k]);
      }
      next_ = 0;
    }
    return false;
  }

  void merge_row() {
    check_values();
    found_.clear();
    match_arena_.reset();
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      search();
      if (!found_.empty()) {
        for (const Value* values : found_) set(plan_.clause->match_sets, values);
        return;
      }
      if (create()) return;
      runtime_.advance();  // somebody else was faster: find theirs
    }
    throw Error(ErrorCode::wrong_state, "MERGE lost against concurrent transactions too often", {},
                "Retry the transaction.");
  }

  void search() {
    tree_.set(in_, row_, row_ + 1);
    tree_.root->open();
    while (Batch* b = tree_.root->next()) {
      for (std::uint32_t i = 0; i < b->rows; ++i) {
        auto* values = match_arena_.array<Value>(plan_.keys.size());
        for (std::size_t k = 0; k < plan_.keys.size(); ++k) {
          const Value* column = b->columns[static_cast<std::size_t>(plan_.keys[k])];
          new (values + k) Value(column == nullptr ? Value() : copy_value(column[i], match_arena_));
        }
        found_.push_back(values);
      }
    }
  }

  void check_values() {
    const auto check = [this](const ExprPtr& properties) {
      if (properties == nullptr) return;
      for (std::size_t i = 0; i < properties->args.size(); ++i) {
        if (!in_->at(properties->args[i]->slot, row_).is_null()) continue;
        runtime_.position = properties->args[i]->span.begin;
        raise(ErrorCode::null_not_allowed,
              "property " + properties->names[i] + " is null in MERGE, which nothing can match",
              "SemanticError: MergeReadOwnWrites");
      }
    };
    for (const auto& n : part_.nodes) check(n.properties);
    for (const auto& r : part_.relationships) check(r.properties);
  }

  // False: another transaction's node or relationship is there now.
  bool create() {
    one_.batch.rows = 0;
    one_.append(*in_, row_);
    Evaluator eval(runtime_, match_arena_, plan_.fetches);
    eval.start(one_.batch);
    PatternCreator creator(runtime_, match_arena_);
    if (part_.relationships.empty()) {
      const NodePattern& n = part_.nodes[0];
      const auto id = runtime_.store().create_unless_conflicting(creator.new_node(n, eval, 0));
      if (!id) return false;
      runtime_.wrote();
      one_.batch.column(n.slot)[0] = Value::node(*id);
    } else {
      if (!claim()) return false;
      for (const auto& n : part_.nodes)
        if (n.declared) creator.nodes(n, eval, 1, one_.batch.column(n.slot));
      for (std::size_t i = 0; i < part_.relationships.size(); ++i)
        creator.relationships(part_, i, eval, one_.batch,
                              one_.batch.column(part_.relationships[i].slot));
    }
    auto* values = match_arena_.array<Value>(plan_.keys.size());
    for (std::size_t k = 0; k < plan_.keys.size(); ++k)
      new (values + k) Value(one_.batch.column(plan_.keys[k])[0]);
    found_.push_back(values);
    runtime_.advance();
    set(plan_.clause->sets, values);
    return true;
  }

  // False: another transaction made such a relationship since the search.
  bool claim() {
    std::vector<NewRelationship> wanted;
    for (std::size_t i = 0; i < part_.relationships.size(); ++i) {
      const RelationshipPattern& r = part_.relationships[i];
      const auto end = [this](const NodePattern& n) {
        if (n.declared) return kNewNode;
        const Value& v = one_.batch.at(n.slot, 0);
        return v.is(Kind::node) ? v.as_node() : kNewNode;
      };
      const NodeId left = end(part_.nodes[i]);
      const NodeId right = end(part_.nodes[i + 1]);
      if (left == kNewNode && right == kNewNode) continue;
      const NameId type = runtime_.intern(r.types->name_index);
      if (r.direction != Direction::in) wanted.push_back({type, left, right, {}});
      if (r.direction != Direction::out) wanted.push_back({type, right, left, {}});
    }
    return runtime_.store().claim_relationships(wanted);
  }

  void set(const std::vector<SetItem>& items, const Value* values) {
    if (items.empty()) return;
    one_.batch.rows = 0;
    one_.append(*in_, row_);
    for (std::size_t k = 0; k < plan_.keys.size(); ++k)
      one_.batch.column(plan_.keys[k])[0] = values[k];
    Evaluator eval(runtime_, match_arena_, plan_.fetches);
    for (const SetItem& item : items) {
      Changes changes(runtime_, match_arena_);
      eval.start(one_.batch);
      changes.add(item, eval(*item.target, 0), eval, 0, false);
      changes.apply();
      runtime_.advance();
    }
  }

  static constexpr int kAttempts = 10;
  OperatorTree tree_;
  OwnedBatch one_;
  const PatternPart& part_;
  Arena match_arena_{runtime_.budget()};
  std::uint32_t row_ = 0;
  std::vector<const Value*> found_;
  std::size_t next_ = 0;
};

}  // namespace

OperatorPtr make_merge(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<MergeOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
