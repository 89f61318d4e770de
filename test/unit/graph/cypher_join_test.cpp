// Patterns that only an equality connects: a hash join, with the rows of a nested loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "unit/base/memory_file.h"
#include "unit/graph/cypher_session.h"

namespace rv::graph {
namespace {

class JoinTest : public testing::Test {
 protected:
  static int joins(CypherSession& s, const std::string& query) {
    int n = 0;
    for (const auto& line : explain(*make_plan(query, s.store)))
      n += line.find("HashJoin") != std::string::npos ? 1 : 0;
    return n;
  }
  static std::vector<std::string> sorted(CypherSession& s, const std::string& query) {
    auto rows = s.rows(query);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  // The same rows as with a predicate that means the same and is no equality.
  static void compare(CypherSession& s, const std::string& before, const std::string& equality,
                      const std::string& behind) {
    std::string loop = "NOT " + equality;
    loop.replace(loop.find(" = "), 3, " <> ");
    const auto expected = sorted(s, before + loop + behind);
    EXPECT_EQ(joins(s, before + loop + behind), 0) << loop;
    EXPECT_EQ(joins(s, before + equality + behind), 1) << equality;
    EXPECT_TRUE(sorted(s, before + equality + behind) == expected) << before << equality << behind;
    EXPECT_FALSE(expected.empty());
  }
  Files files_;
};

// Nodes whose x are of all kinds, many of them equal.
void make_nodes(CypherSession& s, const std::string& label, int n, std::uint64_t seed) {
  Rng rng(seed);
  for (int i = 0; i < n; ++i) {
    const std::string v = std::to_string(static_cast<int>(rng.below(12)) - 3);
    const std::string kinds[] = {
        v,
        v,
        v + ".0",
        v + ".5",
        "'" + v + "'",
        "0.0 / 0",
        "null",
        "[" + v + ", 1]",
        "[" + v + ".0, 1]",
        "date('2024-01-0" + std::to_string(1 + i % 9) + "')",
        "true",
        "time('1" + std::to_string(i % 3) + ":00+0" + std::to_string(i % 3) + ":00')",
        "-0.0"};
    s.rows("CREATE (:" + label + " {i: " + std::to_string(i) + ", k: " +
           std::to_string(rng.below(3)) + ", x: " + kinds[rng.below(std::size(kinds))] + "})");
  }
}

TEST_F(JoinTest, FindsTheRowsOfANestedLoop) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CypherSession s;
    make_nodes(s, "A", 60, seed);
    make_nodes(s, "B", 90, seed + 100);
    const std::string rows = " RETURN a.i, b.i, valueType(a.x) AS t";
    compare(s, "MATCH (a:A), (b:B) WHERE ", "a.x = b.x", rows);
    compare(s, "MATCH (a:A), (b:B) WHERE b.i > 5 AND ", "b.x = a.x", rows);
    EXPECT_EQ(sorted(s, "MATCH (a:A), (b:B) WHERE a.x = b.x AND b.k = a.k" + rows),
              sorted(s, "MATCH (a:A), (b:B) WHERE NOT a.x <> b.x AND NOT a.k <> b.k" + rows));
    compare(s, "MATCH (a:A), (b:B) WHERE ", "a.i + a.k = b.i * 2", rows);
    compare(s, "MATCH (a:B) MATCH (b:A) WHERE ", "a.x = b.x", rows);
    compare(s, "MATCH (a:A), (b) WHERE ", "a.x = b.x", " RETURN a.i, id(b) AS b");
    compare(s, "UNWIND range(0, 40) + [null, 1, '2', 7.0] AS v MATCH (b:B) WHERE ", "b.x = v",
            " RETURN v, b.i");
    compare(s, "MATCH (a:A) WITH a.x AS v, collect(a.i) AS l MATCH (b:B) WHERE ", "v = b.x",
            " RETURN l, b.i");
    compare(s, "MATCH (a:A) OPTIONAL MATCH (b:B) WHERE ", "a.x = b.x", rows);
    compare(s, "MATCH (a:A) WHERE EXISTS { MATCH (b:B) WHERE ", "a.x = b.x", " } RETURN a.i");
    compare(s, "MATCH (a:A) CALL { WITH a MATCH (b:B) WHERE ", "b.x = a.x",
            " RETURN count(b) AS n } RETURN a.i, n");
    // Of unbound nodes one is joined after the other.
    EXPECT_EQ(joins(s, "MATCH (a:A), (b:B), (c:A) WHERE a.x = b.x AND b.k = c.k RETURN count(*)"),
              2);
    EXPECT_EQ(s.rows("MATCH (a:A), (b:B), (c:A) WHERE a.x = b.x AND b.k = c.k RETURN count(*)"),
              s.rows("MATCH (a:A), (b:B), (c:A) WHERE NOT a.x <> b.x AND NOT b.k <> c.k "
                     "RETURN count(*)"));
  }
}

TEST_F(JoinTest, GoesOnAlongRelationships) {
  CypherSession s;
  s.rows("UNWIND range(0, 49) AS i CREATE (a:A {i: i})-[:R {w: i}]->(b:B {i: i % 7})");
  s.rows("UNWIND range(0, 29) AS i CREATE (c:C {j: i % 11})-[:S]->(:D {i: i})");
  const std::string rows = " RETURN a.i, r.w, b.i, id(c) AS c, d.i";
  compare(s, "MATCH (a:A)-[r:R]->(b:B), (c:C)-[:S]->(d:D) WHERE ", "b.i = c.j", rows);
  compare(s, "MATCH (a:A)-[r:R]->(b:B), (c:C)-[:S]->(d:D) WHERE ", "b.i = d.i", rows);
  // A relationship occurs once in a pattern.
  EXPECT_EQ(s.number("MATCH (a)-[r]->(b:B), (c)-[q]->(d:B) WHERE a.i = c.i RETURN count(*)"), 0);
}

TEST_F(JoinTest, SmallerSideBecomesTheTable) {
  CypherSession s;
  s.rows("UNWIND range(0, 499) AS i CREATE (:Many {i: i % 50})");
  s.rows("UNWIND range(0, 39) AS i CREATE (:Few {i: i})");
  const auto line = [&s](const std::string& query) {
    for (const auto& l : explain(*make_plan(query, s.store)))
      if (l.find("HashJoin") != std::string::npos) return l;
    return std::string("no join");
  };
  EXPECT_NE(line("MATCH (a:Many) MATCH (b:Few) WHERE a.i = b.i RETURN b").find("table of scan"),
            std::string::npos);
  EXPECT_NE(line("MATCH (a:Few) MATCH (b:Many) WHERE a.i = b.i RETURN b").find("table of input"),
            std::string::npos);
  EXPECT_EQ(s.number("MATCH (a:Many) MATCH (b:Few) WHERE a.i = b.i RETURN count(*)"), 400);
  // No equality, a constant, or an index to seek in: no table.
  EXPECT_EQ(line("MATCH (a:Few), (b:Many) WHERE a.i < b.i RETURN b"), "no join");
  EXPECT_EQ(line("MATCH (a:Few), (b:Many {i: 3}) RETURN b"), "no join");
  EXPECT_EQ(line("MATCH (a:Few), (b:Many) WHERE a.i = b.i + a.j RETURN b"), "no join");
  EXPECT_EQ(line("MATCH (a:Few), (b:Many) WHERE a.i = b.i + rand() RETURN b"), "no join");
  s.rows("CREATE INDEX FOR (n:Many) ON (n.i)");
  EXPECT_EQ(line("MATCH (a:Few), (b:Many) WHERE a.i = b.i RETURN b"), "no join");
}

TEST_F(JoinTest, SeesWhatWasWrittenBefore) {
  CypherSession s;
  s.rows("UNWIND range(0, 19) AS i CREATE (:A {i: i})");
  EXPECT_EQ(s.number("MATCH (a:A) CREATE (:B {i: a.i}) WITH a MATCH (b:B) WHERE b.i = a.i "
                     "RETURN count(*)"),
            20);
  EXPECT_EQ(s.rows("UNWIND [1, 2] AS round CALL { WITH round MATCH (a:A), (b:B) WHERE a.i = b.i "
                   "AND a.i < 3 CREATE (:B {i: a.i}) RETURN count(*) AS n } RETURN n"),
            (std::vector<std::string>{"{\"n\":3}", "{\"n\":6}"}));
}

TEST_F(JoinTest, ExceedsMemory) {
  CypherSession plenty, little;
  little.environment.memory_limit = 1 << 20;
  for (CypherSession* s : {&plenty, &little}) {
    s->rows("UNWIND range(0, 29999) AS i CREATE (:A {i: i, x: i % 9000, t: toString(i)})");
    s->rows("UNWIND range(0, 24999) AS i CREATE (:B {i: i, x: i % 8000})");
    s->rows("UNWIND range(0, 19999) AS i CREATE (:C {i: i % 5})");
  }
  little.environment.scratch_file = [this] { return std::make_unique<MemoryFile>(files_); };
  for (const std::string query :
       {// The table is of the scan, then of the input; then one key has very many rows.
        "MATCH (a:A) WITH a, a.t + '!' AS t MATCH (b:B) WHERE b.x = a.x RETURN a.i, b.i, t",
        "MATCH (b:B) WITH b, toString(b.i) AS t MATCH (a:A) WHERE a.x = b.x RETURN a.i, b.i, t",
        "UNWIND range(1, 100000) AS z WITH z WHERE z < 4 MATCH (c:C) WHERE c.i * 0 + 1 = z "
        "RETURN z, id(c) AS c",
        "MATCH (c:C) WITH c.i AS k MATCH (a:A) WHERE a.i = k RETURN k, a.i"}) {
    files_.made = 0;
    EXPECT_EQ(joins(little, query), 1) << query;
    const auto expected = sorted(plenty, query);
    EXPECT_TRUE(sorted(little, query) == expected) << query;
    EXPECT_EQ(files_.open, 0U);
    EXPECT_GT(files_.made, 0U) << query;
    EXPECT_FALSE(expected.empty());
  }
  EXPECT_LE(files_.made, 2 * 16U);
}

// The table is of the scan at first, which is in files then; later runs make it of their few rows.
TEST_F(JoinTest, ExceedsMemoryInAnInnerPlanOnce) {
  CypherSession s;
  s.environment.memory_limit = 1 << 20;
  s.environment.scratch_file = [this] { return std::make_unique<MemoryFile>(files_); };
  s.rows("UNWIND range(0, 14999) AS i CREATE (:A {i: i, t: 'a text of some length, number ' + i})");
  const std::string text = "'a text of some length, number ' + n";
  EXPECT_EQ(
      s.rows("UNWIND [3, 5, 14999, 20000, 7] AS n RETURN COUNT { MATCH (a:A) "
             "WHERE a.t = " +
             text + " } AS c, EXISTS { MATCH (a:A) WHERE a.t = " + text + " AND a.i < 6 } AS e"),
      (std::vector<std::string>{R"({"c":1,"e":true})", R"({"c":1,"e":true})",
                                R"({"c":1,"e":false})", R"({"c":0,"e":false})",
                                R"({"c":1,"e":false})"}));
  EXPECT_EQ(joins(s, "UNWIND [3] AS n RETURN COUNT { MATCH (a:A) WHERE a.t = " + text + " } AS c"),
            1);
  EXPECT_GT(files_.made, 0U);
  EXPECT_LE(files_.made, 2 * (16 + 1U));
}

TEST_F(JoinTest, CanBeInterrupted) {
  CypherSession s;
  s.rows("UNWIND range(0, 19999) AS i CREATE (:A {i: 1})");
  s.environment.check_interrupts = [] { throw Error(ErrorCode::wrong_state, "interrupted"); };
  EXPECT_THROW(s.rows("MATCH (a:A), (b:A) WHERE a.i = b.i RETURN count(*)"), Error);
}

}  // namespace
}  // namespace rv::graph
