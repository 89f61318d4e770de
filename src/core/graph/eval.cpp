#include "core/graph/eval.h"

#include <algorithm>

#include "core/graph/function.h"
#include "core/graph/query_error.h"
#include "core/graph/subquery.h"
#include "core/graph/temporal.h"

namespace rv::graph {

Evaluator::Evaluator(Runtime& runtime, Arena& arena, const std::vector<Fetch>& fetches)
    : runtime_(runtime), arena_(arena), fetches_(fetches), columns_(fetches.size()) {}

void Evaluator::start(const Batch& batch) {
  batch_ = &batch;
  for (Column& c : columns_) c.read = false;
  // A list of a column may be another one at the same place now.
  for (auto& a : asked_lists_) {
    if (a->expr->kind != ExprKind::variable) continue;
    a->set.reset();
    a->last = {};
  }
}

void Evaluator::rest() noexcept {
  constexpr std::size_t kFewValues = 64;
  batch_ = nullptr;
  asked_lists_.clear();
  for (Column& c : columns_) {
    c.read = false;
    if (c.room.size() > kFewValues || !c.labels.empty()) c = Column();
  }
}

Evaluator::Column& Evaluator::column(int fetch) {
  Column& c = columns_[static_cast<std::size_t>(fetch)];
  if (!c.read) read_column(fetch, c);
  return c;
}

// One store access for all rows of the batch.
void Evaluator::read_column(int fetch, Column& c) {
  const Fetch& f = fetches_[static_cast<std::size_t>(fetch)];
  const std::uint32_t rows = batch_->rows;
  nodes_.clear();
  relationships_.clear();
  node_rows_.clear();
  relationship_rows_.clear();
  const Value* values = batch_->columns[static_cast<std::size_t>(f.slot)];
  for (std::uint32_t i = 0; i < rows; ++i) {
    const Value& v = values[i];
    if (v.is(Kind::node)) {
      nodes_.push_back(v.as_node());
      node_rows_.push_back(i);
    } else if (v.is(Kind::relationship)) {
      relationships_.push_back(v.as_relationship().id);
      relationship_rows_.push_back(i);
    }
  }
  if (c.flag_room < rows) {
    c.flag_room = std::max(rows, std::min(2 * c.flag_room, kBatchRows));
    c.flags = std::make_unique<bool[]>(c.flag_room);
  }
  c.found = c.flags.get();
  std::fill(c.flags.get(), c.flags.get() + rows, true);
  if (f.key_index < 0) {
    read_labels(f, c);
  } else {
    read_properties(f, c);
  }
}

void Evaluator::read_labels(const Fetch&, Column& c) {
  c.labels.assign(batch_->rows, {});
  c.read = true;
  if (nodes_.empty()) return;
  std::vector<std::span<const NameId>> out(nodes_.size());
  const auto flags = std::make_unique<bool[]>(nodes_.size());
  runtime_.store().read_node_labels(nodes_, arena_, out.data(), flags.get());
  for (std::size_t k = 0; k < nodes_.size(); ++k) {
    c.labels[node_rows_[k]] = out[k];
    c.flags[node_rows_[k]] = flags[k];
  }
}

// The other properties of the same column come along: a row is found once.
void Evaluator::read_properties(const Fetch& f, Column& c) {
  const std::uint32_t rows = batch_->rows;
  keys_.clear();
  for (std::size_t k = 0; k < fetches_.size(); ++k) {
    if (fetches_[k].slot != f.slot || fetches_[k].key_index < 0 || columns_[k].read) continue;
    // A key that the graph does not have is read nevertheless: the entity may be deleted.
    keys_.push_back(runtime_.name(fetches_[k].key_index));
  }
  const std::size_t keys = keys_.size();
  c.room.resize(rows * keys);
  std::size_t at = 0;
  for (std::size_t k = 0; k < fetches_.size(); ++k) {
    if (fetches_[k].slot != f.slot || fetches_[k].key_index < 0 || columns_[k].read) continue;
    columns_[k].values = c.room.data() + rows * at++;
    columns_[k].found = c.flags.get();
    columns_[k].read = true;
  }
  if (nodes_.size() < rows && relationships_.size() < rows)
    std::fill(c.room.begin(), c.room.end(), Value());
  read_some(nodes_, node_rows_, keys, c, [&](Value* out, bool* found) {
    runtime_.store().read_node_properties(nodes_, keys_, arena_, out, found);
  });
  read_some(relationships_, relationship_rows_, keys, c, [&](Value* out, bool* found) {
    runtime_.store().read_relationship_properties(relationships_, keys_, arena_, out, found);
  });
}

// Straight into the columns where every row has such an entity, else each to its row.
template <class Read>
void Evaluator::read_some(std::span<const std::int64_t> ids, std::span<const std::uint32_t> rows,
                          std::size_t keys, Column& c, Read read) {
  const std::size_t all = batch_->rows;
  if (ids.empty()) return;
  if (ids.size() == all) return read(c.room.data(), c.flags.get());
  std::vector<Value> out(ids.size() * keys);
  const auto found = std::make_unique<bool[]>(ids.size());
  read(out.data(), found.get());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    c.flags[rows[i]] = found[i];
    for (std::size_t k = 0; k < keys; ++k) c.room[k * all + rows[i]] = out[k * ids.size() + i];
  }
}

Value Evaluator::eval(const Expr& e) {
  if (e.replaced) return batch_->at(e.slot, row_);
  switch (e.kind) {
    case ExprKind::literal:
      return e.literal;
    case ExprKind::parameter:
      return runtime_.parameter(e.parameter_index);
    case ExprKind::variable:
      return e.local ? runtime_.local(e.slot) : batch_->at(e.slot, row_);
    case ExprKind::property:
      return property_of(e);
    case ExprKind::index:
      return index_of(e);
    case ExprKind::slice:
      return slice_of(e);
    case ExprKind::list: {
      auto* items = arena_.array<Value>(e.args.size());
      for (std::size_t i = 0; i < e.args.size(); ++i) new (items + i) Value(eval(*e.args[i]));
      return Value::list({items, e.args.size()});
    }
    case ExprKind::map:
      return make_map(e);
    case ExprKind::map_projection:
      return map_projection(e);
    case ExprKind::logical_not:
    case ExprKind::logical_and:
    case ExprKind::logical_or:
    case ExprKind::logical_xor:
      return logical(e);
    case ExprKind::compare:
      return compare_chain(e);
    case ExprKind::arithmetic:
      return arithmetic(e);
    case ExprKind::negate: {
      const Value v = eval(*e.args[0]);
      runtime_.position = e.span.begin;
      if (v.is(Kind::floating)) return Value::floating(-v.as_floating());
      if (v.is(Kind::duration)) return rv::graph::arithmetic('*', v, Value::integer(-1), arena_);
      return rv::graph::arithmetic('-', Value::integer(0), v, arena_);
    }
    case ExprKind::plus:
      return eval(*e.args[0]);
    case ExprKind::in:
      return in_list(e);
    case ExprKind::starts_with:
    case ExprKind::ends_with:
    case ExprKind::contains:
    case ExprKind::matches:
      return string_predicate(e);
    case ExprKind::is_null:
      return Value::boolean(eval(*e.args[0]).is_null());
    case ExprKind::is_not_null:
      return Value::boolean(!eval(*e.args[0]).is_null());
    case ExprKind::has_labels:
      return has_labels(e);
    case ExprKind::call:
      return call(e);
    case ExprKind::case_of:
      return case_of(e);
    case ExprKind::list_comprehension:
      return list_comprehension(e);
    case ExprKind::quantifier:
      return quantifier(e);
    case ExprKind::reduce:
      return reduce(e);
    case ExprKind::exists_subquery:
    case ExprKind::count_subquery:
    case ExprKind::collect_subquery:
      return subquery(e);
    case ExprKind::count_star:
      break;
  }
  throw Error(ErrorCode::internal, "aggregate evaluated as a plain expression");
}

Truth Evaluator::truth_of(const Expr& e) {
  const Value v = eval(e);
  if (v.is(Kind::boolean)) return truth(v.as_boolean());
  if (v.is_null()) return Truth::unknown;
  runtime_.position = e.span.begin;
  raise_type("expected BOOLEAN, found " + std::string(kind_name(v.kind())));
}

Value Evaluator::logical(const Expr& e) {
  switch (e.kind) {
    case ExprKind::logical_not:
      return to_value(negated(truth_of(*e.args[0])));
    case ExprKind::logical_xor: {
      Truth t = truth_of(*e.args[0]);
      for (std::size_t i = 1; i < e.args.size(); ++i) {
        const Truth u = truth_of(*e.args[i]);
        t = t == Truth::unknown || u == Truth::unknown ? Truth::unknown : truth(t != u);
      }
      return to_value(t);
    }
    default: {
      // One decisive operand decides, whatever the others are; later ones are not evaluated.
      const Truth decisive = truth(e.kind == ExprKind::logical_or);
      bool unknown = false;
      for (const auto& arg : e.args) {
        const Truth t = truth_of(*arg);
        if (t == decisive) return to_value(t);
        unknown = unknown || t == Truth::unknown;
      }
      return unknown ? Value::null() : to_value(negated(decisive));
    }
  }
}

// a < b <= c is a < b AND b <= c with b evaluated once.
Value Evaluator::compare_chain(const Expr& e) {
  Truth out = Truth::yes;
  Value left = eval(*e.args[0]);
  for (std::size_t i = 1; i < e.args.size(); ++i) {
    const Value right = eval(*e.args[i]);
    const std::string& op = e.names[i - 1];
    Truth t;
    if (op == "=") {
      t = equals(left, right);
    } else if (op == "<>") {
      t = negated(equals(left, right));
    } else if (op == "<") {
      t = less(left, right);
    } else if (op == "<=") {
      t = less_or_equal(left, right);
    } else if (op == ">") {
      t = less(right, left);
    } else {
      t = less_or_equal(right, left);
    }
    if (t == Truth::no) return Value::boolean(false);
    if (t == Truth::unknown) out = t;
    left = right;
  }
  return to_value(out);
}

Value Evaluator::arithmetic(const Expr& e) {
  Value left = eval(*e.args[0]);
  for (std::size_t i = 1; i < e.args.size(); ++i) {
    const Value right = eval(*e.args[i]);
    runtime_.position = e.args[i]->span.begin;
    const char op = e.names[i - 1][0];
    left = op == '|' ? add(left, right, arena_) : rv::graph::arithmetic(op, left, right, arena_);
  }
  return left;
}

Value Evaluator::string_predicate(const Expr& e) {
  const Value text = eval(*e.args[0]);
  const Value part = eval(*e.args[1]);
  if (!text.is(Kind::string) || !part.is(Kind::string)) return Value::null();
  const auto s = text.as_string();
  const auto p = part.as_string();
  switch (e.kind) {
    case ExprKind::starts_with:
      return Value::boolean(s.starts_with(p));
    case ExprKind::ends_with:
      return Value::boolean(s.ends_with(p));
    case ExprKind::contains:
      return Value::boolean(s.find(p) != std::string_view::npos);
    default:
      break;
  }
  runtime_.position = e.args[1]->span.begin;
  if (runtime_.environment().matches == nullptr)
    throw Error(ErrorCode::not_supported, "regular expressions are not available here");
  return Value::boolean(runtime_.environment().matches(p, s));
}

Value Evaluator::property_of(const Expr& e) {
  if (reads_ahead(e, e.name_index)) {
    const Value& base = batch_->at(e.args[0]->slot, row_);
    if (base.is(Kind::node) || base.is(Kind::relationship)) {
      const Column& c = column(e.fetch);
      if (!c.found[row_]) {
        runtime_.position = e.span.begin;
        raise_deleted(base.is(Kind::node) ? "node" : "relationship");
      }
      return c.values[row_];
    }
  }
  const Value base = eval(*e.args[0]);
  if (base.is_null()) return base;
  runtime_.position = e.span.begin;
  return property(base, e.name_index);
}

Value Evaluator::entity_property(const Value& entity, NameId key, const char* what) {
  Value out;
  bool found = false;
  if (entity.is(Kind::node)) {
    const NodeId id = entity.as_node();
    runtime_.store().read_node_properties({&id, 1}, {&key, 1}, arena_, &out, &found);
  } else {
    const RelationshipId id = entity.as_relationship().id;
    runtime_.store().read_relationship_properties({&id, 1}, {&key, 1}, arena_, &out, &found);
  }
  if (!found) raise_deleted(what);
  return out;
}

Value Evaluator::property(const Value& base, int name_index) {
  const auto& name = runtime_.plan().statement->names[static_cast<std::size_t>(name_index)].text;
  switch (base.kind()) {
    case Kind::node:
    case Kind::relationship:
      return entity_property(base, runtime_.name(name_index),
                             base.is(Kind::node) ? "node" : "relationship");
    case Kind::map: {
      const Value* v = find_entry(base, name);
      return v == nullptr ? Value::null() : *v;
    }
    case Kind::null:
      return base;
    default:
      break;
  }
  if (base.is_temporal() || base.is(Kind::point)) return component(base, name, arena_);
  raise_type("property " + name + " of " + std::string(kind_name(base.kind())) +
             ": only maps, nodes, relationships, temporal values and points have properties");
}

Value Evaluator::has_labels(const Expr& e) {
  const Value v = eval(*e.args[0]);
  if (v.is_null()) return v;
  runtime_.position = e.span.begin;
  if (v.is(Kind::relationship)) {
    const std::string_view type = runtime_.store().name(NameKind::type, v.as_relationship().type);
    return Value::boolean(matches_type(*e.labels, type));
  }
  if (!v.is(Kind::node))
    raise_type("a label test expects NODE or RELATIONSHIP, found " +
               std::string(kind_name(v.kind())));
  if (reads_ahead(e, -1)) {
    const Column& c = column(e.fetch);
    if (!c.found[row_]) raise_deleted("node");
    return Value::boolean(matches(*e.labels, c.labels[row_], runtime_));
  }
  return Value::boolean(matches(*e.labels, labels_of(v.as_node(), runtime_, arena_), runtime_));
}

Value Evaluator::call(const Expr& e) {
  Value small[4];
  const std::size_t n = e.args.size();
  Value* args = n <= 4 ? small : arena_.array<Value>(n);
  const FunctionInfo& f = *e.function;
  bool null = false;
  for (std::size_t i = 0; i < n; ++i) {
    args[i] = eval(*e.args[i]);
    null = null || args[i].is_null();
  }
  if (null && f.null_in_null_out) return Value::null();
  runtime_.position = e.span.begin;
  for (std::size_t i = 0; i < n; ++i) {
    const TypeSet accepted = (i == 0 ? f.first : f.rest) | kNullType;
    if ((kinds(args[i].kind()) & accepted) == 0)
      raise_type(std::string(f.name) + "() expects " + type_name(accepted & ~kNullType) + ", not " +
                     std::string(kind_name(args[i].kind())),
                 "TypeError: InvalidArgumentValue");
  }
  FunctionContext context{arena_, runtime_, f.name};
  return f.call({args, n}, context);
}

Value Evaluator::case_of(const Expr& e) {
  std::size_t i = 0;
  Value operand;
  if (e.has_operand) operand = eval(*e.args[i++]);
  for (; i + 1 < e.args.size(); i += 2) {
    const bool hit = e.has_operand ? equals(operand, eval(*e.args[i])) == Truth::yes
                                   : truth_of(*e.args[i]) == Truth::yes;
    if (hit) return eval(*e.args[i + 1]);
  }
  return e.has_else ? eval(*e.args.back()) : Value::null();
}

Value Evaluator::subquery(const Expr& e) {
  SubqueryRunner& runner = runtime_.subquery(e);
  return runner.run(*batch_, row_, arena_);
}

}  // namespace rv::graph
