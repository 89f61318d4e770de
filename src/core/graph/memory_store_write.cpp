// Writes and indexes of the store in memory.
#include <algorithm>
#include <cmath>

#include "core/graph/compare.h"
#include "core/graph/eval.h"
#include "core/graph/memory_store.h"
#include "core/graph/query_error.h"
#include "core/graph/vector_cursor.h"
#include "core/simd/distance.h"

namespace rv::graph {

void MemoryStore::set_properties(std::map<NameId, Value>& to, const PropertyChange& change) {
  if (change.replace_all) to.clear();
  for (const Property& p : change.set) {
    if (p.value.is_null()) {
      to.erase(p.key);
    } else {
      to[p.key] = copy_value(p.value, *values_);
    }
  }
}

void MemoryStore::create_nodes(std::span<const NewNode> nodes, NodeId* out) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    out[i] = static_cast<NodeId>(nodes_.size());
    Node n;
    n.alive = true;
    n.labels.assign(nodes[i].labels.begin(), nodes[i].labels.end());
    set_properties(n.properties, {false, nodes[i].properties});
    nodes_.push_back(std::move(n));
    adjacent_.emplace_back();
    changed_nodes_.insert(out[i]);
    check_constraints(out[i]);
  }
}

std::optional<NodeId> MemoryStore::create_unless_conflicting(const NewNode& node) {
  NodeId id = 0;
  create_nodes({&node, 1}, &id);
  return id;
}

void MemoryStore::create_relationships(std::span<const NewRelationship> relationships,
                                       RelationshipId* out) {
  for (std::size_t i = 0; i < relationships.size(); ++i) {
    const NewRelationship& from = relationships[i];
    for (const NodeId end : {from.source, from.target})
      if (end < 0 || static_cast<std::size_t>(end) >= nodes_.size() ||
          !nodes_[static_cast<std::size_t>(end)].alive)
        raise_deleted("node");
    out[i] = static_cast<RelationshipId>(relationships_.size());
    Relationship r;
    r.alive = true;
    r.ref = {out[i], from.source, from.target, from.type};
    set_properties(r.properties, {false, from.properties});
    relationships_.push_back(std::move(r));
    adjacent_[static_cast<std::size_t>(from.source)].push_back(out[i]);
    if (from.source != from.target)
      adjacent_[static_cast<std::size_t>(from.target)].push_back(out[i]);
    changed_relationships_.insert(out[i]);
  }
}

void MemoryStore::change_nodes(std::span<const NodeChange> changes) {
  for (const NodeChange& c : changes) {
    Node& n = nodes_[static_cast<std::size_t>(c.node)];
    if (!n.alive) raise_deleted("node");
    for (const NameId label : c.remove_labels) std::erase(n.labels, label);
    for (const NameId label : c.add_labels) {
      const auto at = std::lower_bound(n.labels.begin(), n.labels.end(), label);
      if (at == n.labels.end() || *at != label) n.labels.insert(at, label);
    }
    set_properties(n.properties, c.properties);
    changed_nodes_.insert(c.node);
    check_constraints(c.node);
  }
}

void MemoryStore::change_relationships(std::span<const RelationshipChange> changes) {
  for (const RelationshipChange& c : changes) {
    Relationship& r = relationships_[static_cast<std::size_t>(c.relationship)];
    if (!r.alive) raise_deleted("relationship");
    set_properties(r.properties, c.properties);
    changed_relationships_.insert(c.relationship);
  }
}

void MemoryStore::delete_relationships(std::span<const RelationshipId> ids) {
  for (const RelationshipId id : ids) {
    relationships_[static_cast<std::size_t>(id)].alive = false;
    changed_relationships_.insert(id);
  }
}

void MemoryStore::delete_nodes(std::span<const NodeId> ids) {
  for (const NodeId id : ids) {
    for (const RelationshipId r : adjacent_[static_cast<std::size_t>(id)])
      if (relationships_[static_cast<std::size_t>(r)].alive)
        raise(ErrorCode::constraint_violation,
              "node " + std::to_string(id) + " still has relationships",
              "ConstraintVerificationFailed: DeleteConnectedNode");
    nodes_[static_cast<std::size_t>(id)].alive = false;
    changed_nodes_.insert(id);
  }
}

void MemoryStore::check_constraints(NodeId id) {
  const Node& n = nodes_[static_cast<std::size_t>(id)];
  for (const Index& index : indexes_) {
    if (index.info.on_relationships ||
        !std::binary_search(n.labels.begin(), n.labels.end(), index.info.label))
      continue;
    bool complete = true;
    for (const NameId key : index.info.keys) complete = complete && n.properties.count(key) > 0;
    if (!complete && index.required)
      raise(ErrorCode::constraint_violation, "a required property is missing",
            "ConstraintVerificationFailed: MissingProperty");
    if (!complete || !index.unique) continue;
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
      const Node& o = nodes_[other];
      if (!o.alive || other == static_cast<std::size_t>(id) ||
          !std::binary_search(o.labels.begin(), o.labels.end(), index.info.label))
        continue;
      bool same = true;
      for (const NameId key : index.info.keys) {
        const auto at = o.properties.find(key);
        same = same && at != o.properties.end() && equivalent(at->second, n.properties.at(key));
      }
      if (same)
        raise(ErrorCode::unique_violation, "a node with these values exists already",
              "ConstraintVerificationFailed: UniqueViolation");
    }
  }
}

std::span<const GraphIndex> MemoryStore::indexes() { return index_infos_; }

std::unique_ptr<NodeCursor> MemoryStore::seek_nodes(std::uint32_t index, const IndexRange& range) {
  const GraphIndex& info = index_infos_[index];
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < seen_nodes_.size(); ++i) {
    const Node& n = seen_nodes_[i];
    if (!n.alive || !std::binary_search(n.labels.begin(), n.labels.end(), info.label)) continue;
    bool good = true;
    for (std::size_t k = 0; k < range.equal.size() && good; ++k) {
      const auto at = n.properties.find(info.keys[k]);
      good = at != n.properties.end() && equals(at->second, range.equal[k]) == Truth::yes;
    }
    if (good && (range.lower || range.upper || range.prefix)) {
      const auto at = n.properties.find(info.keys[range.equal.size()]);
      good = at != n.properties.end();
      if (good && range.lower) good = less_or_equal(*range.lower, at->second) == Truth::yes;
      if (good && range.upper) good = less_or_equal(at->second, *range.upper) == Truth::yes;
      if (good && range.prefix)
        good = at->second.is(Kind::string) && at->second.as_string().starts_with(*range.prefix);
    }
    if (good) out.push_back(static_cast<NodeId>(i));
  }
  return std::make_unique<VectorCursor<NodeId>>(std::move(out));
}

std::unique_ptr<RelationshipCursor> MemoryStore::seek_relationships(std::uint32_t index,
                                                                    const IndexRange&) {
  return scan_relationships({&index_infos_[index].label, 1});
}

std::vector<ScoredNode> MemoryStore::nearest_nodes(NameId label, NameId key,
                                                   std::span<const float> query, std::size_t k,
                                                   std::string_view metric) {
  std::vector<ScoredNode> out;
  for (std::size_t i = 0; i < seen_nodes_.size(); ++i) {
    const Node& n = seen_nodes_[i];
    const auto at = n.properties.find(key);
    if (!n.alive || !std::binary_search(n.labels.begin(), n.labels.end(), label) ||
        at == n.properties.end() || !at->second.is(Kind::vector) ||
        at->second.as_vector().size() != query.size())
      continue;
    const float* v = at->second.as_vector().data();
    const auto& kernels = simd::kernels();
    double d;
    if (metric == "l2") {
      d = static_cast<double>(kernels.l2_squared(query.data(), v, query.size()));
    } else if (metric == "ip") {
      d = -static_cast<double>(kernels.inner_product(query.data(), v, query.size()));
    } else {
      const auto s = kernels.cosine_sums(query.data(), v, query.size());
      d = 1.0 - static_cast<double>(s.dot) /
                    std::sqrt(static_cast<double>(s.norm_a) * static_cast<double>(s.norm_b));
    }
    out.push_back({static_cast<NodeId>(i), d});
  }
  std::stable_sort(out.begin(), out.end(), [](const ScoredNode& a, const ScoredNode& b) {
    return a.distance < b.distance;
  });
  if (out.size() > k) out.resize(k);
  return out;
}

void MemoryStore::schema_command(const SchemaCommand& c, Arena& arena, RowSink& rows) {
  using What = SchemaCommand::What;
  const auto named = std::find_if(indexes_.begin(), indexes_.end(),
                                  [&](const Index& i) { return i.name == c.name; });
  switch (c.what) {
    case What::show_indexes:
    case What::show_constraints:
      for (const Index& i : indexes_) {
        if ((c.what == What::show_constraints) != (i.unique || i.required)) continue;
        const Value name = make_string(arena, i.name);
        rows.row({&name, 1});
      }
      return;
    case What::drop_index:
    case What::drop_constraint:
      if (named == indexes_.end()) {
        if (c.if_exists) return;
        throw Error(ErrorCode::undefined_object, "there is no index or constraint " + c.name);
      }
      indexes_.erase(named);
      break;
    default: {
      if (!c.name.empty() && named != indexes_.end()) {
        if (c.if_not_exists) return;
        throw Error(ErrorCode::duplicate_object, "index or constraint " + c.name + " exists");
      }
      Index i;
      i.name = c.name.empty() ? "index_" + std::to_string(indexes_.size()) : c.name;
      i.info.label = intern_name(c.on_relationships ? NameKind::type : NameKind::label, c.label);
      i.info.on_relationships = c.on_relationships;
      for (const auto& key : c.keys) i.info.keys.push_back(intern_name(NameKind::key, key));
      if (c.what == What::create_constraint) {
        i.unique = c.constraint == SchemaCommand::Constraint::unique ||
                   c.constraint == SchemaCommand::Constraint::node_key;
        i.required = c.constraint == SchemaCommand::Constraint::not_null ||
                     c.constraint == SchemaCommand::Constraint::node_key;
      }
      i.info.unique = i.unique;
      i.info.distinct_values = 100;
      indexes_.push_back(std::move(i));
    }
  }
  index_infos_.clear();
  for (const Index& i : indexes_) {
    index_infos_.push_back(i.info);
    index_infos_.back().id = static_cast<std::uint32_t>(index_infos_.size() - 1);
  }
}

}  // namespace rv::graph
