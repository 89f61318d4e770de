#include <gtest/gtest.h>

#include "core/graph/parser.h"
#include "cypher_session.h"

namespace rv::graph {
namespace {

Error error_of(std::string_view query) {
  CypherSession s;
  try {
    s.rows(query);
  } catch (const Error& e) {
    return e;
  }
  return {ErrorCode::internal, "no error"};
}

TEST(CypherParse, TellsWhereAndWhatWasExpected) {
  const Error e = error_of("MATCH (n)\nWHERE n.x >\nRETURN n");
  EXPECT_EQ(e.code(), ErrorCode::syntax_error);
  const Error f = error_of("MATCH (n:) RETURN n");
  EXPECT_STREQ(f.what(), "expected a label or type, found \")\"");
  EXPECT_EQ(f.detail(),
            "SyntaxError: UnexpectedSyntax at line 1, column 10.\nMATCH (n:) RETURN n\n         ^");
}

TEST(CypherParse, CountsColumnsInCharacters) {
  const Error e = error_of("RETURN 'Ärger', missing");
  EXPECT_NE(e.detail().find("SyntaxError: UndefinedVariable at line 1, column 17."),
            std::string::npos)
      << e.detail();
}

TEST(CypherParse, RefusesDeepNestingInsteadOfOverflowing) {
  for (const auto& [open, close] : {std::pair("(", ")"), std::pair("[", "]"), std::pair("{a:", "}"),
                                    std::pair("CASE WHEN true THEN ", " END")}) {
    std::string query = "RETURN ";
    for (int i = 0; i < 10000; ++i) query += open;
    query += "1";
    for (int i = 0; i < 10000; ++i) query += close;
    EXPECT_EQ(error_of(query).code(), ErrorCode::too_complex) << open;
  }
}

TEST(CypherParse, TakesLongChains) {
  CypherSession s;
  std::string sum = "0", either = "false", text = "''";
  for (int i = 0; i < 20000; ++i) {
    sum += " + 1";
    either += " OR false";
    text += " + 'x'";
  }
  EXPECT_EQ(s.value(sum), "20000");
  EXPECT_EQ(s.value(either), "false");
  EXPECT_EQ(s.value("size(" + text + ")"), "20000");
  EXPECT_NE(error_of("RETURN " + std::string(10000, '-') + "1").code(), ErrorCode::internal);
  std::string nots = "RETURN ";
  for (int i = 0; i < 9999; ++i) nots += "NOT ";
  EXPECT_EQ(s.rows(nots + "true AS v")[0], "{\"v\":false}");
}

TEST(CypherParse, TakesAMegabyteOfQuery) {
  CypherSession s;
  std::string list = "[1";
  while (list.size() < (1U << 20)) list += ",12345678";
  EXPECT_EQ(s.value("size(" + list + "])"), std::to_string((list.size() - 2) / 9 + 1));
}

TEST(CypherParse, TellsPatternsFromArithmetic) {
  CypherSession s;
  EXPECT_EQ(s.value("(1) - -1"), "2");
  EXPECT_EQ(s.value("(1)-(1)"), "0");
  EXPECT_EQ(s.value("[(1)-(2), 3]"), "[-1,3]");
}

TEST(CypherParse, BoundsTheStepsOfAPlan) {
  const auto times = [](const char* text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
  };
  for (const std::string& query :
       {"MATCH (a)" + times("-->()", 250) + " RETURN 1",
        "MATCH (a)" + times(", ()", 250) + " RETURN 1", times("MATCH () ", 251) + "RETURN 1",
        "MERGE (a)" + times("-[:R]->()", 250),
        "CREATE ({x: size([(a)" + times("-->()", 250) + " | 1])})",
        times("WITH 1 AS x ", 1000) + "RETURN x", times("CREATE () ", 1001),
        "RETURN 1 AS x" + times(" UNION ALL RETURN 1 AS x", 1000)})
    EXPECT_EQ(error_of(query).code(), ErrorCode::too_complex) << query.substr(0, 40);
  EXPECT_NO_THROW(parse("MATCH (a)" + times("-->()", 249) + " RETURN 1"));
  EXPECT_NO_THROW(parse(times("CREATE () ", 1000)));
  EXPECT_NO_THROW(parse("CREATE (a)" + times("-[:R]->()", 5000)));
}

TEST(CypherParse, LeavesOutReadingFiles) {
  EXPECT_EQ(error_of("LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row").code(),
            ErrorCode::not_supported);
}

}  // namespace
}  // namespace rv::graph
