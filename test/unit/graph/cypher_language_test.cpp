// What the TCK does not ask: subqueries, label expressions, shortest paths, FOREACH, indexes.
#include <gtest/gtest.h>

#include <algorithm>

#include "cypher_session.h"

namespace rv::graph {
namespace {

using Rows = std::vector<std::string>;

class CypherLanguage : public ::testing::Test {
 protected:
  void SetUp() override {
    s.rows(
        "CREATE (a:Person {name: 'Ann', age: 30})-[:KNOWS {since: 2001}]->(b:Person {name: 'Bob', "
        "age: 40})-[:KNOWS {since: 2002}]->(c:Person:Admin {name: 'Cid'}), (a)-[:LIKES]->(c), "
        "(d:Robot {name: 'Dot'})");
  }
  CypherSession s;
};

TEST_F(CypherLanguage, CountAndCollectSubqueries) {
  EXPECT_EQ(s.rows("MATCH (p:Person) RETURN p.name AS n, COUNT { (p)-->() } AS c, COLLECT { MATCH "
                   "(p)-[:KNOWS]->(q) RETURN q.name } AS q ORDER BY n"),
            (Rows{R"({"n":"Ann","c":2,"q":["Bob"]})", R"({"n":"Bob","c":1,"q":["Cid"]})",
                  R"({"n":"Cid","c":0,"q":[]})"}));
  EXPECT_EQ(s.rows("MATCH (p:Person) WHERE COUNT { MATCH (p)-[:KNOWS]->(q) WHERE q.age > 35 } = 1 "
                   "RETURN p.name AS n"),
            (Rows{R"({"n":"Ann"})"}));
}

TEST_F(CypherLanguage, CallSubqueries) {
  EXPECT_EQ(s.rows("MATCH (p:Person) CALL { WITH p MATCH (p)-->(q) RETURN count(q) AS c } RETURN "
                   "p.name AS n, c ORDER BY n"),
            (Rows{R"({"n":"Ann","c":2})", R"({"n":"Bob","c":1})", R"({"n":"Cid","c":0})"}));
  EXPECT_EQ(s.rows("MATCH (p:Person) CALL (p) { MATCH (p)-->(q) RETURN q ORDER BY q.name LIMIT 1 } "
                   "RETURN p.name AS n, q.name AS q ORDER BY n"),
            (Rows{R"({"n":"Ann","q":"Bob"})", R"({"n":"Bob","q":"Cid"})"}));
  EXPECT_EQ(
      s.rows("UNWIND [1, 2] AS x CALL { WITH x RETURN x * 10 AS y UNION ALL WITH x RETURN x AS "
             "y } RETURN y ORDER BY y"),
      (Rows{R"({"y":1})", R"({"y":2})", R"({"y":10})", R"({"y":20})"}));
  s.rows("UNWIND [1, 2, 3] AS x CALL { WITH x CREATE (:Made {x: x}) }");
  EXPECT_EQ(s.number("MATCH (m:Made) RETURN sum(m.x)"), 6);
}

TEST_F(CypherLanguage, LabelExpressions) {
  EXPECT_EQ(s.number("MATCH (n:Person&!Admin) RETURN count(*)"), 2);
  EXPECT_EQ(s.number("MATCH (n:Robot|Admin) RETURN count(*)"), 2);
  EXPECT_EQ(s.number("MATCH (n:!Person) RETURN count(*)"), 1);
  EXPECT_EQ(s.number("MATCH (n:%) RETURN count(*)"), 4);
  EXPECT_EQ(s.number("MATCH ()-[r:!KNOWS]->() RETURN count(*)"), 1);
  EXPECT_EQ(s.number("MATCH (n WHERE n.age > 35) RETURN count(*)"), 1);
}

TEST_F(CypherLanguage, ShortestPaths) {
  EXPECT_EQ(
      s.number("MATCH (a {name: 'Ann'}), (c {name: 'Cid'}) MATCH p = shortestPath((a)-[*]->(c)) "
               "RETURN length(p)"),
      1);
  EXPECT_EQ(s.number("MATCH (a {name: 'Ann'}), (c {name: 'Cid'}) MATCH p = "
                     "shortestPath((a)-[:KNOWS*]->(c)) RETURN length(p)"),
            2);
  EXPECT_EQ(s.number("MATCH (a {name: 'Ann'}), (c {name: 'Cid'}) MATCH p = SHORTEST 5 (a)-[*]->(c) "
                     "RETURN count(p)"),
            2);
  EXPECT_EQ(s.number("MATCH (a {name: 'Ann'}), (d:Robot) OPTIONAL MATCH p = "
                     "shortestPath((a)-[*]-(d)) RETURN count(p)"),
            0);
}

TEST_F(CypherLanguage, Foreach) {
  s.rows(
      "MATCH (a:Person {name: 'Ann'}) FOREACH (x IN [1, 2] | CREATE (a)-[:HAS]->(:Thing {x: x}) "
      "SET "
      "a.last = x)");
  EXPECT_EQ(s.rows("MATCH (a:Person {name: 'Ann'})-[:HAS]->(t) RETURN sum(t.x) AS s, a.last AS l"),
            (Rows{R"({"s":3,"l":2})"}));
}

TEST_F(CypherLanguage, SetSeesWhatEarlierRowsWrote) {
  s.rows("CREATE (:Counter {n: 0})");
  s.rows("UNWIND [1, 2, 3] AS x MATCH (c:Counter) SET c.n = c.n + x");
  EXPECT_EQ(s.number("MATCH (c:Counter) RETURN c.n"), 6);
  s.rows("MATCH (c:Counter) SET c.a = 5, c.b = c.a + 1");
  EXPECT_EQ(s.number("MATCH (c:Counter) RETURN c.b"), 6);
}

TEST_F(CypherLanguage, MergeSeesItsOwnRows) {
  s.rows(
      "UNWIND [1, 2, 1, 2, 1] AS x MERGE (k:Key {x: x}) ON CREATE SET k.n = 1 ON MATCH SET k.n = "
      "k.n "
      "+ 1");
  EXPECT_EQ(s.rows("MATCH (k:Key) RETURN k.x AS x, k.n AS n ORDER BY x"),
            (Rows{R"({"x":1,"n":3})", R"({"x":2,"n":2})"}));
}

TEST_F(CypherLanguage, IndexesFindWhatScansFind) {
  const Rows queries = {
      "MATCH (p:Person {name: 'Bob'}) RETURN p.age AS v",
      "MATCH (p:Person) WHERE p.name IN ['Bob', 'Ann', 'Bob', null] RETURN p.name AS v ORDER BY v",
      "MATCH (p:Person) WHERE p.name STARTS WITH 'A' RETURN p.name AS v",
      "MATCH (p:Person) WHERE p.name > 'A' AND p.name <= 'Bob' RETURN p.name AS v ORDER BY v",
      "MATCH (q:Person {name: 'Ann'}), (p:Person {name: q.name}) RETURN p.name AS v",
  };
  s.rows("UNWIND range(1, 200) AS i CREATE (:Person {name: 'x' + i})");
  std::vector<Rows> scanned;
  for (const auto& q : queries) scanned.push_back(s.rows(q));
  s.rows("CREATE INDEX by_name FOR (p:Person) ON (p.name)");
  for (std::size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(s.rows(queries[i]), scanned[i]) << queries[i];
    const auto lines = explain(*make_plan(queries[i], s.store));
    const bool seeks = std::any_of(lines.begin(), lines.end(), [](const std::string& l) {
      return l.find("IndexSeek") != std::string::npos;
    });
    EXPECT_TRUE(seeks) << queries[i];
  }
}

TEST_F(CypherLanguage, UniqueConstraintsHold) {
  s.rows("CREATE CONSTRAINT u FOR (p:Person) REQUIRE p.name IS UNIQUE");
  EXPECT_THROW(s.rows("CREATE (:Person {name: 'Ann'})"), Error);
}

TEST_F(CypherLanguage, DeletedEntitiesCannotBeRead) {
  try {
    s.rows("MATCH (d:Robot) DELETE d RETURN d.name");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.detail().find("EntityNotFound: DeletedEntityAccess at line 1"), std::string::npos);
  }
}

TEST_F(CypherLanguage, MemoryIsBounded) {
  s.environment.memory_limit = 1 << 20;
  try {
    s.rows("UNWIND range(1, 1000000) AS x RETURN collect(x)");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::out_of_memory);
  }
  // Rows that only pass need no memory.
  s.environment.memory_limit = 64 << 20;
  EXPECT_EQ(s.number("UNWIND range(1, 1000) AS x UNWIND range(1, 1000) AS y RETURN count(*)"),
            1000000);
}

TEST_F(CypherLanguage, VectorFunctions) {
  EXPECT_EQ(s.value("ruvector.similarity([1, 0], [1, 0])"), "1.0");
  EXPECT_EQ(s.value("ruvector.distance([0, 0], [3, 4], 'l2')"), "5.0");
  EXPECT_EQ(s.value("ruvector.similarity([0, 0], [1, 0])"), "null");
  EXPECT_THROW(s.value("ruvector.distance([1], [1, 2])"), Error);
}

TEST_F(CypherLanguage, ParametersOfEveryKind) {
  EXPECT_EQ(s.value("$p", R"({"p": {"a": [1, 1.0, "x", null, true]}})"),
            R"({"a":[1,1.0,"x",null,true]})");
  EXPECT_EQ(s.value("$a + $b", R"({"a": 9223372036854775807, "b": 0})"), "9223372036854775807");
  EXPECT_THROW(s.value("$missing"), Error);
}

}  // namespace
}  // namespace rv::graph
