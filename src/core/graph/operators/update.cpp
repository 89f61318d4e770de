// CREATE, SET, REMOVE, DELETE.
#include <unordered_set>

#include "core/graph/operators/base.h"
#include "core/graph/operators/changes.h"
#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {
namespace {

class CreateOperator final : public UnaryOperator {
 public:
  CreateOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : UnaryOperator(runtime, plan, std::move(input)), columns_(runtime.slots(), {}) {
    for (const PatternPart& part : plan.clause->pattern) {
      for (const auto& n : part.nodes)
        if (n.declared) columns_.add(n.slot);
      for (const auto& r : part.relationships) columns_.add(r.slot);
    }
  }
  bool rest() noexcept override { return rest_unary(); }

 private:
  Batch* produce() override {
    arena_.reset();
    Batch* b = input_->next();
    if (b == nullptr) return nullptr;
    eval_.start(*b);
    PatternCreator creator(runtime_, arena_);
    for (const PatternPart& part : plan_.clause->pattern) {
      for (const auto& n : part.nodes) {
        if (!n.declared) continue;
        Value* out = columns_.batch.column(n.slot);
        creator.nodes(n, eval_, b->rows, out);
        b->column(n.slot) = out;
        created(*b);
      }
    }
    for (const PatternPart& part : plan_.clause->pattern) {
      for (std::size_t i = 0; i < part.relationships.size(); ++i) {
        Value* out = columns_.batch.column(part.relationships[i].slot);
        creator.relationships(part, i, eval_, *b, out);
        b->column(part.relationships[i].slot) = out;
        created(*b);
      }
    }
    return b;
  }

  void created(const Batch& b) {
    if (!plan_.advance) return;
    runtime_.advance();
    eval_.start(b);
  }

  OwnedBatch columns_;
};

class SetOperator final : public UnaryOperator {
 public:
  using UnaryOperator::UnaryOperator;
  bool rest() noexcept override {
    written_ = {};
    return rest_unary();
  }

 private:
  Batch* produce() override {
    arena_.reset();
    Batch* b = input_->next();
    if (b == nullptr) return nullptr;
    const SetItem& item = *plan_.item;
    const bool remove = plan_.clause->kind == Clause::Kind::remove;
    Changes changes(runtime_, arena_);
    eval_.start(*b);
    for (std::uint32_t i = 0; i < b->rows; ++i) {
      const Value entity = eval_(*item.target, i);
      // A row that reads what an earlier row wrote must see it.
      if (plan_.per_row && !entity.is_null() && !fresh(entity)) {
        changes.apply();
        runtime_.advance();
        written_.clear();
        fresh(entity);
        eval_.start(*b);
      }
      changes.add(item, entity, eval_, i, remove);
    }
    changes.apply();
    return b;
  }

  bool fresh(const Value& entity) {
    if (entity.is(Kind::node)) return written_.insert(entity.as_node()).second;
    if (entity.is(Kind::relationship)) return written_.insert(~entity.as_relationship().id).second;
    return true;
  }

  std::unordered_set<std::int64_t> written_;
};

class DeleteOperator final : public UnaryOperator {
 public:
  using UnaryOperator::UnaryOperator;
  void open() override {
    UnaryOperator::open();
    nodes_.clear();
    relationships_.clear();
    done_ = false;
  }
  bool rest() noexcept override {
    nodes_ = {};
    relationships_ = {};
    return rest_unary();
  }

 private:
  Batch* produce() override {
    arena_.reset();
    Batch* b = done_ ? nullptr : input_->next();
    if (b == nullptr) {
      if (!done_) remove();
      done_ = true;
      return nullptr;
    }
    eval_.start(*b);
    for (std::uint32_t i = 0; i < b->rows; ++i)
      for (const auto& e : plan_.exprs) {
        const Value v = eval_(*e.expr, i);
        runtime_.position = e.expr->span.begin;
        take(v);
      }
    return b;
  }

  void take(const Value& v) {
    switch (v.kind()) {
      case Kind::null:
        return;
      case Kind::node:
        nodes_.insert(v.as_node());
        return;
      case Kind::relationship:
        relationships_.insert(v.as_relationship().id);
        return;
      case Kind::path: {
        const PathData& p = v.as_path();
        for (std::uint32_t i = 0; i <= p.length; ++i) nodes_.insert(p.nodes[i]);
        for (std::uint32_t i = 0; i < p.length; ++i) relationships_.insert(p.relationships[i]->id);
        return;
      }
      default:
        raise_type("DELETE expects NODE, RELATIONSHIP or PATH, found " +
                   std::string(kind_name(v.kind())));
    }
  }

  void remove() {
    const std::vector<NodeId> nodes(nodes_.begin(), nodes_.end());
    if (plan_.clause->detach && !nodes.empty()) {
      const auto cursor = runtime_.store().expand(nodes, Direction::both, {});
      Hop hops[512];
      for (std::size_t n = 0; (n = cursor->next(hops)) > 0;) {
        runtime_.tick();
        for (std::size_t k = 0; k < n; ++k) relationships_.insert(hops[k].relationship.id);
      }
    }
    const std::vector<RelationshipId> relationships(relationships_.begin(), relationships_.end());
    runtime_.position = plan_.clause->span.begin;
    if (!relationships.empty()) runtime_.store().delete_relationships(relationships);
    if (!nodes.empty()) runtime_.store().delete_nodes(nodes);
    runtime_.wrote();
  }

  std::unordered_set<NodeId> nodes_;
  std::unordered_set<RelationshipId> relationships_;
  bool done_ = false;
};

}  // namespace

OperatorPtr make_update(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  switch (plan.op) {
    case Op::create:
      return std::make_unique<CreateOperator>(runtime, plan, std::move(input));
    case Op::set:
      return std::make_unique<SetOperator>(runtime, plan, std::move(input));
    default:
      return std::make_unique<DeleteOperator>(runtime, plan, std::move(input));
  }
}

}  // namespace rv::graph
