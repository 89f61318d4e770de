// The algorithms as procedures over a store, and ruvector.knn.
#include <algorithm>
#include <limits>
#include <memory>
#include <unordered_set>

#include "core/base/error.h"
#include "core/graph/algo/algorithm.h"
#include "core/graph/store.h"

namespace rv::graph {
namespace {

constexpr std::size_t kBatch = 1024;

// A string, a list of strings, or null for all; names that the graph does not have find nothing.
struct NameFilter {
  std::vector<NameId> ids;
  bool all = false;
};
NameFilter name_filter(GraphStore& store, NameKind kind, const Value& v, const char* what) {
  NameFilter out;
  const auto add = [&](const Value& name) {
    if (!name.is(Kind::string))
      throw Error(ErrorCode::invalid_argument,
                  std::string(what) + " must be a string, a list of strings or null");
    if (const NameId id = store.find_name(kind, name.as_string()); id != kNoName)
      out.ids.push_back(id);
  };
  if (v.is_null()) {
    out.all = true;
  } else if (v.is(Kind::list)) {
    for (const Value& item : v.as_list()) add(item);
  } else {
    add(v);
  }
  return out;
}

std::vector<std::int64_t> nodes_of(GraphStore& store, const NameFilter& labels) {
  std::vector<std::int64_t> out;
  NodeId ids[kBatch];
  const auto take = [&](std::unique_ptr<NodeCursor> cursor) {
    while (const std::size_t n = cursor->next(ids)) out.insert(out.end(), ids, ids + n);
  };
  if (labels.all) {
    take(store.scan_nodes());
  } else {
    for (const NameId label : labels.ids) take(store.scan_label(label));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  check_graph_memory(out.size(), 0);
  return out;
}

// The relationships of the types, between the nodes when `inside` is given.
Csr project(GraphStore& store, const NameFilter& types, const std::vector<std::int64_t>* inside,
            std::string_view weight_property, double default_weight) {
  std::vector<WeightedEdge> edges;
  RelationshipRef refs[kBatch];
  std::int64_t ids[kBatch];
  bool found[kBatch];
  const bool weighted = !weight_property.empty();
  const NameId key = weighted ? store.find_name(NameKind::key, weight_property) : kNoName;
  // Membership by a bitmap where ids are dense, which sequences make them.
  std::vector<bool> member;
  std::int64_t low = 0;
  if (inside != nullptr && !inside->empty()) {
    low = inside->front();
    const auto width = static_cast<std::uint64_t>(inside->back() - low);
    if (width < 64 * inside->size() + 4096) {
      member.resize(width + 1, false);
      for (const auto id : *inside) member[static_cast<std::size_t>(id - low)] = true;
    }
  }
  const auto is_member = [&](std::int64_t id) {
    if (inside == nullptr) return true;
    if (member.empty()) return std::binary_search(inside->begin(), inside->end(), id);
    return id >= low && static_cast<std::size_t>(id - low) < member.size() &&
           member[static_cast<std::size_t>(id - low)];
  };
  if (types.all || !types.ids.empty()) {
    const auto cursor = store.scan_relationships(types.ids);
    while (std::size_t n = cursor->next(refs)) {
      if (inside != nullptr)
        n = static_cast<std::size_t>(std::remove_if(refs, refs + n,
                                                    [&](const RelationshipRef& r) {
                                                      return !is_member(r.source) ||
                                                             !is_member(r.target);
                                                    }) -
                                     refs);
      Arena scratch;
      Value* weights = nullptr;
      if (weighted && key != kNoName) {
        weights = scratch.array<Value>(n);
        for (std::size_t i = 0; i < n; ++i) ids[i] = refs[i].id;
        store.read_relationship_properties({ids, n}, {&key, 1}, scratch, weights, found);
      }
      for (std::size_t i = 0; i < n; ++i) {
        double w = default_weight;
        if (weights != nullptr && !weights[i].is_null()) {
          if (!weights[i].is_number())
            throw Error(ErrorCode::type_mismatch,
                        "property \"" + std::string(weight_property) + "\" of relationship " +
                            std::to_string(refs[i].id) + " is not a number");
          w = weights[i].as_double();
        }
        edges.push_back({refs[i].source, refs[i].target, w});
      }
      check_graph_memory(inside != nullptr ? inside->size() : 0, edges.size());
      algorithm_host().poll();
    }
  }
  return Csr(
      edges,
      inside != nullptr ? std::span<const std::int64_t>(*inside) : std::span<const std::int64_t>{},
      weighted);
}

class AlgorithmProcedure final : public Procedure {
 public:
  explicit AlgorithmProcedure(const Algorithm& a) : algorithm_(a) {
    signature_.name = "ruvector." + a.name;
    const auto in = [this](const char* name, FieldType type, bool optional) {
      signature_.inputs.push_back({name, type, true, optional});
    };
    if (a.ends > 0) in("start", FieldType::node, false);
    if (a.ends > 1) in("end", FieldType::node, false);
    if (a.ends == 0) in("labels", FieldType::any, true);
    in("types", FieldType::any, true);
    in("options", FieldType::map, true);
    signature_.outputs = a.outputs;
  }
  const Signature& signature() const override { return signature_; }

  void call(GraphStore& store, std::span<const Value> arguments, Arena& arena,
            RowSink& rows) const override {
    const auto at = [arguments](std::size_t i) {
      return i < arguments.size() ? arguments[i] : Value();
    };
    std::vector<std::int64_t> ends;
    std::size_t i = 0;
    for (; i < static_cast<std::size_t>(algorithm_.ends); ++i) {
      if (at(i).is_null()) return;
      ends.push_back(at(i).as_node());
    }
    std::vector<std::int64_t> nodes;
    const bool whole = algorithm_.ends == 0;
    if (whole) nodes = nodes_of(store, name_filter(store, NameKind::label, at(i++), "labels"));
    const NameFilter types = name_filter(store, NameKind::type, at(i++), "types");
    Options options(at(i));
    const auto weight = algorithm_.weights ? options.text("weightProperty", "") : "";
    const double default_weight = algorithm_.weights ? options.number("defaultWeight", 1) : 1;
    const auto orientation = orientation_option(options, algorithm_.orientation);
    const Csr graph = oriented(
        project(store, types, whole ? &nodes : nullptr, weight, default_weight), orientation);
    AlgorithmRun run{graph, {}, ends, options, {}, arena, rows};
    for (const auto id : ends) run.ends.push_back(graph.find(id));
    run.property = [&store, &graph](Csr::Node n, std::string_view name) {
      const NameId key = store.find_name(NameKind::key, name);
      const NodeId id = graph.id(n);
      Arena scratch;
      Value value;
      bool found = false;
      if (key != kNoName) store.read_node_properties({&id, 1}, {&key, 1}, scratch, &value, &found);
      return value.is_number() ? value.as_double() : std::numeric_limits<double>::quiet_NaN();
    };
    algorithm_.run(run);
  }

 private:
  const Algorithm& algorithm_;
  Signature signature_;
};

// CALL ruvector.knn('Person', 'embedding', $q, k, {metric, filter: {city: 'Rome'}})
class KnnProcedure final : public Procedure {
 public:
  KnnProcedure() {
    signature_.name = "ruvector.knn";
    signature_.inputs = {{"label", FieldType::string, false, false},
                         {"property", FieldType::string, false, false},
                         {"query", FieldType::any, false, false},
                         {"k", FieldType::integer, false, false},
                         {"options", FieldType::map, true, true}};
    signature_.outputs = {{"node", FieldType::node, true, false},
                          {"score", FieldType::floating, true, false},
                          {"distance", FieldType::floating, true, false}};
  }
  const Signature& signature() const override { return signature_; }

  void call(GraphStore& store, std::span<const Value> arguments, Arena&,
            RowSink& rows) const override {
    for (std::size_t i = 0; i < 4; ++i)
      if (arguments[i].is_null())
        throw Error(ErrorCode::null_not_allowed,
                    "ruvector.knn needs a label, a property, a query "
                    "vector and a number of nodes, none of them null");
    const std::int64_t k = arguments[3].as_integer();
    if (k < 0 || k > 1'000'000)
      throw Error(ErrorCode::invalid_argument,
                  "number of nearest nodes must be between 0 and "
                  "1000000, not " +
                      std::to_string(k));
    std::vector<float> query;
    if (arguments[2].is(Kind::vector)) {
      const auto v = arguments[2].as_vector();
      query.assign(v.begin(), v.end());
    } else if (arguments[2].is(Kind::list)) {
      for (const Value& x : arguments[2].as_list()) {
        if (!x.is_number())
          throw Error(ErrorCode::type_mismatch, "query of ruvector.knn must hold numbers only");
        query.push_back(static_cast<float>(x.as_double()));
      }
    } else {
      throw Error(ErrorCode::type_mismatch,
                  "query of ruvector.knn must be a vector or a list of numbers");
    }
    Options options(arguments.size() > 4 ? arguments[4] : Value());
    const auto metric = options.text("metric", "cosine");
    const Value filter = options.any("filter");
    options.check();
    const NameId label = store.find_name(NameKind::label, arguments[0].as_string());
    const NameId key = store.find_name(NameKind::key, arguments[1].as_string());
    if (label == kNoName || key == kNoName || k == 0) return;
    std::vector<ScoredNode> nearest;
    // A filter is applied to the nearest: more and more of them until enough pass.
    for (std::size_t ask = static_cast<std::size_t>(k);; ask *= 4) {
      nearest = store.nearest_nodes(label, key, query, ask, metric);
      const bool all = nearest.size() < ask;
      if (filter.is(Kind::map)) keep_matching(store, filter.as_map(), nearest);
      if (all || nearest.size() >= static_cast<std::size_t>(k)) break;
    }
    if (nearest.size() > static_cast<std::size_t>(k)) nearest.resize(static_cast<std::size_t>(k));
    for (const auto& n : nearest) {
      // Distances of inner products are negated similarities, others turn into (0, 1].
      const double score = metric == "ip" ? -n.distance
                           : metric == "l2" || metric == "l1" || metric == "euclidean"
                               ? 1 / (1 + n.distance)
                               : 1 - n.distance;
      const Value row[] = {Value::node(n.node), Value::floating(score),
                           Value::floating(n.distance)};
      rows.row(row);
    }
  }

 private:
  static bool equal(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
    if (a.kind() != b.kind()) return false;
    if (a.is(Kind::string)) return a.as_string() == b.as_string();
    if (a.is(Kind::boolean)) return a.as_boolean() == b.as_boolean();
    throw Error(ErrorCode::invalid_argument,
                "a filter of ruvector.knn compares numbers, strings and booleans only");
  }
  static void keep_matching(GraphStore& store, std::span<const MapEntry> filter,
                            std::vector<ScoredNode>& nodes) {
    std::vector<NameId> keys;
    for (const auto& e : filter) keys.push_back(store.find_name(NameKind::key, e.key));
    std::vector<NodeId> ids;
    ids.reserve(nodes.size());
    for (const auto& n : nodes) ids.push_back(n.node);
    Arena scratch;
    auto* values = scratch.array<Value>(ids.size() * keys.size() + 1);
    auto* found = scratch.array<bool>(ids.size() + 1);
    if (std::find(keys.begin(), keys.end(), kNoName) != keys.end()) return nodes.clear();
    store.read_node_properties(ids, keys, scratch, values, found);
    std::vector<ScoredNode> kept;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      bool match = found[i];
      for (std::size_t j = 0; j < keys.size(); ++j)
        match = match && equal(values[j * ids.size() + i], filter[j].value);
      if (match) kept.push_back(nodes[i]);
    }
    nodes.swap(kept);
  }

  Signature signature_;
};

}  // namespace

const Procedure* find_algorithm_procedure(std::string_view name) {
  static const auto* const all = [] {
    auto* made = new std::vector<std::unique_ptr<Procedure>>;
    for (const auto& a : algorithms()) made->push_back(std::make_unique<AlgorithmProcedure>(a));
    made->push_back(std::make_unique<KnnProcedure>());
    return made;
  }();
  for (const auto& p : *all)
    if (p->signature().name == name) return p.get();
  return nullptr;
}

}  // namespace rv::graph
