// Long lists: IN, seeks of each element, and UNWIND of range() without a list.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/graph/value_list.h"
#include "unit/graph/cypher_session.h"

namespace rv::graph {
namespace {

double milliseconds(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// Values of every kind that a list may hold, many of them equal; those of the arena live as long.
std::vector<Value> random_values(std::size_t n, Rng& rng, Arena& arena) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<std::int64_t>(rng.below(40)) - 20;
    const auto d = static_cast<double>(x) / 2;
    switch (rng.below(9)) {
      case 0:
        out.push_back(Value::null());
        break;
      case 1:
        out.push_back(Value::floating(std::nan("")));
        break;
      case 2:
        out.push_back(Value::floating(x == 0 ? -0.0 : d));
        break;
      case 3:
        out.push_back(Value::string(arena.copy(std::to_string(x))));
        break;
      case 4:
        out.push_back(Value::boolean(x > 0));
        break;
      case 5: {
        const Value items[] = {Value::integer(x), i % 3 == 0 ? Value::null() : Value::floating(d)};
        out.push_back(Value::list(arena.copy(std::span<const Value>(items))));
        break;
      }
      case 6:
        out.push_back(
            Value::point(arena.make<Point>(7203, d, x % 2 == 0 ? std::nan("") : 1.0, 0.0)));
        break;
      default:
        out.push_back(Value::integer(x));
        break;
    }
  }
  return out;
}

TEST(ValueList, SortsAndTellsApartAsEqualityDoes) {
  Rng rng(7);
  for (const std::size_t n : {0U, 1U, 7U, 300U}) {
    Arena arena;
    const auto items = random_values(n, rng, arena);
    ChargedVector<std::uint32_t> places(nullptr);
    sort_distinct(items, places);
    for (std::size_t i = 1; i < places.size(); ++i)
      EXPECT_LT(order(items[places[i - 1]], items[places[i]]), 0);
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t first = 0, found = 0;
      while (first < n && equals(items[first], items[i]) != Truth::yes) ++first;
      for (std::size_t k = 0; k < places.size(); ++k) found += places[k] == first ? 1 : 0;
      EXPECT_EQ(found, first < n ? 1U : 0U) << i;
    }
  }
}

TEST(ValueList, ContainsWhatInFinds) {
  Rng rng(8);
  Arena arena;
  MemoryBudget budget(1 << 20, "memory");
  for (const bool nulls : {true, false}) {
    auto items = random_values(200, rng, arena);
    if (!nulls) std::erase_if(items, [](const Value& v) { return v.is_null(); });
    const auto set = ValueSet::make(items, &budget);
    ASSERT_NE(set, nullptr);
    EXPECT_GT(budget.used(), 200 * sizeof(std::uint32_t));
    for (const Value& v : random_values(300, rng, arena)) {
      if (!ValueSet::covers(v)) continue;
      Truth expected = Truth::no;
      for (const Value& item : items) {
        const Truth t = equals(v, item);
        if (t == Truth::yes || (t == Truth::unknown && expected == Truth::no)) expected = t;
        if (t == Truth::yes) break;
      }
      EXPECT_EQ(set->contains(v), expected);
    }
  }
  EXPECT_EQ(budget.used(), 0U);
  MemoryBudget nothing(100, "memory");
  EXPECT_EQ(ValueSet::make(random_values(200, rng, arena), &nothing), nullptr);
  EXPECT_EQ(nothing.used(), 0U);
}

// As JSON: integers with repeats, floats equal to some of them, nulls and other kinds.
std::string long_list(int n) {
  std::string out = "[null, \"5\", true, 3.0";
  for (int i = 0; i < n; ++i) {
    out += ", " + std::to_string(i % (n / 2));
    if (i % 1000 == 0) out += ", null, " + std::to_string(i) + ".0";
  }
  return out + "]";
}

TEST(CypherLists, SeeksOfALongListTakeLinearTime) {
  CypherSession s;
  s.rows("CREATE INDEX FOR (n:N) ON (n.i)");
  s.rows("UNWIND range(-5, 14) AS i CREATE (:N {i: i})");
  s.rows("CREATE (:N {i: 3.0}), (:N {i: '5'}), (:N {i: 0.0 / 0}), (:N), (:N {i: [1]})");
  const std::string parameters = "{\"l\": " + long_list(100000) + "}";
  const auto plan = make_plan("MATCH (n:N) WHERE n.i IN $l RETURN n.i", s.store);
  EXPECT_NE(explain(*plan)[2].find("IndexSeek"), std::string::npos) << explain(*plan)[2];
  for (const std::string query :
       {"MATCH (n:N) WHERE n.i IN $l RETURN count(*) AS c",
        "WITH $l AS l MATCH (n:N) WHERE n.i IN l RETURN count(*) AS c",
        "MATCH (n:N) WHERE n.i IN $l AND n.i IN $l RETURN count(*) AS c"}) {
    std::int64_t found = 0;
    const double ms = milliseconds([&] { found = s.number(query, parameters); });
    EXPECT_EQ(found, 15 + 1 + 1) << query;  // 0 to 14, 3.0 again, '5'
    EXPECT_LT(ms, 5000) << query;           // half a minute and more where it is quadratic
  }
  EXPECT_EQ(s.rows("MATCH (n:N) WHERE n.i IN [3, 3.0, null, 0.0 / 0, [1], 3, '5'] "
                   "RETURN valueType(n.i) AS t ORDER BY t")
                .size(),
            4U);
  // The rest of a list that is written out is evaluated once for each row.
  EXPECT_EQ(s.number("UNWIND [1, 2] AS k MATCH (n:N) WHERE n.i IN [k, k + 1, k, null] "
                     "RETURN count(*)"),
            2 + 2 + 1);
}

TEST(CypherLists, InOfALongListTakesLinearTime) {
  CypherSession s;
  s.rows("UNWIND range(0, 19999) AS i CREATE (:M {i: i})");
  const std::string parameters = "{\"l\": " + long_list(50000) + "}";
  for (const std::string query :
       {"MATCH (n:M) WHERE n.i IN $l RETURN count(*)",
        "WITH [x IN $l | x] AS l MATCH (n:M) WHERE n.i IN l RETURN count(*)"}) {
    std::int64_t found = 0;
    const double ms = milliseconds([&] { found = s.number(query, parameters); });
    EXPECT_EQ(found, 20000) << query;
    EXPECT_LT(ms, 1000) << query;
  }
  std::string written = "[0";
  for (int i = 1; i < 5000; ++i) written += ", " + std::to_string(i);
  EXPECT_EQ(s.number("MATCH (n:M) WHERE n.i IN " + written + "] RETURN count(*)"), 5000);
}

TEST(CypherLists, InOfLongListsThatDifferFromRowToRow) {
  CypherSession s;
  // Parts of one list begin at the same place.
  EXPECT_EQ(s.rows("WITH range(0, 199) AS l UNWIND range(1, 100) AS k "
                   "WITH k, l[0..2 * k] AS part WHERE k * 2 - 1 IN part AND NOT k * 2 IN part "
                   "RETURN k")
                .size(),
            100U);
  EXPECT_EQ(s.rows("UNWIND range(1, 100) AS k WITH k, [x IN range(1, 100) | x * k] AS l "
                   "WHERE 100 * k IN l AND NOT 0 IN l AND (k = 1 OR NOT 1 IN l) RETURN k")
                .size(),
            100U);
  // Null where it cannot be known, whether the list is long or short.
  EXPECT_EQ(s.rows("WITH [x IN range(1, 100) | x] + [null] AS l UNWIND [1, 100, 101, [1], null] "
                   "AS k RETURN k IN l AS r"),
            (std::vector<std::string>{"{\"r\":true}", "{\"r\":true}", "{\"r\":null}",
                                      "{\"r\":null}", "{\"r\":null}"}));
}

TEST(CypherLists, RangeIsCountedThrough) {
  CypherSession s;
  s.environment.memory_limit = 1 << 20;
  EXPECT_EQ(s.rows("UNWIND range(1, 1000000000000) AS i RETURN i LIMIT 3"),
            (std::vector<std::string>{"{\"i\":1}", "{\"i\":2}", "{\"i\":3}"}));
  EXPECT_EQ(s.number("UNWIND range(1, 1000000) AS i RETURN sum(i) AS s"), 500000500000);
  EXPECT_EQ(s.number("UNWIND [3, 0, 2] AS n UNWIND range(n, 1, -1) AS i RETURN sum(10 * n + i)"),
            33 + 32 + 31 + 22 + 21);
  // Every row has its own bounds; a null among them is no list.
  EXPECT_EQ(s.rows("UNWIND [1, null, 3] AS n UNWIND range(1, n) AS i RETURN n, i").size(), 4U);
  // The ends of the integers.
  EXPECT_EQ(s.rows("UNWIND range(9223372036854775805, 9223372036854775807) AS i RETURN i"),
            (std::vector<std::string>{"{\"i\":9223372036854775805}", "{\"i\":9223372036854775806}",
                                      "{\"i\":9223372036854775807}"}));
  EXPECT_EQ(
      s.rows("UNWIND range(9223372036854775807, -9223372036854775808, -9223372036854775807) AS i "
             "RETURN i"),
      (std::vector<std::string>{"{\"i\":9223372036854775807}", "{\"i\":0}",
                                "{\"i\":-9223372036854775807}"}));
  EXPECT_EQ(s.rows("UNWIND range(-9223372036854775808, 9223372036854775807) AS i RETURN i LIMIT 1"),
            (std::vector<std::string>{"{\"i\":-9223372036854775808}"}));
  EXPECT_EQ(s.rows("UNWIND range(-9223372036854775808, 9223372036854775807, 9223372036854775807) "
                   "AS i RETURN i")
                .size(),
            3U);
}

TEST(CypherLists, RangeRaisesTheSameErrorsWithoutAList) {
  CypherSession s;
  const auto error = [&s](const std::string& query) {
    try {
      s.rows(query);
    } catch (const Error& e) {
      return std::string(e.what()) + " " + e.detail();
    }
    return std::string("none");
  };
  for (const std::string call :
       {"range(1, 2, 0)", "range(1, 2.5)", "range('1', 2)", "range(1, toInteger('x' + k), 0)"}) {
    const auto listed = error("WITH 1 AS k RETURN " + call + " AS i");
    const auto counted = error("WITH 1 AS k UNWIND " + call + " AS i RETURN i");
    EXPECT_EQ(listed.substr(0, listed.find(" at line")),
              counted.substr(0, counted.find(" at line")));
  }
  EXPECT_NE(error("UNWIND range(1, 2, 0) AS i RETURN i"), "none");
}

TEST(CypherLists, CountingCanBeInterrupted) {
  CypherSession s;
  s.environment.check_interrupts = [] { throw Error(ErrorCode::wrong_state, "interrupted"); };
  EXPECT_THROW(s.rows("UNWIND range(1, 9223372036854775807) AS i WITH i WHERE i < 0 RETURN i"),
               Error);
}

}  // namespace
}  // namespace rv::graph
