// Patterns on random graphs against a direct count.
#include <gtest/gtest.h>

#include <functional>
#include <queue>
#include <set>

#include "core/base/rng.h"
#include "cypher_session.h"

namespace rv::graph {
namespace {

struct RandomGraph {
  explicit RandomGraph(std::uint64_t seed) : rng(seed) {
    std::string query = "CREATE (n0:N {i: 0})";
    for (int i = 1; i < kNodes; ++i)
      query += ", (n" + std::to_string(i) + ":N {i: " + std::to_string(i) + "})";
    for (int e = 0; e < kEdges; ++e) {
      const int a = static_cast<int>(rng.below(kNodes));
      const int b = static_cast<int>(rng.below(kNodes));
      edges.emplace_back(a, b);
      query += ", (n" + std::to_string(a) + ")-[:E]->(n" + std::to_string(b) + ")";
    }
    s.rows(query);
  }
  // Calls f with the end of every trail of 1 to `most` steps from a node.
  void trails(int from, int most, bool directed, const std::function<void(int, int)>& f) {
    std::vector<bool> used(edges.size());
    const std::function<void(int, int)> walk = [&](int at, int depth) {
      if (depth > 0) f(at, depth);
      if (depth == most) return;
      for (std::size_t e = 0; e < edges.size(); ++e) {
        if (used[e]) continue;
        const auto [a, b] = edges[e];
        used[e] = true;
        if (a == at) walk(b, depth + 1);
        if (!directed && b == at && a != b) walk(a, depth + 1);
        used[e] = false;
      }
    };
    walk(from, 0);
  }
  static constexpr int kNodes = 12;
  static constexpr int kEdges = 18;
  Rng rng;
  CypherSession s;
  std::vector<std::pair<int, int>> edges;
};

TEST(CypherRandomGraph, VariableLengthPathsAreAllTrails) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RandomGraph g(seed);
    for (const bool directed : {true, false}) {
      std::int64_t count = 0;
      std::set<int> ends;
      g.trails(0, 4, directed, [&](int end, int depth) {
        if (depth >= 2) ++count;
        ends.insert(end);
      });
      const std::string arrow = directed ? "->" : "-";
      EXPECT_EQ(g.s.number("MATCH (:N {i: 0})-[:E*2..4]" + arrow + "(m) RETURN count(*)"), count);
      EXPECT_EQ(g.s.number("MATCH (:N {i: 0})-[:E*1..4]" + arrow + "(m) RETURN count(DISTINCT m)"),
                static_cast<std::int64_t>(ends.size()));
      EXPECT_EQ(
          g.s.number("MATCH (:N {i: 0})-[:E*1..4]" + arrow + "(m) RETURN count(DISTINCT m.i)"),
          static_cast<std::int64_t>(ends.size()));
      EXPECT_EQ(static_cast<std::int64_t>(
                    g.s.rows("MATCH (:N {i: 0})-[:E*1..4]" + arrow + "(m) RETURN DISTINCT m.i AS i")
                        .size()),
                static_cast<std::int64_t>(ends.size()));
    }
  }
}

TEST(CypherRandomGraph, FixedChainsUseEveryRelationshipOnce) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RandomGraph g(seed);
    for (const bool directed : {true, false}) {
      std::int64_t three = 0;
      for (int i = 0; i < RandomGraph::kNodes; ++i)
        g.trails(i, 3, directed, [&](int, int depth) { three += depth == 3 ? 1 : 0; });
      const std::string arrow = directed ? "-[:E]->" : "-[:E]-";
      EXPECT_EQ(
          g.s.number("MATCH (a)" + arrow + "()" + arrow + "()" + arrow + "(b) RETURN count(*)"),
          three);
      EXPECT_EQ(
          g.s.number("MATCH (a)" + arrow + "(:N)" + arrow + "()" + arrow + "(b:N) RETURN count(*)"),
          three);
      std::set<int> ends;
      g.trails(0, 3, directed, [&](int end, int depth) {
        if (depth == 3) ends.insert(end);
      });
      EXPECT_EQ(g.s.number("MATCH (:N {i: 0})" + arrow + "(:N)" + arrow + "(:N)" + arrow +
                           "(b:N) RETURN count(DISTINCT b)"),
                static_cast<std::int64_t>(ends.size()));
    }
  }
}

// A piece with named nodes takes the general way, which must find what variable lengths find.
TEST(CypherRandomGraph, QuantifiedPiecesAreAllTrails) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RandomGraph g(seed);
    for (const bool directed : {true, false}) {
      const std::string arrow = directed ? "-[:E]->" : "-[:E]-";
      std::int64_t even = 0, any = 0;
      g.trails(0, 4, directed, [&](int, int depth) {
        any += depth >= 2;
        even += depth % 2 == 0;
      });
      const std::string from = "MATCH (:N {i: 0}) ";
      EXPECT_EQ(g.s.number(from + "((x)" + arrow + "(y)){2,4} (b) RETURN count(*)"), any);
      EXPECT_EQ(g.s.number(from + "((x)" + arrow + "()" + arrow + "(y)){1,2} (b) RETURN count(*)"),
                even);
      EXPECT_EQ(g.s.number("MATCH (b) ((y)" + std::string(directed ? "<-[:E]-" : arrow) +
                           "(x)){2,4} (:N {i: 0}) RETURN count(*)"),
                any);
    }
  }
}

TEST(CypherRandomGraph, ShortestPathsAreShortest) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RandomGraph g(seed);
    for (int target = 1; target < RandomGraph::kNodes; ++target) {
      std::int64_t best = -1;
      std::int64_t ways = 0;
      g.trails(0, 6, true, [&](int end, int depth) {
        if (end != target || (best >= 0 && depth > best)) return;
        if (best < 0 || depth < best) ways = 0;
        best = depth;
        ++ways;
      });
      const std::string ends = "MATCH (a {i: 0}), (b {i: " + std::to_string(target) + "}) ";
      const std::string one =
          "OPTIONAL MATCH p = shortestPath((a)-[:E*..6]->(b)) RETURN "
          "coalesce(length(p), -1)";
      const std::string all =
          "OPTIONAL MATCH p = allShortestPaths((a)-[:E*..6]->(b)) RETURN count(p)";
      EXPECT_EQ(g.s.number(ends + one), best);
      EXPECT_EQ(g.s.number(ends + all), ways);
    }
  }
}

}  // namespace
}  // namespace rv::graph
