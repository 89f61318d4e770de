// Paths through a graph whose nodes have vectors.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/graph/algo/algorithm.h"
#include "core/graph/functions/tables.h"
#include "core/graph/functions/vector_distance.h"

namespace rv::graph {
namespace {

// The vectors of one property, read once for each node.
class VectorReader {
 public:
  VectorReader(std::string_view property, FunctionContext& c)
      : c_(c), key_(c.runtime.key(property)) {}

  void read(std::span<const NodeId> nodes) {
    std::vector<NodeId> missing;
    for (const NodeId n : nodes)
      if (vectors_.try_emplace(n).second) missing.push_back(n);
    if (missing.empty() || key_ == kNoName) return;
    std::vector<Value> values(missing.size());
    const auto found = std::make_unique<bool[]>(missing.size());
    c_.runtime.store().read_node_properties(missing, {&key_, 1}, c_.arena, values.data(),
                                            found.get());
    for (std::size_t i = 0; i < missing.size(); ++i)
      if (!values[i].is_null()) vectors_[missing[i]] = floats(values[i], c_);
  }
  // Between two nodes that were read; nothing when one has no vector.
  std::optional<double> distance(NodeId a, NodeId b, VectorMetric metric) const {
    const auto& x = vectors_.find(a)->second;
    const auto& y = vectors_.find(b)->second;
    if (x.empty() || y.empty()) return std::nullopt;
    return vector_distance(x, y, metric);
  }

 private:
  FunctionContext& c_;
  NameId key_;
  std::unordered_map<NodeId, std::span<const float>> vectors_;
};

enum class Goal : std::uint8_t { total, largest, hops };

struct Search {
  NodeId start, end;
  std::vector<NameId> types;
  bool possible = true;
  Direction direction = Direction::out;
  std::int64_t max_hops = 10;
  Goal goal = Goal::total;
  VectorMetric metric = VectorMetric::cosine;
};

// One way to a node: levels of ways by their number of steps.
struct Way {
  NodeId node;
  std::uint32_t before;  // index in the level below
  RelationshipRef step;
  double cost;
};

// Cheapest ways by growing length (Bellman and Ford): level h holds, for each node that h steps
// reach more cheaply than fewer did, the cheapest way. Costs do not shrink along a way, so the
// answer repeats no node.
class PathSearch {
 public:
  PathSearch(const Search& s, VectorReader& vectors, FunctionContext& c)
      : s_(s), vectors_(vectors), c_(c) {}

  Value run() {
    vectors_.read(std::span(&s_.start, 1));
    levels_.push_back({{s_.start, 0, {}, 0}});
    best_[s_.start] = 0;
    std::size_t found = s_.start == s_.end ? 1 : 0;  // 1 + the level of the best way to the end
    for (std::int64_t h = 1; h <= s_.max_hops && s_.possible && !levels_.back().empty(); ++h) {
      if (s_.goal == Goal::hops && found > 0) break;
      grow();
      for (const Way& w : levels_.back())
        if (w.node == s_.end) found = levels_.size();
    }
    return found > 0 ? path(found - 1) : Value::null();
  }

 private:
  void grow() {
    const auto& from = levels_.back();
    std::vector<NodeId> starts;
    starts.reserve(from.size());
    for (const Way& w : from) starts.push_back(w.node);
    std::vector<Hop> hops;
    Hop some[512];
    const auto cursor = c_.runtime.store().expand(starts, s_.direction, s_.types);
    while (const std::size_t n = cursor->next(some)) {
      hops.insert(hops.end(), some, some + n);
      c_.runtime.tick();
    }
    std::vector<NodeId> ends;
    ends.reserve(hops.size());
    for (const Hop& h : hops) ends.push_back(h.other);
    vectors_.read(ends);
    std::vector<Way> next;
    std::unordered_map<NodeId, std::uint32_t> at;  // in next
    for (const Hop& h : hops) {
      const Way& before = from[h.input];
      const auto step = vectors_.distance(before.node, h.other, s_.metric);
      c_.runtime.tick();
      if (!step) continue;
      const double cost =
          s_.goal == Goal::largest ? std::max(before.cost, *step) : before.cost + *step;
      const auto known = best_.find(h.other);
      if (known != best_.end() && known->second <= cost) continue;
      // Fewest steps first: a longer way to a node is never better.
      const auto [place, fresh] = at.try_emplace(h.other, static_cast<std::uint32_t>(next.size()));
      if (s_.goal == Goal::hops && known != best_.end() && fresh) {
        at.erase(place);
        continue;
      }
      const Way way{h.other, h.input, h.relationship, cost};
      if (fresh) {
        next.push_back(way);
      } else {
        next[place->second] = way;
      }
      best_[h.other] = cost;
    }
    levels_.push_back(std::move(next));
  }

  Value path(std::size_t level) const {
    auto* nodes = c_.arena.array<NodeId>(level + 1);
    auto* steps = c_.arena.array<const RelationshipRef*>(level);
    const auto& last = levels_[level];
    const Way* way =
        &*std::find_if(last.begin(), last.end(), [this](const Way& w) { return w.node == s_.end; });
    for (std::size_t i = level;; --i) {
      nodes[i] = way->node;
      if (i == 0) break;
      steps[i - 1] = c_.arena.make<RelationshipRef>(way->step);
      way = &levels_[i - 1][way->before];
    }
    auto* out = c_.arena.make<PathData>();
    out->length = static_cast<std::uint32_t>(level);
    out->nodes = nodes;
    out->relationships = steps;
    return Value::path(out);
  }

  const Search& s_;
  VectorReader& vectors_;
  FunctionContext& c_;
  std::vector<std::vector<Way>> levels_;
  std::unordered_map<NodeId, double> best_;
};

void take_types(const Value& v, Search& s, FunctionContext& c) {
  const auto add = [&](const Value& name) {
    if (!name.is(Kind::string))
      raise_type("ruvector.vectorPath() expects types as a STRING, a LIST of them or null");
    const NameId id = c.runtime.store().find_name(NameKind::type, name.as_string());
    if (id != kNoName) s.types.push_back(id);
  };
  if (v.is_null()) return;
  if (v.is(Kind::list)) {
    for (const Value& item : v.as_list()) add(item);
  } else {
    add(v);
  }
  s.possible = !s.types.empty();
}

// ruvector.vectorPath(a, b, types, {maxHops, vectorProperty, optimization, metric, orientation})
Value vector_path(Args args, FunctionContext& c) {
  if (args[0].is_null() || args[1].is_null()) return Value::null();
  Search s{args[0].as_node(), args[1].as_node(), {}};
  take_types(args[2], s, c);
  Options options(args.size() > 3 ? args[3] : Value());
  s.max_hops = options.integer("maxHops", s.max_hops, 0, 1000);
  const auto property = options.text("vectorProperty", "embedding");
  s.metric = vector_metric(options.text("metric", "cosine"));
  const auto goal = options.text("optimization", "total");
  const auto orientation = orientation_option(options, Orientation::natural);
  options.check();
  if (s.metric == VectorMetric::ip)
    raise_argument("inner products are no lengths of steps: use cosine, l2 or l1");
  if (goal != "total" && goal != "largest" && goal != "hops")
    raise_argument("unknown optimization " + std::string(goal) +
                   ": expected total, largest or hops");
  s.goal = goal == "total" ? Goal::total : goal == "largest" ? Goal::largest : Goal::hops;
  s.direction = orientation == Orientation::natural   ? Direction::out
                : orientation == Orientation::reverse ? Direction::in
                                                      : Direction::both;
  VectorReader vectors(property, c);
  return PathSearch(s, vectors, c).run();
}

// ruvector.pathEmbeddingDistance(path, property, metric): the sum over the steps of a path; null
// when a node of it has no vector.
Value path_embedding_distance(Args args, FunctionContext& c) {
  const PathData& p = args[0].as_path();
  const auto property = args.size() > 1 ? args[1].as_string() : std::string_view("embedding");
  const auto metric = args.size() > 2 ? vector_metric(args[2].as_string()) : VectorMetric::cosine;
  VectorReader vectors(property, c);
  vectors.read({p.nodes, p.length + std::size_t{1}});
  double sum = 0;
  for (std::uint32_t i = 0; i < p.length; ++i) {
    const auto d = vectors.distance(p.nodes[i], p.nodes[i + 1], metric);
    if (!d) return Value::null();
    sum += *d;
  }
  return Value::floating(sum);
}

const FunctionInfo kVectorPathFunctions[] = {
    {"ruvector.vectorPath", 3, 4, kNode, kNode | kString | kList | kMap, kPath | kNullType,
     vector_path, false},
    {"ruvector.pathEmbeddingDistance", 1, 3, kPath, kString, kFloating | kNullType,
     path_embedding_distance},
};

}  // namespace

std::span<const FunctionInfo> vector_path_functions() { return kVectorPathFunctions; }

}  // namespace rv::graph
