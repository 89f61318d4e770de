#include "core/graph/memory_store.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/graph/compare.h"
#include "core/graph/eval.h"
#include "core/graph/vector_cursor.h"

namespace rv::graph {

MemoryStore::~MemoryStore() = default;

MemoryStore::MemoryStore(const MemoryStore& other) : GraphStore() { *this = other; }

MemoryStore& MemoryStore::operator=(const MemoryStore& other) {
  if (this == &other) return *this;
  for (int k = 0; k < 3; ++k) {
    ids_[k] = other.ids_[k];
    names_[k].clear();
    for (const auto& n : other.names_[k]) names_[k].push_back(std::make_unique<std::string>(*n));
  }
  nodes_ = other.nodes_;
  seen_nodes_ = other.seen_nodes_;
  relationships_ = other.relationships_;
  seen_relationships_ = other.seen_relationships_;
  adjacent_ = other.adjacent_;
  changed_nodes_ = other.changed_nodes_;
  changed_relationships_ = other.changed_relationships_;
  values_ = other.values_;
  indexes_ = other.indexes_;
  index_infos_ = other.index_infos_;
  procedures_ = other.procedures_;
  return *this;
}

NameId MemoryStore::find_name(NameKind kind, std::string_view name) {
  const auto& ids = ids_[static_cast<int>(kind)];
  const auto at = ids.find(name);
  return at == ids.end() ? kNoName : at->second;
}

NameId MemoryStore::intern_name(NameKind kind, std::string_view name) {
  const NameId known = find_name(kind, name);
  if (known != kNoName) return known;
  auto& names = names_[static_cast<int>(kind)];
  const auto id = static_cast<NameId>(names.size());
  names.push_back(std::make_unique<std::string>(name));
  ids_[static_cast<int>(kind)].emplace(std::string(name), id);
  return id;
}

std::string_view MemoryStore::name(NameKind kind, NameId id) {
  return *names_[static_cast<int>(kind)][static_cast<std::size_t>(id)];
}

std::vector<NameId> MemoryStore::names(NameKind kind) {
  std::vector<NameId> out;
  for (std::size_t i = 0; i < names_[static_cast<int>(kind)].size(); ++i)
    out.push_back(static_cast<NameId>(i));
  return out;
}

const MemoryStore::Node* MemoryStore::visible(NodeId id) const {
  const auto i = static_cast<std::size_t>(id);
  return id >= 0 && i < seen_nodes_.size() && seen_nodes_[i].alive ? &seen_nodes_[i] : nullptr;
}

const MemoryStore::Relationship* MemoryStore::visible_relationship(RelationshipId id) const {
  const auto i = static_cast<std::size_t>(id);
  return id >= 0 && i < seen_relationships_.size() && seen_relationships_[i].alive
             ? &seen_relationships_[i]
             : nullptr;
}

std::span<const Property> MemoryStore::copy_properties(const std::map<NameId, Value>& from,
                                                       Arena& arena) {
  auto* out = arena.array<Property>(from.size());
  std::size_t n = 0;
  for (const auto& [key, value] : from) new (out + n++) Property{key, copy_value(value, arena)};
  return {out, n};
}

void MemoryStore::read_nodes(std::span<const NodeId> ids, Arena& arena, NodeRecord* out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    out[i] = {};
    if (const Node* n = visible(ids[i]); n != nullptr)
      out[i] = {true, arena.copy(std::span<const NameId>(n->labels)),
                copy_properties(n->properties, arena)};
  }
}

void MemoryStore::read_node_labels(std::span<const NodeId> ids, Arena& arena,
                                   std::span<const NameId>* out, bool* found) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Node* n = visible(ids[i]);
    found[i] = n != nullptr;
    out[i] = {};
    if (n != nullptr) out[i] = arena.copy(std::span<const NameId>(n->labels));
  }
}

void MemoryStore::test_label(std::span<const NodeId> ids, NameId label, std::int8_t* out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Node* n = visible(ids[i]);
    const bool has = n != nullptr && std::binary_search(n->labels.begin(), n->labels.end(), label);
    out[i] = static_cast<std::int8_t>(n == nullptr ? -1 : has ? 1 : 0);
  }
}

namespace {

void pick(const std::map<NameId, Value>& from, std::span<const NameId> keys, std::size_t i,
          std::size_t count, Arena& arena, Value* out) {
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto at = from.find(keys[k]);
    out[k * count + i] = at == from.end() ? Value() : copy_value(at->second, arena);
  }
}

}  // namespace

void MemoryStore::read_node_properties(std::span<const NodeId> ids, std::span<const NameId> keys,
                                       Arena& arena, Value* out, bool* found) {
  static const std::map<NameId, Value> nothing;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Node* n = visible(ids[i]);
    found[i] = n != nullptr;
    pick(n == nullptr ? nothing : n->properties, keys, i, ids.size(), arena, out);
  }
}

void MemoryStore::read_relationships(std::span<const RelationshipId> ids, Arena& arena,
                                     RelationshipRecord* out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    out[i] = {};
    if (const Relationship* r = visible_relationship(ids[i]); r != nullptr)
      out[i] = {true, r->ref, copy_properties(r->properties, arena)};
  }
}

void MemoryStore::read_relationship_properties(std::span<const RelationshipId> ids,
                                               std::span<const NameId> keys, Arena& arena,
                                               Value* out, bool* found) {
  static const std::map<NameId, Value> nothing;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Relationship* r = visible_relationship(ids[i]);
    found[i] = r != nullptr;
    pick(r == nullptr ? nothing : r->properties, keys, i, ids.size(), arena, out);
  }
}

std::unique_ptr<NodeCursor> MemoryStore::scan_nodes() {
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < seen_nodes_.size(); ++i)
    if (seen_nodes_[i].alive) out.push_back(static_cast<NodeId>(i));
  return std::make_unique<VectorCursor<NodeId>>(std::move(out));
}

std::unique_ptr<NodeCursor> MemoryStore::scan_label(NameId label) {
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < seen_nodes_.size(); ++i) {
    const Node& n = seen_nodes_[i];
    if (n.alive && std::binary_search(n.labels.begin(), n.labels.end(), label))
      out.push_back(static_cast<NodeId>(i));
  }
  return std::make_unique<VectorCursor<NodeId>>(std::move(out));
}

namespace {

bool one_of(NameId type, std::span<const NameId> types) {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

std::unique_ptr<RelationshipCursor> MemoryStore::scan_relationships(std::span<const NameId> types) {
  std::vector<RelationshipRef> out;
  for (const Relationship& r : seen_relationships_)
    if (r.alive && one_of(r.ref.type, types)) out.push_back(r.ref);
  return std::make_unique<VectorCursor<RelationshipRef>>(std::move(out));
}

std::vector<Hop> MemoryStore::hops(std::span<const NodeId> starts, Direction direction,
                                   std::span<const NameId> types) const {
  std::vector<Hop> out;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (visible(starts[i]) == nullptr) continue;
    for (const RelationshipId id : adjacent_[static_cast<std::size_t>(starts[i])]) {
      const Relationship* r = visible_relationship(id);
      if (r == nullptr || !one_of(r->ref.type, types)) continue;
      const bool from = r->ref.source == starts[i] && direction != Direction::in;
      const bool to = r->ref.target == starts[i] && direction != Direction::out;
      if (from || to)
        out.push_back(
            {static_cast<std::uint32_t>(i), r->ref, from ? r->ref.target : r->ref.source});
    }
  }
  return out;
}

std::unique_ptr<HopCursor> MemoryStore::expand(std::span<const NodeId> starts, Direction direction,
                                               std::span<const NameId> types) {
  return std::make_unique<VectorCursor<Hop>>(hops(starts, direction, types));
}

void MemoryStore::degrees(std::span<const NodeId> starts, Direction direction,
                          std::span<const NameId> types, std::int64_t* out) {
  std::fill(out, out + starts.size(), 0);
  for (const Hop& h : hops(starts, direction, types)) ++out[h.input];
}

bool MemoryStore::degrees_to(std::span<const NodeId> starts, Direction direction,
                             std::span<const NameId> types, std::span<const NameId> end_labels,
                             std::int64_t* out) {
  std::fill(out, out + starts.size(), 0);
  for (const Hop& h : hops(starts, direction, types)) {
    const Node* const end = visible(h.other);
    if (end == nullptr) return false;
    const auto has = [end](NameId label) {
      return std::find(end->labels.begin(), end->labels.end(), label) != end->labels.end();
    };
    if (std::all_of(end_labels.begin(), end_labels.end(), has)) ++out[h.input];
  }
  return true;
}

std::unique_ptr<HopCursor> MemoryStore::expand_into(std::span<const NodeId> starts,
                                                    std::span<const NodeId> ends,
                                                    Direction direction,
                                                    std::span<const NameId> types) {
  std::vector<Hop> out;
  for (const Hop& h : hops(starts, direction, types))
    if (h.other == ends[h.input]) out.push_back(h);
  return std::make_unique<VectorCursor<Hop>>(std::move(out));
}

double MemoryStore::node_count() { return static_cast<double>(seen_nodes_.size()); }

double MemoryStore::label_count(NameId label) {
  return static_cast<double>(
      std::count_if(seen_nodes_.begin(), seen_nodes_.end(), [label](const Node& n) {
        return n.alive && std::binary_search(n.labels.begin(), n.labels.end(), label);
      }));
}

double MemoryStore::relationship_count(NameId type) {
  return static_cast<double>(std::count_if(
      seen_relationships_.begin(), seen_relationships_.end(), [type](const Relationship& r) {
        return r.alive && (type == kNoName || r.ref.type == type);
      }));
}

double MemoryStore::average_degree(NameId label, NameId type, Direction direction) {
  const double nodes = std::max(1.0, label == kNoName ? node_count() : label_count(label));
  return relationship_count(type) / nodes * (direction == Direction::both ? 2.0 : 1.0);
}

void MemoryStore::advance() {
  seen_nodes_.resize(nodes_.size());
  seen_relationships_.resize(relationships_.size());
  for (const NodeId id : changed_nodes_)
    seen_nodes_[static_cast<std::size_t>(id)] = nodes_[static_cast<std::size_t>(id)];
  for (const RelationshipId id : changed_relationships_)
    seen_relationships_[static_cast<std::size_t>(id)] =
        relationships_[static_cast<std::size_t>(id)];
  changed_nodes_.clear();
  changed_relationships_.clear();
}

const Procedure* MemoryStore::find_procedure(std::string_view name) {
  const auto at = procedures_.find(name);
  return at == procedures_.end() ? nullptr : at->second.get();
}

void MemoryStore::add_procedure(std::shared_ptr<const Procedure> procedure) {
  const std::string name = procedure->signature().name;
  procedures_[name] = std::move(procedure);
}

}  // namespace rv::graph
