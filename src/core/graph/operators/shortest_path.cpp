// shortestPath, allShortestPaths, SHORTEST k between two nodes of each row.
#include <algorithm>
#include <unordered_map>

#include "core/graph/operators/trails.h"

namespace rv::graph {
namespace {

Direction opposite(Direction d) {
  return d == Direction::both ? d : d == Direction::out ? Direction::in : Direction::out;
}

// One half of a two-sided breadth-first search.
struct Side {
  struct Visit {
    std::int64_t distance;
    std::vector<RelationshipRef> by;  // last steps of shortest ways here; one unless all are wanted
  };
  std::unordered_map<NodeId, Visit> visited;
  std::vector<NodeId> frontier;
  std::int64_t depth = 0;
};

class ShortestPathOperator final : public ExpandingOperator {
 public:
  ShortestPathOperator(Runtime& runtime, const PlanNode& plan, OperatorPtr input)
      : ExpandingOperator(runtime, plan, std::move(input)), filter_(runtime, plan) {}

 private:
  void start_batch() override {
    filter_.start(*in_, eval_row_);
    row_ = 0;
    found_.clear();
    next_ = 0;
  }

  bool fill() override {
    for (; row_ < in_->rows; ++row_) {
      if (next_ == 0) {
        found_.clear();
        search();
      }
      for (; next_ < found_.size(); ++next_) {
        if (out_.full()) return true;
        const std::uint32_t at = out_.append(*in_, row_);
        if (out_.owns(plan_.relationship)) put(plan_.relationship, at, path_value(found_[next_]));
      }
      next_ = 0;
    }
    return false;
  }

  using Way = std::vector<RelationshipRef>;
  bool all_shortest() const { return plan_.shortest_groups; }

  Value path_value(const Way& way) {
    if (!plan_.bound_list) return relationship_value(way[0]);
    auto* items = arena_.array<Value>(way.size());
    for (std::size_t i = 0; i < way.size(); ++i) new (items + i) Value(relationship_value(way[i]));
    return Value::list({items, way.size()});
  }

  void search() {
    const Value& from = in_->at(plan_.from, row_);
    const Value& to = in_->at(plan_.to, row_);
    if (!from.is(Kind::node) || !to.is(Kind::node)) return;
    const NodeId a = from.as_node();
    const NodeId b = to.as_node();
    if (a == b && plan_.min <= 0) {
      found_.emplace_back();
      if (plan_.count == 1) return;
    }
    if (a == b || plan_.min > 1 || plan_.count > 1) return enumerate(b);
    both_sides(a, b);
  }

  // By growing length, until enough are found: for questions that a search without repeated nodes
  // cannot answer.
  void enumerate(NodeId target) {
    TrailLevels trails(runtime_, plan_);
    trails.filter.start(*in_, eval_row_);
    trails.push().push_back({0, row_, in_->at(plan_.from, row_).as_node(), {}});
    std::size_t charged = 0;
    std::int64_t lengths = found_.empty() ? 0 : 1;  // that paths were found of
    for (std::int64_t d = 0; plan_.max < 0 || d < plan_.max; ++d) {
      step_arena_.reset();
      trails.extend(*in_, 0, trails.level(static_cast<std::size_t>(d)).size(), plan_.direction,
                    step_arena_);
      const auto& level = trails.level(static_cast<std::size_t>(d) + 1);
      if (level.empty()) break;
      const std::size_t bytes = level.size() * sizeof(Trail);
      runtime_.budget()->charge(bytes);
      charged += bytes;
      if (d + 1 < plan_.min) continue;
      const std::size_t shorter = found_.size();
      for (const Trail& t : level) {
        if (t.node != target) continue;
        Way way;
        const Value list =
            trails.relationships(static_cast<std::size_t>(d) + 1, t, false, step_arena_);
        for (const Value& v : list.as_list()) way.push_back(v.as_relationship());
        found_.push_back(std::move(way));
        if (!all_shortest() && enough(lengths)) break;
      }
      if (found_.size() > shorter) ++lengths;
      if (enough(lengths)) break;
    }
    runtime_.budget()->release(charged);
  }

  bool enough(std::int64_t lengths) const {
    return all_shortest() ? lengths >= plan_.count
                          : found_.size() >= static_cast<std::size_t>(plan_.count);
  }

  void both_sides(NodeId a, NodeId b) {
    Side left, right;
    left.visited[a] = {0, {}};
    right.visited[b] = {0, {}};
    left.frontier = {a};
    right.frontier = {b};
    std::int64_t best = -1;
    while (best < 0 && !left.frontier.empty() && !right.frontier.empty()) {
      if (plan_.max >= 0 && left.depth + right.depth >= plan_.max) return;
      const bool from_left = left.frontier.size() <= right.frontier.size();
      best = from_left ? grow(left, right, plan_.direction)
                       : grow(right, left, opposite(plan_.direction));
    }
    if (best < 0) return;
    // Every shortest path passes a node at left.depth from a; those on it are visited by both.
    for (const auto& [node, visit] : left.visited) {
      if (visit.distance != left.depth) continue;
      const auto other = right.visited.find(node);
      if (other == right.visited.end() || visit.distance + other->second.distance != best) continue;
      const auto left_ways = ways_back(left, node);
      const auto right_ways = ways_back(right, node);
      for (const Way& first : left_ways) {
        for (const Way& second : right_ways) {
          Way way(first.rbegin(), first.rend());
          way.insert(way.end(), second.begin(), second.end());
          found_.push_back(std::move(way));
          runtime_.tick();
        }
      }
      if (!all_shortest() && !found_.empty()) return;
    }
  }

  // One level of a side. The length of the shortest path when the sides met, else -1.
  std::int64_t grow(Side& side, const Side& other, Direction direction) {
    const auto cursor = runtime_.store().expand(side.frontier, direction, filter_.types.types());
    std::vector<NodeId> next;
    std::int64_t best = -1;
    if (!filter_.types.possible()) {
      side.frontier.clear();
      return best;
    }
    ++side.depth;
    Hop hops[512];
    std::vector<std::uint32_t> rows(512, row_);
    std::vector<bool> good;
    step_arena_.reset();
    for (std::size_t n = 0; (n = cursor->next(hops)) > 0;) {
      runtime_.tick();
      filter_.check({hops, n}, rows, step_arena_, good);
      for (std::size_t k = 0; k < n; ++k) {
        const Hop& h = hops[k];
        if (!good[k] || holds_relationship(*in_, row_, plan_.distinct_from, h.relationship.id))
          continue;
        const auto [it, fresh] = side.visited.try_emplace(h.other, Side::Visit{side.depth, {}});
        if (fresh || (all_shortest() && it->second.distance == side.depth))
          it->second.by.push_back(h.relationship);
        if (!fresh) continue;
        next.push_back(h.other);
        const auto met = other.visited.find(h.other);
        if (met != other.visited.end()) {
          const std::int64_t length = side.depth + met->second.distance;
          if (best < 0 || length < best) best = length;
        }
      }
    }
    side.frontier = std::move(next);
    return best;
  }

  // The shortest ways between a side's start and `node`, the step at `node` first; one of them
  // unless all are wanted.
  std::vector<Way> ways_back(const Side& side, NodeId node) const {
    struct Step {
      NodeId node;
      std::size_t next;
    };
    std::vector<Way> out;
    Way way;
    std::vector<Step> stack{{node, 0}};
    while (!stack.empty()) {
      const NodeId here = stack.back().node;
      const Side::Visit& visit = side.visited.find(here)->second;
      if (visit.distance == 0) {
        out.push_back(way);
        if (!all_shortest()) return out;
      }
      if (visit.distance == 0 || stack.back().next == visit.by.size()) {
        stack.pop_back();
        if (!way.empty()) way.pop_back();
        continue;
      }
      const RelationshipRef& r = visit.by[stack.back().next++];
      way.push_back(r);
      stack.push_back({came_from(r, here), 0});
    }
    return out;
  }
  static NodeId came_from(const RelationshipRef& r, NodeId node) {
    return r.target == node ? r.source : r.target;
  }

  StepFilter filter_;
  std::uint32_t row_ = 0;
  std::vector<Way> found_;
  std::size_t next_ = 0;
  Arena step_arena_{runtime_.budget()};
  Evaluator eval_row_{runtime_, row_arena_, plan_.fetches};
};

}  // namespace

OperatorPtr make_shortest_path(Runtime& runtime, const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<ShortestPathOperator>(runtime, plan, std::move(input));
}

}  // namespace rv::graph
