// Operators that count each end once, and what they rest on.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/graph/hash_index.h"
#include "core/graph/node_set.h"
#include "cypher_session.h"

namespace rv::graph {
namespace {

std::string plan_of(CypherSession& s, const std::string& query) {
  std::string out;
  for (const auto& line : explain(*make_plan(query, s.store), nullptr)) out += line + "\n";
  return out;
}

bool reaches(CypherSession& s, const std::string& query) {
  return plan_of(s, query).find("Reach") != std::string::npos;
}

TEST(CypherDistinct, SearchesBreadthFirstOnlyWhereRepeatsDoNotCount) {
  CypherSession s;
  s.rows("CREATE (a:N {i: 0})-[:E]->(b:N {i: 1})-[:E]->(c:N {i: 2})-[:E]->(a), (a)-[:E]->(c)");
  EXPECT_TRUE(reaches(s, "MATCH (:N {i: 0})-[:E*1..3]->(f) RETURN count(DISTINCT f)"));
  EXPECT_TRUE(reaches(s, "MATCH (:N {i: 0})-[:E*0..3]->(f) RETURN DISTINCT f.i"));
  EXPECT_TRUE(reaches(s, "MATCH (:N {i: 0})-[:E*]->(f) RETURN max(f.i)"));
  EXPECT_FALSE(reaches(s, "MATCH (:N {i: 0})-[:E*1..3]->(f) RETURN count(f)"));
  EXPECT_FALSE(reaches(s, "MATCH (:N {i: 0})-[:E*1..3]->(f) RETURN count(DISTINCT f), count(*)"));
  EXPECT_FALSE(reaches(s, "MATCH (:N {i: 0})-[r:E*1..3]->(f) RETURN DISTINCT f, r"));
  EXPECT_FALSE(reaches(s, "MATCH (:N {i: 0})-[:E*2..3]->(f) RETURN DISTINCT f.i"));
  EXPECT_FALSE(reaches(s, "MATCH p = (:N {i: 0})-[:E*1..3]->(f) RETURN DISTINCT f, length(p)"));
  EXPECT_FALSE(reaches(s, "MATCH (:N {i: 0})-[:E*1..3]->(f) RETURN DISTINCT f, rand()"));
  EXPECT_EQ(s.number("MATCH (:N {i: 0})-[:E*1..3]->(f) RETURN count(DISTINCT f)"), 3);
  EXPECT_EQ(s.number("MATCH (:N {i: 0})-[:E*2..3]->(f) RETURN count(DISTINCT f)"), 3);
}

// What an exact seek has found is not asked again, and everything else still is.
TEST(CypherSeek, PredicatesBesideTheSeekStillCount) {
  CypherSession s;
  s.rows("CREATE INDEX FOR (n:N) ON (n.i)");
  s.rows("UNWIND [1, 1.0, 2] AS i CREATE (:N {i: i, j: 1}), (:N:M {i: i, j: 2}), (:M {i: i})");
  EXPECT_NE(plan_of(s, "MATCH (n:N {i: 1}) RETURN n").find("IndexSeek"), std::string::npos);
  EXPECT_EQ(s.number("MATCH (n:N {i: 1}) RETURN count(*)"), 4);
  EXPECT_EQ(s.number("MATCH (n:N {i: $i}) RETURN count(*)", R"({"i": 1.0})"), 4);
  EXPECT_EQ(s.number("MATCH (n:N:M {i: 1}) RETURN count(*)"), 2);
  EXPECT_EQ(s.number("MATCH (n:N {i: 1, j: 2}) RETURN count(*)"), 2);
  EXPECT_EQ(s.number("MATCH (n:N {i: 1}) WHERE n.i = 2 RETURN count(*)"), 0);
  EXPECT_EQ(s.number("MATCH (n:N) WHERE n.i IN [1, 2, 2.0] RETURN count(*)"), 6);
  EXPECT_EQ(s.number("MATCH (n:N) WHERE n.i = 1 AND n.i < 1 RETURN count(*)"), 0);
  EXPECT_EQ(s.number("MATCH (n:N {i: null}) RETURN count(*)"), 0);
  EXPECT_EQ(s.number("UNWIND [1, 2, 3] AS i MATCH (n:N {i: i})-[]-() RETURN count(*)"), 0);
}

TEST(CypherDistinct, EveryStartHasItsOwnEnds) {
  CypherSession s;
  s.rows("CREATE (a:N {i: 0})-[:E]->(b:N {i: 1})-[:E]->(c:N {i: 2}), (d:N {i: 3})-[:E]->(b)");
  EXPECT_EQ(
      s.rows("MATCH (n:N)-[:E*1..2]->(f) RETURN n.i AS n, count(DISTINCT f) AS c ORDER BY n"),
      (std::vector<std::string>{"{\"n\":0,\"c\":2}", "{\"n\":1,\"c\":1}", "{\"n\":3,\"c\":2}"}));
  EXPECT_EQ(s.number("MATCH (n:N)-[:E*1..2]->(f) RETURN count(DISTINCT f)"), 2);
  EXPECT_EQ(s.number("MATCH (n:N)-[:E*0..2]->(f) RETURN count(DISTINCT f)"), 4);
}

TEST(CypherDistinct, WithoutDirectionTheStartIsAnEndOnlyOnACircle) {
  CypherSession s;
  s.rows("CREATE (a:N {i: 0})-[:E]->(b:N {i: 1})-[:E]->(c:N {i: 2})");
  EXPECT_EQ(s.number("MATCH (:N {i: 0})-[:E*1..4]-(f) RETURN count(DISTINCT f)"), 2);
  s.rows("MATCH (a:N {i: 0}), (c:N {i: 2}) CREATE (c)-[:E]->(a)");
  EXPECT_EQ(s.number("MATCH (:N {i: 0})-[:E*1..2]-(f) RETURN count(DISTINCT f)"), 2);
  EXPECT_EQ(s.number("MATCH (:N {i: 0})-[:E*1..3]-(f) RETURN count(DISTINCT f)"), 3);
}

TEST(CypherDistinct, LabelsAreAskedAgainAfterAWrite) {
  CypherSession s;
  s.rows("CREATE (:N {i: 0})-[:E]->(:M {i: 1})");
  EXPECT_EQ(s.number("MATCH (a:N)-[:E]->(b:M) REMOVE b:M WITH a MATCH (a)-[:E]->(c:M) "
                     "RETURN count(c)"),
            0);
}

TEST(CypherDistinct, AggregatesReadPropertiesAhead) {
  CypherSession s;
  s.rows("UNWIND range(1, 3000) AS i CREATE (:N {i: i, g: i % 7, t: toString(i % 5)})");
  EXPECT_EQ(s.number("MATCH (n:N) WITH n.g AS g, sum(n.i) AS t, count(DISTINCT n.t) AS c "
                     "RETURN sum(t) + sum(c)"),
            3000 * 3001 / 2 + 35);
}

TEST(NodeSet, HoldsIdsOfAnySize) {
  MemoryBudget budget(std::size_t{1} << 20, "work_mem");
  {
    NodeSet set(&budget);
    for (const NodeId id : {NodeId{0}, NodeId{63}, NodeId{64}, NodeId{1} << 40, NodeId{-5}}) {
      EXPECT_FALSE(set.contains(id));
      EXPECT_TRUE(set.insert(id));
      EXPECT_FALSE(set.insert(id));
      EXPECT_TRUE(set.contains(id));
    }
    EXPECT_EQ(set.size(), 5U);
    set.clear();
    EXPECT_FALSE(set.contains(63));
  }
}

TEST(HashIndex, NumbersEntriesInTheOrderTheyCome) {
  HashIndex index(nullptr);
  std::vector<int> entries;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) {
      // Many entries share a hash.
      const auto found = index.find_or_add(static_cast<std::uint64_t>(i % 1000),
                                           [&](std::uint32_t e) { return entries[e] == i; });
      EXPECT_EQ(found.fresh, round == 0);
      EXPECT_EQ(found.entry, static_cast<std::uint32_t>(i));
      if (found.fresh) entries.push_back(i);
    }
  }
}

TEST(CypherCounts, TheLastHopIsCountedWhereOnlyNumbersAreAskedFor) {
  CypherSession s;
  const auto counts = [&](const std::string& query) {
    return plan_of(s, query).find(" count") != std::string::npos;
  };
  EXPECT_TRUE(counts("MATCH (a:N)-[:E]->(:N)-[:E]->(b:N) RETURN count(*)"));
  EXPECT_FALSE(counts("MATCH (a:N)-[:E]->(b) RETURN count(*), sum(a.i)"));
  EXPECT_FALSE(counts("MATCH (a:N)-[r:E]->(b) RETURN count(*), max(r.w)"));
  EXPECT_FALSE(counts("MATCH (a:N)-[:E]->(a) RETURN count(*)"));
}

TEST(CypherCounts, CountsAreThoseOfTheRows) {
  CypherSession s;
  // Self-loops, parallel relationships, ways back: uniqueness takes some of the hops away.
  s.rows(
      "CREATE (a:N {i: 0})-[:E]->(b:N {i: 1})-[:E]->(c {i: 2})-[:E]->(a), (a)-[:E]->(a), "
      "(b)-[:E]->(a), (a)-[:E]->(b), (c)-[:F]->(b)");
  for (const char* pattern :
       {"(a)-[:E]->(b)", "(a)-[:E]->(b:N)", "(a)-[]-(b)", "(a)-[:E]->(m)-[:E]->(b)",
        "(a)-[:E]-(m)-[:E]-(b:N)", "(a)-[]->(m)<-[]-(b)", "(a)<-[:E]-(m)-[:E|F]-(k)-[]-(b:N)",
        "(a)-[:E*1..2]->(m)-[:E]->(b)"}) {
    const std::string match = std::string("MATCH ") + pattern;
    const auto rows = s.rows(match + " RETURN id(b)").size();
    EXPECT_EQ(s.number(match + " RETURN count(*)"), static_cast<std::int64_t>(rows)) << pattern;
    EXPECT_EQ(s.rows(match + " RETURN a.i AS i, count(*) AS c ORDER BY i"),
              s.rows(match + " WITH a, id(b) AS e RETURN a.i AS i, count(*) AS c ORDER BY i"))
        << pattern;
  }
}

}  // namespace
}  // namespace rv::graph
