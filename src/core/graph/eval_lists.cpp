// Lists, maps and comprehensions.
#include <algorithm>

#include "core/graph/eval.h"
#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {

Value Evaluator::index_of(const Expr& e) {
  const Value base = eval(*e.args[0]);
  const Value index = eval(*e.args[1]);
  if (base.is_null() || index.is_null()) return Value::null();
  runtime_.position = e.span.begin;
  if (base.is(Kind::list)) {
    if (!index.is(Kind::integer))
      raise_type("a list index must be an INTEGER, not " + std::string(kind_name(index.kind())));
    const auto items = base.as_list();
    std::int64_t i = index.as_integer();
    const auto size = static_cast<std::int64_t>(items.size());
    if (i < 0) i += size;
    return i < 0 || i >= size ? Value::null() : items[static_cast<std::size_t>(i)];
  }
  if (base.is(Kind::map) || base.is(Kind::node) || base.is(Kind::relationship)) {
    if (!index.is(Kind::string))
      raise_type("a key must be a STRING, not " + std::string(kind_name(index.kind())),
                 "TypeError: MapElementAccessByNonString");
    if (base.is(Kind::map)) {
      const Value* v = find_entry(base, index.as_string());
      return v == nullptr ? Value::null() : *v;
    }
    return entity_property(base, runtime_.key(index.as_string()), "entity");
  }
  raise_type(std::string(kind_name(base.kind())) + " has no elements");
}

Value Evaluator::slice_of(const Expr& e) {
  const Value base = eval(*e.args[0]);
  const Value from = e.args[1] == nullptr ? Value::integer(0) : eval(*e.args[1]);
  const Value to = e.args[2] == nullptr ? Value::integer(INT64_MAX) : eval(*e.args[2]);
  if (base.is_null() || from.is_null() || to.is_null()) return Value::null();
  runtime_.position = e.span.begin;
  if (!base.is(Kind::list))
    raise_type("a slice is of a LIST, not " + std::string(kind_name(base.kind())));
  if (!from.is(Kind::integer) || !to.is(Kind::integer))
    raise_type("the bounds of a slice must be INTEGER");
  const auto items = base.as_list();
  const auto size = static_cast<std::int64_t>(items.size());
  const auto clamp = [size](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? (i < -size ? 0 : i + size) : i, 0, size);
  };
  const std::int64_t a = clamp(from.as_integer());
  const std::int64_t b = clamp(to.as_integer());
  if (a >= b) return Value::list({});
  return Value::list(items.subspan(static_cast<std::size_t>(a), static_cast<std::size_t>(b - a)));
}

Value Evaluator::make_map(const Expr& e) {
  std::vector<MapEntry> entries;
  entries.reserve(e.args.size());
  for (std::size_t i = 0; i < e.args.size(); ++i)
    entries.push_back({std::string_view(e.names[i]), eval(*e.args[i])});
  return rv::graph::make_map(arena_, std::move(entries));
}

Value Evaluator::map_projection(const Expr& e) {
  const Value base = eval(*e.args[0]);
  if (base.is_null()) return base;
  runtime_.position = e.span.begin;
  const Value all = base.is(Kind::map) ? base : properties_of(base, runtime_, arena_);
  std::vector<MapEntry> entries;
  for (std::size_t i = 1; i < e.args.size(); ++i) {
    const std::string_view name = e.names[i - 1];
    if (e.args[i] != nullptr) {
      entries.push_back({name, eval(*e.args[i])});
    } else if (name == ".*") {
      for (const MapEntry& m : all.as_map()) entries.push_back(m);
    } else {
      const Value* v = find_entry(all, name.substr(1));
      entries.push_back({name.substr(1), v == nullptr ? Value::null() : *v});
    }
  }
  return rv::graph::make_map(arena_, std::move(entries));
}

namespace {

// Shorter lists are looked through.
constexpr std::size_t kLongList = 32;

}  // namespace

// Null when the list is short, or another one in every row.
Evaluator::AskedList* Evaluator::asked_list(const Expr& e) {
  if (e.replaced) return nullptr;
  const bool written = e.kind == ExprKind::list;
  if (written && e.args.size() < kLongList) return nullptr;
  if (!written && e.kind != ExprKind::parameter && (e.kind != ExprKind::variable || e.local))
    return nullptr;
  for (auto& known : asked_lists_)
    if (known->expr == &e) return known.get();
  if (written && !std::all_of(e.args.begin(), e.args.end(), [](const ExprPtr& arg) {
        return arg->kind == ExprKind::literal || arg->kind == ExprKind::parameter;
      }))
    return nullptr;
  auto asked = std::make_unique<AskedList>(e, runtime_.budget());
  if (written) asked->list = copy_value(eval(e), asked->arena);
  asked_lists_.push_back(std::move(asked));
  return asked_lists_.back().get();
}

Value Evaluator::in_list(const Expr& e) {
  const Value item = eval(*e.args[0]);
  AskedList* const asked = asked_list(*e.args[1]);
  const Value list = asked != nullptr && !asked->list.is_null() ? asked->list : eval(*e.args[1]);
  if (list.is_null()) return list;
  runtime_.position = e.args[1]->span.begin;
  if (!list.is(Kind::list))
    raise_type("IN expects a LIST, found " + std::string(kind_name(list.kind())));
  const auto items = list.as_list();
  if (asked != nullptr && items.size() >= kLongList && ValueSet::covers(item)) {
    if (asked->last.data() != items.data() || asked->last.size() != items.size()) {
      asked->set.reset();
      asked->last = items;
      asked->asked = 0;
    }
    // Worth a table when it is asked again.
    if (asked->set == nullptr && ++asked->asked > 1 && !asked->no_room) {
      asked->set = ValueSet::make(items, runtime_.budget());
      asked->no_room = asked->set == nullptr;
    }
    if (asked->set != nullptr) return to_value(asked->set->contains(item));
  }
  bool unknown = false;
  for (const Value& v : items) {
    const Truth t = equals(item, v);
    if (t == Truth::yes) return Value::boolean(true);
    unknown = unknown || t == Truth::unknown;
  }
  return unknown ? Value::null() : Value::boolean(false);
}

namespace {

std::span<const Value> elements(const Value& list, const char* what) {
  if (!list.is(Kind::list))
    raise_type(std::string(what) + " expects a LIST, found " + std::string(kind_name(list.kind())));
  return list.as_list();
}

}  // namespace

Value Evaluator::list_comprehension(const Expr& e) {
  const Value list = eval(*e.args[0]);
  if (list.is_null()) return list;
  runtime_.position = e.span.begin;
  std::vector<Value> out;
  const Value saved = runtime_.local(e.inner_slot);
  for (const Value& v : elements(list, "a list comprehension")) {
    runtime_.tick();
    runtime_.local(e.inner_slot) = v;
    if (e.args[1] != nullptr && truth_of(*e.args[1]) != Truth::yes) continue;
    out.push_back(e.args[2] == nullptr ? v : eval(*e.args[2]));
  }
  runtime_.local(e.inner_slot) = saved;
  return make_list(arena_, out);
}

Value Evaluator::quantifier(const Expr& e) {
  const Value list = eval(*e.args[0]);
  if (list.is_null()) return list;
  runtime_.position = e.span.begin;
  std::size_t yes = 0, no = 0, unknown = 0;
  const Value saved = runtime_.local(e.inner_slot);
  for (const Value& v : elements(list, "a quantifier")) {
    runtime_.tick();
    runtime_.local(e.inner_slot) = v;
    Truth t = Truth::unknown;
    if (e.args[1] != nullptr) {
      t = truth_of(*e.args[1]);
    } else if (v.is(Kind::boolean)) {
      t = truth(v.as_boolean());
    }
    if (t == Truth::yes) ++yes;
    if (t == Truth::no) ++no;
    if (t == Truth::unknown) ++unknown;
  }
  runtime_.local(e.inner_slot) = saved;
  const std::string& which = e.names[0];
  const Value undecided = unknown > 0 ? Value::null() : Value::boolean(false);
  if (which == "all")
    return no > 0 ? Value::boolean(false) : unknown > 0 ? Value::null() : Value::boolean(true);
  if (which == "any") return yes > 0 ? Value::boolean(true) : undecided;
  if (which == "none")
    return yes > 0 ? Value::boolean(false) : unknown > 0 ? Value::null() : Value::boolean(true);
  if (yes > 1) return Value::boolean(false);
  return unknown > 0 ? Value::null() : Value::boolean(yes == 1);
}

Value Evaluator::reduce(const Expr& e) {
  Value accumulator = eval(*e.args[0]);
  const Value list = eval(*e.args[1]);
  if (list.is_null()) return list;
  runtime_.position = e.span.begin;
  const Value saved = runtime_.local(e.inner_slot);
  const Value saved_accumulator = runtime_.local(e.accumulator_slot);
  for (const Value& v : elements(list, "reduce")) {
    runtime_.tick();
    runtime_.local(e.inner_slot) = v;
    runtime_.local(e.accumulator_slot) = accumulator;
    accumulator = eval(*e.args[2]);
  }
  runtime_.local(e.inner_slot) = saved;
  runtime_.local(e.accumulator_slot) = saved_accumulator;
  return accumulator;
}

// --- shared pieces ---

Value make_list(Arena& arena, std::span<const Value> items) {
  return Value::list(arena.copy(items));
}

Value make_map(Arena& arena, std::vector<MapEntry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const MapEntry& a, const MapEntry& b) { return a.key < b.key; });
  std::size_t n = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (n > 0 && entries[n - 1].key == entries[i].key) {
      entries[n - 1] = entries[i];
    } else {
      entries[n++] = entries[i];
    }
  }
  return Value::map(arena.copy(std::span<const MapEntry>(entries.data(), n)));
}

const Value* find_entry(const Value& map, std::string_view key) {
  const auto entries = map.as_map();
  const auto it = std::lower_bound(entries.begin(), entries.end(), key,
                                   [](const MapEntry& e, std::string_view k) { return e.key < k; });
  return it != entries.end() && it->key == key ? &it->value : nullptr;
}

Value make_string(Arena& arena, std::string_view text) { return Value::string(arena.copy(text)); }

void raise_deleted(const char* what) {
  raise(ErrorCode::wrong_state, std::string("this ") + what + " has been deleted",
        "EntityNotFound: DeletedEntityAccess");
}

std::span<const NameId> labels_of(NodeId node, Runtime& runtime, Arena& arena) {
  std::span<const NameId> out;
  bool found = false;
  runtime.store().read_node_labels({&node, 1}, arena, &out, &found);
  if (!found) raise_deleted("node");
  return out;
}

Value properties_of(const Value& entity, Runtime& runtime, Arena& arena) {
  std::span<const Property> properties;
  if (entity.is(Kind::node)) {
    const NodeId id = entity.as_node();
    NodeRecord r;
    runtime.store().read_nodes({&id, 1}, arena, &r);
    if (!r.found) raise_deleted("node");
    properties = r.properties;
  } else if (entity.is(Kind::relationship)) {
    const RelationshipId id = entity.as_relationship().id;
    RelationshipRecord r;
    runtime.store().read_relationships({&id, 1}, arena, &r);
    if (!r.found) raise_deleted("relationship");
    properties = r.properties;
  } else if (entity.is(Kind::map) || entity.is_null()) {
    return entity;
  } else {
    raise_type("expected NODE, RELATIONSHIP or MAP, found " +
               std::string(kind_name(entity.kind())));
  }
  std::vector<MapEntry> entries;
  for (const Property& p : properties)
    entries.push_back({runtime.store().name(NameKind::key, p.key), p.value});
  return make_map(arena, std::move(entries));
}

bool matches(const LabelExpr& e, std::span<const NameId> names, Runtime& runtime) {
  switch (e.kind) {
    case LabelExpr::Kind::name: {
      const NameId id = runtime.name(e.name_index);
      return std::find(names.begin(), names.end(), id) != names.end() && id != kNoName;
    }
    case LabelExpr::Kind::any:
      return !names.empty();
    case LabelExpr::Kind::none_of:
      return !matches(*e.args[0], names, runtime);
    case LabelExpr::Kind::all_of:
      return std::all_of(e.args.begin(), e.args.end(),
                         [&](const LabelExprPtr& a) { return matches(*a, names, runtime); });
    case LabelExpr::Kind::one_of:
      return std::any_of(e.args.begin(), e.args.end(),
                         [&](const LabelExprPtr& a) { return matches(*a, names, runtime); });
  }
  return false;
}

bool matches_type(const LabelExpr& e, std::string_view type) {
  const auto inner = [type](const LabelExprPtr& a) { return matches_type(*a, type); };
  switch (e.kind) {
    case LabelExpr::Kind::name:
      return e.name == type;
    case LabelExpr::Kind::any:
      return true;
    case LabelExpr::Kind::none_of:
      return !inner(e.args[0]);
    case LabelExpr::Kind::all_of:
      return std::all_of(e.args.begin(), e.args.end(), inner);
    case LabelExpr::Kind::one_of:
      return std::any_of(e.args.begin(), e.args.end(), inner);
  }
  return false;
}

}  // namespace rv::graph
