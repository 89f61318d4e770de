// Queries whose rows exceed their memory: temporary files change nothing but where rows are.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/graph/value_codec.h"
#include "unit/base/memory_file.h"
#include "unit/graph/cypher_session.h"

namespace rv::graph {
namespace {

class SpillTest : public testing::Test {
 protected:
  // The rows with plenty of memory, and with `limit` bytes.
  void compare(std::string_view query, std::size_t limit, bool in_order) {
    CypherSession plenty, little;
    little.environment.memory_limit = limit;
    little.environment.scratch_file = [this] { return std::make_unique<MemoryFile>(files_); };
    auto expected = plenty.rows(query);
    auto found = little.rows(query);
    if (!in_order) {
      std::sort(expected.begin(), expected.end());
      std::sort(found.begin(), found.end());
    }
    EXPECT_EQ(found.size(), expected.size()) << query;
    EXPECT_TRUE(found == expected) << query;
    EXPECT_GT(files_.made, 0U) << "it fitted into memory: " << query;
    EXPECT_EQ(files_.open, 0U);
    little.environment.scratch_file = nullptr;
    EXPECT_THROW(little.rows(query), Error) << query;
  }
  Files files_;
};

constexpr std::size_t kMega = 1 << 20;

// i from 0 on; a list of all of them would not fit into memory.
std::string rows_of(int n) {
  return "UNWIND range(0, " + std::to_string(n / 200 - 1) +
         ") AS a UNWIND range(0, 199) AS b WITH a * 200 + b AS i ";
}

TEST_F(SpillTest, Sort) {
  compare(rows_of(60000) + "RETURN (i * 7919) % 60000 AS x, toString(i) AS t ORDER BY x DESC",
          kMega, true);
  // Equal keys keep their order; a second key in the other direction.
  compare(rows_of(60000) + "RETURN i % 7 AS k, i ORDER BY k", kMega, true);
  compare(rows_of(60000) + "RETURN i % 7 AS k, i ORDER BY k DESC, i % 11, i", kMega, true);
}

TEST_F(SpillTest, SortInSeveralPasses) {
  // 32 runs are read at once within 1 MB.
  compare(rows_of(900000) + "RETURN (i * 7919) % 900007 AS x ORDER BY x", kMega, true);
  EXPECT_GT(files_.made, 1U);
}

TEST_F(SpillTest, SortWithLimit) {
  compare(rows_of(60000) + "RETURN (i * 7919) % 60000 AS x ORDER BY x SKIP 3 LIMIT 30000", kMega,
          true);
}

TEST_F(SpillTest, SortOfLargeRows) {
  compare(rows_of(20000) +
              "WITH i, reduce(s = 'x', k IN range(1, 8) | s + s) AS t "
              "RETURN i, t + toString(i) AS t ORDER BY i % 17, i DESC",
          4 * kMega, true);
}

TEST_F(SpillTest, Distinct) {
  compare(rows_of(100000) + "RETURN DISTINCT i % 50000 AS x", kMega, false);
  compare(rows_of(100000) + "WITH DISTINCT i % 40000 AS x, toString(i % 3) AS t RETURN x, t", kMega,
          false);
  // Parts that do not fit either are parted again.
  compare(rows_of(1000000) + "RETURN DISTINCT i % 900000 AS x", kMega, false);
}

TEST_F(SpillTest, Grouping) {
  compare(rows_of(100000) +
              "RETURN i % 30000 AS k, count(*) AS c, sum(i) AS s, min(toString(i)) AS m, "
              "count(DISTINCT i % 2) AS d",
          kMega, false);
  compare(rows_of(50000) + "RETURN toString(i % 9000) AS k, collect(i) AS all", kMega, false);
  compare(rows_of(300000) + "RETURN i % 250000 AS k, avg(i) AS a", kMega, false);
}

TEST_F(SpillTest, WritesThatWaitForAllRows) {
  compare(rows_of(40000) + "CREATE (n:N {i: i}) SET n.j = n.i + 1 RETURN n.j AS j", kMega, true);
}

TEST_F(SpillTest, EveryKindOfValue) {
  const std::string query =
      "CREATE (a:A {n: 1})-[r:R {w: 1}]->(b:B) WITH * MATCH p = (a)-[:R]->(b) UNWIND range(1, "
      "20000) AS i "
      "RETURN a, r, p, i, toFloat(i) AS f, i % 2 = 0 AS odd, null AS n, [i, [toString(i), null], "
      "{k: i}] AS l, "
      "{a: 1, b: {c: date('2020-02-29')}} AS m, localtime('10:11:12.5') AS lt, time('10:11+02:00') "
      "AS t, "
      "localdatetime('2020-01-01T00:00') AS ld, datetime('2020-07-01T12:00+02:00[Europe/Berlin]') "
      "AS d, "
      "duration('P1Y2M3DT4H5.5S') AS u, point({x: 1, y: 2, z: 3}) AS g, vector([1, 2, 3]) AS v "
      "ORDER BY (i * 7919) % 20000, i";
  compare(query, 8 * kMega, true);
}

TEST_F(SpillTest, SetsAndPercentilesOfOneGroup) {
  compare(rows_of(300000) +
              "WITH i % 100000 AS x RETURN count(DISTINCT x) AS c, sum(DISTINCT x) AS s, "
              "avg(DISTINCT x) AS a, min(DISTINCT -x) AS m, count(*) AS n",
          kMega, true);
  compare(rows_of(300000) +
              "WITH (i * 7919) % 100003 AS x, i RETURN percentileCont(x, 0.37) AS c, "
              "percentileDisc(x, 0.5) AS d, percentileDisc(x, 0) AS l, percentileCont(x, 1) AS h, "
              "stDev(DISTINCT x % 3) AS s, percentileDisc(DISTINCT x % 1000, 0.9) AS p",
          2 * kMega, true);
  // 1 and 1.0 are one value, null is none, NaN is one; texts.
  compare(
      rows_of(200000) +
          "UNWIND [i, toFloat(i), null, 0.0 / 0, toString(i)] AS x RETURN count(DISTINCT x) AS c",
      2 * kMega, true);
}

TEST_F(SpillTest, LargeSetsOfSeveralGroups) {
  compare(rows_of(300000) +
              "RETURN i % 3 AS k, count(DISTINCT i % 60000) AS d, percentileCont(i, 0.25) AS p, "
              "sum(i) AS s, max(toString(i)) AS m",
          kMega, false);
}

TEST_F(SpillTest, ListsThatTogetherExceedMemory) {
  // Each list is small; they keep their order.
  compare(rows_of(200000) + "RETURN i % 100 AS k, collect(i) AS all, count(*) AS c", kMega, false);
  compare(rows_of(60000) + "RETURN i % 50 AS k, collect([i, toString(i)]) AS all", kMega, false);
  // More groups than fit as well, each with more than fits at first.
  compare(rows_of(400000) +
              "RETURN i % 20000 AS k, collect(i) AS all, size(collect(DISTINCT i % 40)) AS d",
          kMega, false);
  // In several passes over the files.
  compare(rows_of(1000000) +
              "WITH i % 30000 AS k, collect(i) AS all "
              "RETURN k, size(all) AS s, all[0] AS a, last(all) AS z",
          kMega, false);
  EXPECT_GT(files_.made, 1U);
}

TEST_F(SpillTest, AggregatesOfAnInnerPlanStartAnew) {
  compare(
      "UNWIND range(1, 3) AS n CALL { WITH n UNWIND range(1, 60000) AS i "
      "RETURN count(DISTINCT i % (n * 20000)) AS d } RETURN n, d",
      kMega, true);
}

TEST_F(SpillTest, WhatMustStayInMemoryIsAnErrorThatNamesTheLimit) {
  CypherSession s;
  s.environment.memory_limit = kMega;
  s.environment.memory_setting = "the limit";
  s.environment.scratch_file = [this] { return std::make_unique<MemoryFile>(files_); };
  for (const std::string& query :
       {rows_of(100000) + "RETURN collect(i)", rows_of(300000) + "RETURN i % 2, collect(i)",
        rows_of(100000) + "RETURN collect(DISTINCT i)", rows_of(4000000) + "RETURN collect(i)"}) {
    files_.bytes = 0;
    try {
      s.rows(query);
      ADD_FAILURE() << query;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::out_of_memory);
      EXPECT_NE(std::string(e.what()).find("the limit"), std::string::npos) << e.what();
      EXPECT_FALSE(e.hint().empty());
    }
    EXPECT_LT(files_.bytes, 8 * kMega) << "a list that will not fit is given up early";
  }
  EXPECT_EQ(files_.open, 0U);
}

}  // namespace
}  // namespace rv::graph
