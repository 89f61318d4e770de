// cypher_map: what goes in comes out, keys order as values do, and damaged bytes are noticed.
#include "core/graph/map/property_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/graph/map/property_text.h"
#include "core/graph/map/sort_key.h"
#include "core/graph/map/temporal_text.h"

namespace rv::graph {
namespace {

std::span<const std::byte> bytes(const std::string& s) {
  return std::as_bytes(std::span(s.data(), s.size()));
}

std::string stored(std::string_view text) {
  std::string out;
  parse_map(text, out);
  MapView(bytes(out)).check();
  return out;
}

std::string round_trip(std::string_view text) {
  const std::string s = stored(text);
  std::string out;
  append_text(out, MapView(bytes(s)));
  return out;
}

std::string json(std::string_view text) {
  const std::string s = stored(text);
  std::string out;
  append_json(out, MapView(bytes(s)));
  return out;
}

std::string key_of(std::string_view literal) {
  const std::string s = stored("{k: " + std::string(literal) + "}");
  std::string out;
  append_sort_key(out, *MapView(bytes(s)).find(PropertyKey("k")));
  return out;
}

TEST(PropertyMap, PrintsEveryTypeAsItReadsIt) {
  for (const char* text : {"{}",
                           "{a: 1}",
                           "{a: 1.0}",
                           "{a: -9223372036854775808}",
                           "{a: 9223372036854775807}",
                           "{a: 'it\\'s \\\\ \\n'}",
                           "{a: true, b: false}",
                           "{a: [1, 'x', [2.5], null, []]}",
                           "{a: vector([0.5, -1, 3.25e+20])}",
                           "{a: date('1815-12-10')}",
                           "{a: date('-0044-03-15')}",
                           "{a: date('+12345-01-01')}",
                           "{a: localtime('12:31:14.645876123')}",
                           "{a: time('10:00:00+01:00')}",
                           "{a: time('10:00:00Z')}",
                           "{a: localdatetime('1969-12-31T23:59:59.5')}",
                           "{a: datetime('2015-07-21T21:40:32.142+02:00[Europe/Stockholm]')}",
                           "{a: datetime('0001-01-01T00:00:00-18:00')}",
                           "{a: duration('P14M-3DT3600.5S')}",
                           "{a: duration('PT-0.5S')}",
                           "{a: duration('PT0S')}",
                           "{a: duration('P1M')}",
                           "{a: point({srid: 7203, x: 1.0, y: -2.5})}",
                           "{a: point({srid: 4979, x: 1.0, y: 2.0, z: 3.0})}",
                           "{a: NaN, b: Infinity, c: -Infinity}",
                           "{`odd key`: 1, `tick``ed`: 2}"})
    EXPECT_EQ(round_trip(text), text);
}

TEST(PropertyMap, ReadsJsonObjects) {
  EXPECT_EQ(round_trip(R"({"name": "A\u00e9\ud83d\ude00", "n": null, "x": 1e3, "l": [1, "b"]})"),
            "{l: [1, 'b'], name: 'A\u00e9\U0001F600', x: 1000.0}");
  EXPECT_EQ(json(R"({"b": [1, 2.0, "q\"", true], "a": 7})"),
            R"({"a": 7, "b": [1, 2.0, "q\"", true]})");
  EXPECT_EQ(json("{d: date('2020-02-29'), v: vector([1, 2]), f: NaN}"),
            R"({"d": "2020-02-29", "f": "NaN", "v": [1, 2]})");
}

TEST(PropertyMap, RefusesWhatItCannotHold) {
  const auto code = [](const char* text) {
    try {
      stored(text);
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::internal;
  };
  for (const char* text : {"", "{", "{a}", "{a: }", "{a: 1,}", "{a: 1} x", "{1: 2}", "{a: 'x}",
                           "{a: date('2021-02-29')}", "{a: date('x')}", "{a: time('25:00:00Z')}",
                           "{a: duration('P')}", "{a: \"\\ud800\"}", "{a: \"\\u0000\"}", "{a: nul}",
                           "{a: point({x: 1})}", "{a: -}", "{a: vector(1)}"})
    EXPECT_EQ(code(text), ErrorCode::invalid_text) << text;
  EXPECT_EQ(code("{a: 9223372036854775808}"), ErrorCode::out_of_range);
  EXPECT_EQ(code("{a: 1e999}"), ErrorCode::out_of_range);
  EXPECT_EQ(code("{a: vector([1e39])}"), ErrorCode::out_of_range);
  EXPECT_EQ(code("{a: {b: 1}}"), ErrorCode::data_exception);
  EXPECT_EQ(code(("{a: " + std::string(100, '[') + std::string(100, ']') + "}").c_str()),
            ErrorCode::too_complex);
}

TEST(PropertyMap, FindsEveryKeyOfAModel) {
  Rng rng(1);
  for (const std::size_t n : {0U, 1U, 5U, 17U, 300U}) {
    std::map<std::string, std::int64_t> model;
    MapBuilder builder;
    for (std::size_t i = 0; i < n; ++i) {
      const auto key = "k" + std::to_string(rng.below(2 * n));
      const auto value = static_cast<std::int64_t>(rng.next() >> rng.below(64));
      model[key] = value;
      encode_integer(builder.set(key), value);
    }
    std::string s;
    builder.finish(s);
    const MapView map(bytes(s));
    map.check();
    EXPECT_EQ(map.size(), model.size());
    for (std::size_t i = 0; i < 2 * n + 1; ++i) {
      const auto key = "k" + std::to_string(i);
      const auto found = map.find(PropertyKey(key));
      EXPECT_EQ(found.has_value(), model.contains(key));
      if (found) {
        EXPECT_EQ(found->integer(), model[key]);
      }
    }
  }
}

TEST(PropertyMap, SetsOverAndRemoves) {
  MapBuilder b;
  encode_integer(b.set("a"), 1);
  encode_string(b.set("b"), "x");
  encode_string(b.set("a"), "y");
  b.remove("b");
  std::string s;
  b.finish(s);
  std::string text;
  append_text(text, MapView(bytes(s)));
  EXPECT_EQ(text, "{a: 'y'}");
}

// Every single-byte change of a stored map either still checks, and then reads without harm, or
// raises XX001.
TEST(PropertyMap, NoticesDamage) {
  const std::string good = stored(
      "{a: 1, bb: 'text', c: [1, [2.5], 'x'], d: date('2020-01-01'), "
      "e: duration('P1DT1S'), f: point({srid: 7203, x: 1.0, y: 1.0}), g: vector([1, 2])}");
  int refused = 0;
  const auto try_bytes = [&refused](const std::string& damaged) {
    try {
      const MapView map(bytes(damaged));
      map.find(PropertyKey("c"));
      map.check();
      std::string out;
      append_text(out, map);
      append_json(out, map);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::corrupted_data) << e.what();
      ++refused;
    }
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {1, 0x80, 0xff}) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try_bytes(damaged);
    }
    if (i > 0) try_bytes(good.substr(0, i));
  }
  EXPECT_GT(refused, static_cast<int>(good.size()));
}

TEST(SortKey, OrdersNumbersExactly) {
  const std::vector<std::string> ascending = {"-Infinity",
                                              "-1e300",
                                              "-9223372036854775808",
                                              "-9223372036854775807",
                                              "-9007199254740993",
                                              "-9007199254740992",
                                              "-2.5",
                                              "-1",
                                              "-1e-300",
                                              "0",
                                              "1e-300",
                                              "0.5",
                                              "1",
                                              "1.5",
                                              "2",
                                              "9007199254740992",
                                              "9007199254740993",
                                              "9007199254740994",
                                              "9223372036854775806",
                                              "9223372036854775807",
                                              "9223372036854775808.0",
                                              "1e300",
                                              "Infinity",
                                              "NaN"};
  for (std::size_t i = 1; i < ascending.size(); ++i)
    EXPECT_LT(key_of(ascending[i - 1]), key_of(ascending[i])) << ascending[i];
  EXPECT_EQ(key_of("1"), key_of("1.0"));
  EXPECT_EQ(key_of("0"), key_of("-0.0"));
  EXPECT_EQ(key_of("9007199254740992"), key_of("9007199254740992.0"));
}

TEST(SortKey, OrdersOtherKinds) {
  const std::vector<std::vector<std::string>> ascending = {
      {"''", "'a'", "'a\\u0001'", "'aa'", "'b'", "'\\u00e9'"},
      {"false", "true"},
      {"[]", "[1]", "[1, 0]", "[1, 'a']", "[2]"},
      {"date('-0001-01-01')", "date('1969-12-31')", "date('1970-01-01')", "date('2020-01-01')"},
      {"datetime('2020-01-01T00:00:00+01:00')", "datetime('2020-01-01T00:00:00Z')"},
      {"time('10:00:00+02:00')", "time('10:00:00+01:00')"},
      {"duration('P1D')", "duration('P29D')", "duration('P1M')", "duration('P31D')"}};
  for (const auto& kind : ascending)
    for (std::size_t i = 1; i < kind.size(); ++i) {
      // Lists of numbers come after lists of strings: strings are below numbers.
      if (kind[i] == "[1, 'a']") continue;
      EXPECT_LT(key_of(kind[i - 1]), key_of(kind[i])) << kind[i];
    }
  EXPECT_LT(key_of("'zzz'"), key_of("1")) << "strings come before numbers";
}

TEST(SortKey, CutsLongStringsButKeepsEquality) {
  const std::string a(2000, 'x');
  const std::string b = a + "y";
  EXPECT_NE(key_of("'" + a + "'"), key_of("'" + b + "'"));
  EXPECT_EQ(key_of("'" + a + "'"), key_of("'" + a + "'"));
  EXPECT_LT(key_of("'" + b + "'").size(), 600U);
  EXPECT_LT(key_of("'" + a + "'"), key_of("'xy'"));
}

TEST(TemporalText, KnowsTheCalendar) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 3, 1), 11017);
  EXPECT_EQ(parse_date("0000-01-01"), -719528);
  std::int64_t previous = days_from_civil(-5, 12, 31);
  for (std::int64_t d = previous + 1; d < 20'000; d += 97) {
    std::string text;
    append_date(text, d);
    EXPECT_EQ(parse_date(text), d) << text;
  }
}

}  // namespace
}  // namespace rv::graph
