// Operators for a plan.
#include <chrono>

#include "core/graph/operators/base.h"
#include "core/graph/query_error.h"

namespace rv::graph {

Batch* Operator::next() {
  if (!runtime_.profiling) {
    Batch* b = produce();
    runtime_.tick();
    return b;
  }
  const auto pages = [this] {
    const auto count = runtime_.environment().pages;
    return count == nullptr ? 0 : count();
  };
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t pages_before = pages();
  Batch* b = produce();
  runtime_.tick();
  Profile& p = runtime_.profile[static_cast<std::size_t>(plan_.id)];
  p.nanoseconds += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start)
          .count());
  p.pages += pages() - pages_before;
  if (b != nullptr) p.rows += b->rows;
  return b;
}

namespace {

OperatorPtr build(const PlanNode& plan, Runtime& runtime, std::vector<ArgumentSource*>& arguments) {
  if (plan.op == Op::argument) {
    ArgumentSource* source = nullptr;
    OperatorPtr op = make_argument(runtime, plan, source);
    arguments.push_back(source);
    return op;
  }
  if (plan.op == Op::union_all) {
    std::vector<OperatorPtr> inputs;
    for (const auto& child : plan.children) inputs.push_back(build(*child, runtime, arguments));
    return make_union(runtime, plan, std::move(inputs));
  }
  OperatorPtr input = build(*plan.children[0], runtime, arguments);
  switch (plan.op) {
    case Op::node_scan:
    case Op::label_scan:
    case Op::index_seek:
    case Op::id_seek:
    case Op::relationship_scan:
      return make_scan(runtime, plan, std::move(input));
    case Op::vector_search:
      return make_vector_search(runtime, plan, std::move(input));
    case Op::expand:
      if (plan.count_slot != kNoSlot) return make_count_hops(runtime, plan, std::move(input));
      [[fallthrough]];
    case Op::expand_into:
    case Op::bound_relationship:
      return make_expand(runtime, plan, std::move(input));
    case Op::reach:
      return make_reach(runtime, plan, std::move(input));
    case Op::var_expand:
      return make_var_expand(runtime, plan, std::move(input));
    case Op::repeat:
      return make_repeat(runtime, plan, std::move(input));
    case Op::shortest_path:
      return make_shortest_path(runtime, plan, std::move(input));
    case Op::aggregate:
      return make_aggregate(runtime, plan, std::move(input));
    case Op::sort:
      return make_sort(runtime, plan, std::move(input));
    case Op::eager:
      return make_eager(runtime, plan, std::move(input));
    case Op::hash_join:
      return make_hash_join(runtime, plan, std::move(input));
    case Op::optional:
    case Op::apply:
      return make_apply(runtime, plan, std::move(input));
    case Op::create:
    case Op::set:
    case Op::delete_:
      return make_update(runtime, plan, std::move(input));
    case Op::merge:
      return make_merge(runtime, plan, std::move(input));
    case Op::procedure:
      return make_procedure(runtime, plan, std::move(input));
    default:
      return make_row_operator(runtime, plan, std::move(input));
  }
}

}  // namespace

OperatorTree make_operators(const PlanNode& plan, Runtime& runtime) {
  OperatorTree tree;
  tree.root = build(plan, runtime, tree.arguments);
  return tree;
}

void TypeFilter::resolve(const PlanNode& plan, Runtime& runtime) {
  types_.clear();
  runtime_ = &runtime;
  expr_ = plan.type_expr;
  for (const int index : plan.types) {
    const NameId id = runtime.name(index);
    if (id != kNoName) types_.push_back(id);
  }
  possible_ = plan.types.empty() || !types_.empty();
}

bool TypeFilter::accepts(NameId type) const {
  return expr_ == nullptr || matches_type(*expr_, runtime_->store().name(NameKind::type, type));
}

bool holds_relationship(const Batch& batch, std::uint32_t row, std::span<const int> slots,
                        RelationshipId id) {
  for (const int slot : slots) {
    const Value& v = batch.at(slot, row);
    if (v.is(Kind::relationship) && v.as_relationship().id == id) return true;
    if (!v.is(Kind::list)) continue;
    for (const Value& item : v.as_list())
      if (item.is(Kind::relationship) && item.as_relationship().id == id) return true;
  }
  return false;
}

std::uint64_t row_count(const Expr& e, const char* what, Runtime& runtime) {
  Arena arena(runtime.budget());
  static const std::vector<Fetch> none;
  Evaluator eval(runtime, arena, none);
  const Batch nothing(0);
  eval.start(nothing);
  const Value v = eval(e, 0);
  runtime.position = e.span.begin;
  if (!v.is(Kind::integer))
    raise(ErrorCode::syntax_error, std::string(what) + " expects a non-negative integer",
          "SyntaxError: InvalidArgumentType");
  if (v.as_integer() < 0)
    raise(ErrorCode::syntax_error,
          std::string(what) + " must not be negative, it is " + std::to_string(v.as_integer()),
          "SyntaxError: NegativeIntegerArgument");
  return static_cast<std::uint64_t>(v.as_integer());
}

}  // namespace rv::graph
