#include "core/graph/operators/changes.h"

#include <algorithm>

#include "core/graph/query_error.h"
#include "core/graph/type_set.h"

namespace rv::graph {

void check_storable(const Value& v, std::string_view key) {
  const auto bad = [&](Kind k, const char* where) {
    raise_type("property " + std::string(key) + " cannot hold " + where + std::string(kind_name(k)),
               "TypeError: InvalidPropertyType");
  };
  if ((kinds(v.kind()) & kStorable) == 0) bad(v.kind(), "a ");
  if (!v.is(Kind::list)) return;
  for (const Value& item : v.as_list()) {
    const TypeSet allowed = kStorable & ~(kList | kNullType | kVector);
    if ((kinds(item.kind()) & allowed) == 0) bad(item.kind(), "a list with a ");
  }
}

std::span<const Property> storable_properties(const Value& map, bool keep_nulls, Runtime& runtime,
                                              Arena& arena) {
  std::vector<Property> out;
  for (const MapEntry& e : map.as_map()) {
    if (e.value.is_null() && !keep_nulls) continue;
    check_storable(e.value, e.key);
    NameId key;
    if (e.value.is_null()) {
      key = runtime.store().find_name(NameKind::key, e.key);
      if (key == kNoName) continue;  // nothing to remove
    } else {
      key = runtime.store().intern_name(NameKind::key, e.key);
    }
    out.push_back({key, e.value});
  }
  std::sort(out.begin(), out.end(),
            [](const Property& a, const Property& b) { return a.key < b.key; });
  return arena.copy(std::span<const Property>(out));
}

PropertyChange Changes::property_change(const SetItem& item, Evaluator& eval, std::uint32_t row) {
  PropertyChange change;
  const Value value = item.value == nullptr ? Value::null() : eval(*item.value, row);
  runtime_.position = item.span.begin;
  if (item.what == SetItem::What::replace || item.what == SetItem::What::merge) {
    if (value.is_null()) {
      change.replace_all = item.what == SetItem::What::replace;
      return change;
    }
    const Value map = properties_of(value, runtime_, arena_);
    change.replace_all = item.what == SetItem::What::replace;
    change.set = storable_properties(map, !change.replace_all, runtime_, arena_);
    return change;
  }
  std::string_view name = item.name;
  if (item.key != nullptr) {
    const Value key = eval(*item.key, row);
    if (!key.is(Kind::string))
      raise_type("a property name must be a STRING, not " + std::string(kind_name(key.kind())));
    name = key.as_string();
  }
  auto* entry = arena_.make<MapEntry>();
  entry->key = name;
  entry->value = value;
  change.set = storable_properties(Value::map({entry, 1}), true, runtime_, arena_);
  return change;
}

void Changes::add(const SetItem& item, const Value& entity, Evaluator& eval, std::uint32_t row,
                  bool remove) {
  if (entity.is_null()) {
    if (item.value != nullptr) eval(*item.value, row);
    return;
  }
  runtime_.position = item.span.begin;
  if (!entity.is(Kind::node) && !entity.is(Kind::relationship))
    raise_type("expected NODE or RELATIONSHIP, found " + std::string(kind_name(entity.kind())));
  if (item.what == SetItem::What::labels) {
    if (!entity.is(Kind::node)) raise_type("labels belong to nodes");
    std::vector<NameId> labels;
    for (const auto& label : item.labels) {
      const NameId id = remove ? runtime_.store().find_name(NameKind::label, label)
                               : runtime_.store().intern_name(NameKind::label, label);
      if (id != kNoName) labels.push_back(id);
    }
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    NodeChange change{entity.as_node(), {}, {}, {}};
    (remove ? change.remove_labels : change.add_labels) =
        arena_.copy(std::span<const NameId>(labels));
    nodes_.push_back(change);
    return;
  }
  const PropertyChange change = property_change(item, eval, row);
  if (entity.is(Kind::node)) {
    nodes_.push_back({entity.as_node(), {}, {}, change});
  } else {
    relationships_.push_back({entity.as_relationship().id, change});
  }
}

void Changes::apply() {
  if (!nodes_.empty()) runtime_.store().change_nodes(nodes_);
  if (!relationships_.empty()) runtime_.store().change_relationships(relationships_);
  if (!empty()) runtime_.wrote();
  nodes_.clear();
  relationships_.clear();
}

namespace {

std::span<const NameId> interned_labels(const LabelExpr* labels, Runtime& runtime, Arena& arena) {
  std::vector<NameId> out;
  if (labels != nullptr) {
    if (labels->kind == LabelExpr::Kind::name) {
      out.push_back(runtime.intern(labels->name_index));
    } else {
      for (const auto& arg : labels->args) out.push_back(runtime.intern(arg->name_index));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return arena.copy(std::span<const NameId>(out));
}

std::span<const Property> evaluated(const ExprPtr& properties, Evaluator& eval, std::uint32_t row,
                                    Runtime& runtime, Arena& arena) {
  if (properties == nullptr) return {};
  const Value map = eval(*properties, row);
  runtime.position = properties->span.begin;
  if (map.is_null()) return {};
  if (!map.is(Kind::map))
    raise_type("properties must be a MAP, not " + std::string(kind_name(map.kind())));
  return storable_properties(map, false, runtime, arena);
}

}  // namespace

NewNode PatternCreator::new_node(const NodePattern& n, Evaluator& eval, std::uint32_t row) {
  return {interned_labels(n.labels.get(), runtime_, arena_),
          evaluated(n.properties, eval, row, runtime_, arena_)};
}

void PatternCreator::nodes(const NodePattern& n, Evaluator& eval, std::uint32_t rows, Value* out) {
  const auto labels = interned_labels(n.labels.get(), runtime_, arena_);
  std::vector<NewNode> nodes;
  for (std::uint32_t i = 0; i < rows; ++i)
    nodes.push_back({labels, evaluated(n.properties, eval, i, runtime_, arena_)});
  std::vector<NodeId> ids(rows);
  runtime_.store().create_nodes(nodes, ids.data());
  runtime_.wrote();
  for (std::uint32_t i = 0; i < rows; ++i) new (out + i) Value(Value::node(ids[i]));
}

void PatternCreator::relationships(const PatternPart& part, std::size_t i, Evaluator& eval,
                                   const Batch& batch, Value* out) {
  const RelationshipPattern& r = part.relationships[i];
  const bool left = r.direction == Direction::in;
  const NodePattern& source = part.nodes[left ? i + 1 : i];
  const NodePattern& target = part.nodes[left ? i : i + 1];
  const NameId type = runtime_.intern(r.types->name_index);
  std::vector<NewRelationship> all;
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    const Value& a = batch.at(source.slot, row);
    const Value& b = batch.at(target.slot, row);
    runtime_.position = r.span.begin;
    for (const auto* end : {&a, &b})
      if (!end->is(Kind::node))
        raise(ErrorCode::data_exception,
              "a relationship needs two nodes, one end is " + std::string(kind_name(end->kind())),
              "SemanticError: MissingNode");
    all.push_back(
        {type, a.as_node(), b.as_node(), evaluated(r.properties, eval, row, runtime_, arena_)});
  }
  std::vector<RelationshipId> ids(all.size());
  runtime_.store().create_relationships(all, ids.data());
  runtime_.wrote();
  for (std::size_t k = 0; k < all.size(); ++k)
    new (out + k) Value(Value::relationship(
        arena_.make<RelationshipRef>(ids[k], all[k].source, all[k].target, type)));
}

}  // namespace rv::graph
