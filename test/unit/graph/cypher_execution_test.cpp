// An execution that is kept gives what a new one gives.
#include <gtest/gtest.h>

#include "core/graph/execution.h"
#include "unit/graph/cypher_session.h"

namespace rv::graph {
namespace {

class CypherExecution : public ::testing::Test {
 protected:
  CypherExecution() {
    session_.rows(
        "UNWIND range(1, 200) AS i CREATE (n:Person {id: i, age: i % 50, name: 'p' + i})"
        "-[:OWNS]->(:Thing {id: i})");
    session_.rows(
        "MATCH (a:Person), (b:Person) WHERE b.id IN [a.id + 1, a.id * 3 % 200 + 1, a.id * 7 % 200 "
        "+ 1]"
        " CREATE (a)-[:KNOWS {since: a.id}]->(b)");
    session_.rows("CREATE INDEX FOR (n:Person) ON (n.id)");
  }

  // Runs it with each of the parameters by one execution, and by a new one in another store.
  void compare(std::string_view query, bool kept) {
    SCOPED_TRACE(query);
    const auto plan = make_plan(query, session_.store);
    MemoryStore again = session_.store, anew = session_.store;
    Execution execution(*plan);
    for (const char* parameters :
         {R"({"id": 7, "list": [1, 2, 3], "n": 2})", R"({"id": 8, "list": [3, 4], "n": 1})",
          R"({"id": 1000, "list": [], "n": 0})", R"({"id": null, "list": [8, 1], "n": 5})",
          R"({"id": 7, "list": [7, 100, 8, 9], "n": 3})", R"({"id": 9, "list": [9], "n": 1000})"}) {
      SCOPED_TRACE(parameters);
      const auto got = session_.run(execution, parameters, again);
      EXPECT_EQ(execution.can_be_kept(), kept);
      Execution fresh(*plan);
      EXPECT_EQ(got, session_.run(fresh, parameters, anew));
    }
    // What the two have written is the same.
    for (const char* all :
         {"MATCH (n) RETURN n ORDER BY id(n)", "MATCH ()-[r]->() RETURN r ORDER BY id(r)"}) {
      const auto reading = make_plan(all, session_.store);
      Execution one(*reading), other(*reading);
      EXPECT_EQ(session_.run(one, "{}", again), session_.run(other, "{}", anew));
    }
  }

  CypherSession session_;
};

TEST_F(CypherExecution, ReadsAgain) {
  compare("MATCH (p:Person {id: $id}) RETURN p.name, p.age", true);
  compare("MATCH (p:Person {id: $id})-[:KNOWS]->(f:Person) RETURN f.id, f.name", true);
  compare("MATCH (p:Person {id: $id})-[r:KNOWS]->(f)<-[:KNOWS]-(g) RETURN r.since, g.id, labels(g)",
          true);
  compare("MATCH (p:Person) WHERE p.id IN $list RETURN p.name", true);
  compare(
      "MATCH (p:Person) WHERE p.age IN $list AND p.id > $id RETURN p.id, p.age IN $list LIMIT $n",
      true);
  compare("MATCH (p) WHERE p.id IN $list RETURN labels(p) SKIP $n LIMIT 3", true);
  compare(
      "MATCH (p:Thing) WHERE EXISTS { (p)<-[:OWNS]-(q:Person) WHERE q.id IN $list } RETURN p.id",
      true);
  compare("MATCH (p:Person {id: $id}), (q:Person {id: $n}) MATCH (p)-[:KNOWS]->(q) RETURN p.id",
          true);
  compare("MATCH (p:Person {id: $id}) RETURN rand() AS r, p.missing", true);
}

TEST_F(CypherExecution, GroupsAndSortsAgain) {
  compare("MATCH (p:Person) WHERE p.id IN $list RETURN p.age, count(*) ORDER BY p.age", true);
  compare(
      "MATCH (p:Person {id: $id})-[:KNOWS]->(f)-[:KNOWS]->(g) RETURN g.age AS a, count(*) AS c, "
      "collect(g.id) AS ids, avg(g.id), sum(DISTINCT f.id) ORDER BY c DESC, a LIMIT $n",
      true);
  compare("MATCH (p:Person) WHERE p.id > $id RETURN p.name ORDER BY p.name DESC SKIP $n LIMIT 60",
          true);
  compare("UNWIND $list AS i RETURN i, $n ORDER BY i DESC", true);
  compare("UNWIND $list AS i UNWIND range(i, $n) AS k RETURN min(k), max(i), count(*)", true);
}

TEST_F(CypherExecution, WritesAgain) {
  compare("MATCH (p:Person {id: $id}) CREATE (p)-[:LIKES {n: $n}]->(t:New {id: $n}) RETURN t.id, t",
          true);
  compare("MERGE (t:Tag {id: $n}) RETURN t.id", true);
  compare("MERGE (t:Tag {id: $n}) ON CREATE SET t.made = $n ON MATCH SET t.seen = $list RETURN t",
          true);
  compare(
      "MATCH (a:Person {id: $id}), (b:Person {id: $n}) MERGE (a)-[r:FOLLOWS]->(b) RETURN a.id, r",
      true);
  compare("MATCH (p:Person {id: $id}) SET p.name = 'of ' + $n, p:Known RETURN p", true);
  compare("MATCH (p:Person)-[r:KNOWS]->() WHERE p.id IN $list DELETE r", true);
  compare("MATCH (p:Person) WHERE p.id IN $list REMOVE p.age DETACH DELETE p", true);
}

// Those that end with a run.
TEST_F(CypherExecution, MakesOthersAnew) {
  compare("MATCH (p:Person {id: $id}) OPTIONAL MATCH (p)-[:KNOWS]->(q) RETURN q.id", false);
}

TEST_F(CypherExecution, NamesThatCameBetweenAreSeen) {
  const auto plan =
      make_plan("MATCH (p:Person {id: 7})-[:MADE_LATER]->(t) RETURN t.id", session_.store);
  Execution execution(*plan);
  EXPECT_TRUE(session_.run(execution, "{}", session_.store).empty());
  ASSERT_TRUE(execution.can_be_kept());
  session_.rows("MATCH (p:Person {id: 7}), (t:Thing {id: 3}) CREATE (p)-[:MADE_LATER]->(t)");
  EXPECT_EQ(session_.run(execution, "{}", session_.store).size(), 1U);
}

TEST_F(CypherExecution, IsNotKeptAfterAnError) {
  const auto plan = make_plan("MATCH (p:Person {id: 7}) RETURN 1 / $n AS x", session_.store);
  Execution execution(*plan);
  EXPECT_EQ(session_.run(execution, R"({"n": 1})", session_.store).size(), 1U);
  EXPECT_TRUE(execution.can_be_kept());
  EXPECT_THROW(session_.run(execution, R"({"n": 0})", session_.store), Error);
  EXPECT_FALSE(execution.can_be_kept());
  EXPECT_EQ(session_.run(execution, R"({"n": 1})", session_.store).size(), 1U);
}

TEST_F(CypherExecution, TakesAnotherLimitOfMemory) {
  const auto plan =
      make_plan("MATCH (p:Person) RETURN [x IN range(1, 10000) | x] AS l LIMIT 1", session_.store);
  Execution execution(*plan);
  EXPECT_EQ(session_.run(execution, "{}", session_.store).size(), 1U);
  session_.environment.memory_limit = 64 << 10;
  EXPECT_THROW(session_.run(execution, "{}", session_.store), Error);
}

TEST_F(CypherExecution, WithMuchMemoryIsNotKept) {
  const auto plan = make_plan("MATCH (p:Person {id: 7}) RETURN size([x IN range(1, $n) | x]) AS l",
                              session_.store);
  Execution execution(*plan);
  EXPECT_EQ(session_.run(execution, R"({"n": 10})", session_.store).at(0), R"({"l":10})");
  EXPECT_TRUE(execution.can_be_kept());
  EXPECT_EQ(session_.run(execution, R"({"n": 100000})", session_.store).at(0), R"({"l":100000})");
  EXPECT_EQ(session_.run(execution, R"({"n": 11})", session_.store).at(0), R"({"l":11})");
}

TEST_F(CypherExecution, WithManyColumnsIsNotKept) {
  const auto kept = [this](int columns) {
    std::string query = "MATCH (p:Person {id: 7}) RETURN p.id AS c0";
    for (int i = 1; i < columns; ++i)
      query += ", p.age + " + std::to_string(i) + " AS c" + std::to_string(i);
    const auto plan = make_plan(query, session_.store);
    Execution execution(*plan);
    EXPECT_EQ(session_.run(execution, "{}", session_.store).size(), 1U);
    return execution.can_be_kept();
  };
  EXPECT_TRUE(kept(10));
  EXPECT_FALSE(kept(200));
}

}  // namespace
}  // namespace rv::graph
