#include "core/graph/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/graph/temporal.h"

namespace rv::graph {
namespace {

TEST(Compare, IntegersAndFloatsCompareExactly) {
  const auto big = (std::int64_t{1} << 53) + 1;
  EXPECT_EQ(equals(Value::integer(big), Value::floating(9007199254740992.0)), Truth::no);
  EXPECT_EQ(less(Value::floating(9007199254740992.0), Value::integer(big)), Truth::yes);
  EXPECT_EQ(less(Value::integer(std::numeric_limits<std::int64_t>::max()),
                 Value::floating(9223372036854775808.0)),
            Truth::yes);
}

TEST(Compare, OrderIsTotalAndAgreesWithHash) {
  Arena arena;
  const Value items[] = {Value::integer(1), Value::null()};
  const Duration d{1, 2, 3, 4};
  const Point p{7203, 1, 2, 0};
  const float f[] = {1, 2};
  const RelationshipRef r{1, 2, 3, 4};
  const std::vector<Value> all = {Value::null(),
                                  Value::boolean(false),
                                  Value::boolean(true),
                                  Value::integer(1),
                                  Value::floating(1.0),
                                  Value::floating(1.5),
                                  Value::floating(std::nan("")),
                                  Value::floating(-0.0),
                                  Value::integer(0),
                                  Value::string("a"),
                                  Value::string(""),
                                  Value::list(items),
                                  Value::list({}),
                                  Value::map({}),
                                  Value::node(1),
                                  Value::relationship(&r),
                                  Value::date(0),
                                  Value::local_time(5),
                                  Value::time(5, 3600),
                                  Value::local_datetime(1, 2),
                                  Value::duration(&d),
                                  Value::point(&p),
                                  Value::vector(f),
                                  Value::integer(INT64_MIN),
                                  Value::floating(INFINITY)};
  for (const Value& a : all) {
    EXPECT_TRUE(equivalent(a, a));
    for (const Value& b : all) {
      EXPECT_EQ(order(a, b) < 0, order(b, a) > 0);
      if (equivalent(a, b)) {
        EXPECT_EQ(hash(a), hash(b));
      }
      for (const Value& c : all)
        if (order(a, b) <= 0 && order(b, c) <= 0) {
          EXPECT_LE(order(a, c), 0);
        }
    }
  }
}

TEST(Temporal, TextReadsBack) {
  Arena arena;
  for (const char* text : {"1984-10-11", "-0044-03-15", "+999999999-12-31", "0000-01-01"})
    EXPECT_EQ(format_temporal(parse_temporal(Kind::date, text, {}, arena)), text);
  for (const char* text : {"1984-10-11T12:31:14.645876123+01:00[Europe/Berlin]",
                           "2017-03-26T03:30+02:00[Europe/Berlin]", "1970-01-01T00:00Z"})
    EXPECT_EQ(format_temporal(parse_temporal(Kind::datetime, text, {}, arena)), text);
  for (const char* text : {"P1Y2M3DT4H5M6.789S", "PT-0.5S", "PT0S", "P-1M", "PT-1H-30M"})
    EXPECT_EQ(format_temporal(parse_duration(text, arena)), text);
  EXPECT_THROW(parse_temporal(Kind::date, "2023-02-29", {}, arena), Error);
  EXPECT_THROW(parse_temporal(Kind::datetime, "2023-02-28T00:00[../passwd]", {}, arena), Error);
}

TEST(Temporal, EveryDayMovesByOne) {
  Arena arena;
  Value day = parse_temporal(Kind::date, "1899-12-30", {}, arena);
  const Duration one{0, 1, 0, 0};
  for (int i = 0; i < 80000; ++i) {
    const Value next = shift(day, one, 1, arena);
    ASSERT_EQ(next.as_date(), day.as_date() + 1);
    ASSERT_EQ(parse_temporal(Kind::date, format_temporal(next), {}, arena).as_date(),
              next.as_date());
    day = next;
  }
}

}  // namespace
}  // namespace rv::graph
