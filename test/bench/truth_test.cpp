// True neighbours, recall, percentiles, plans and options of the macro bench.
#include "truth.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "options.h"
#include "plan.h"
#include "report.h"

namespace rv::bench {
namespace {

Matrix column_of(std::vector<float> values) { return {1, std::move(values)}; }

TEST(Truth, SearchAndGivenIdsAgree) {
  const Matrix base = make_clusters(300, 16, 1, 3), queries = make_clusters(20, 16, 2, 3);
  for (const Metric m : {Metric::l2, Metric::cosine, Metric::ip, Metric::l1}) {
    const Truth searched = search_truth(base, queries, 5, m, Candidates());
    Ids ids{5, {}};
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      std::vector<std::pair<double, std::int64_t>> all;
      for (std::size_t i = 0; i < base.rows(); ++i)
        all.emplace_back(distance(m, queries.row(q), base.row(i), 16), i);
      std::sort(all.begin(), all.end());
      for (std::size_t i = 0; i < 5; ++i) ids.values.push_back(all[i].second);
    }
    const Truth given = given_truth(ids, base, queries, 5, m);
    EXPECT_EQ(searched.limit, given.limit);
    EXPECT_EQ(searched.count, given.count);
  }
}

TEST(Truth, FilterLeavesFewerThanK) {
  const Matrix base = column_of({0, 1, 2, 3}), queries = column_of({0, 3});
  const Truth t = search_truth(base, queries, 3, Metric::l2, [](std::size_t q) {
    return q == 0 ? std::vector<std::size_t>{2, 3} : std::vector<std::size_t>{};
  });
  EXPECT_EQ(t.count, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(t.limit[0], 3);
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 0, {2}), 0.5);
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 1, {}), 1);
  const Truth padded = given_truth({3, {2, 3, -1, -1, -1, -1}}, base, queries, 3, Metric::l2);
  EXPECT_EQ(padded.count, t.count);
}

TEST(Truth, GivenIdsThatCannotBeAreRefused) {
  const Matrix base = column_of({0, 1}), queries = column_of({0, 1});
  EXPECT_THROW(given_truth({1, {0, 2}}, base, queries, 1, Metric::l2), std::runtime_error);
  EXPECT_THROW(given_truth({1, {0}}, base, queries, 1, Metric::l2), std::runtime_error);
  EXPECT_THROW(given_truth({1, {0, 1}}, base, queries, 2, Metric::l2), std::runtime_error);
}

TEST(Recall, TiesCountAndRepetitionsDoNot) {
  const Matrix base = column_of({1, -1, 1, 5}), queries = column_of({0});
  const Truth t = search_truth(base, queries, 2, Metric::l2, Candidates());
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 0, {0, 1}), 1);
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 0, {2, 1}), 1);
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 0, {0, 0}), 0.5);
  EXPECT_EQ(recall_of(t, base, queries, Metric::l2, 0, {0, 3}), 0.5);
  EXPECT_THROW(recall_of(t, base, queries, Metric::l2, 0, {4}), std::runtime_error);
}

TEST(Percentile, NearestRank) {
  EXPECT_EQ(percentile({4, 1, 3, 2}, 50), 2);
  EXPECT_EQ(percentile({4, 1, 3, 2}, 99), 4);
  EXPECT_EQ(percentile({7}, 50), 7);
}

TEST(Plan, IndexesAndBuffers) {
  const std::string plan =
      "Limit (actual rows=10 loops=1)\n  Buffers: shared hit=123 read=4\n"
      "  ->  Index Scan using bench_index on t (actual rows=10 loops=1)\n"
      "        ->  Bitmap Index Scan on \"odd name\" (actual rows=1 loops=1)\n"
      "        ->  Index Only Scan Backward using t_pkey on t\n";
  EXPECT_EQ(indexes_in(plan), (std::vector<std::string>{"bench_index", "\"odd name\"", "t_pkey"}));
  EXPECT_EQ(buffers_in(plan), 127);
  EXPECT_TRUE(indexes_in("Limit\n  ->  Seq Scan on t\n").empty());
  EXPECT_EQ(buffers_in("Seq Scan on t"), -1);
}

TEST(BenchOptions, BadOnesAreRefused) {
  const auto parse = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "ruvector_bench");
    Options(static_cast<int>(arguments.size()), const_cast<char**>(arguments.data()));
  };
  EXPECT_NO_THROW(parse({"--rows", "10", "--keep"}));
  EXPECT_THROW(parse({"--rows", "ten"}), std::runtime_error);
  EXPECT_THROW(parse({"--rows"}), std::runtime_error);
  EXPECT_THROW(parse({"--k", "0"}), std::runtime_error);
  EXPECT_THROW(parse({"--nothing", "1"}), std::runtime_error);
  EXPECT_THROW(parse({"--base", "x.fvecs"}), std::runtime_error);
  EXPECT_THROW(parse({"--delete", "100"}), std::runtime_error);
  EXPECT_EQ(split("a;; b ;", ';'), (std::vector<std::string>{"a", " b "}));
}

TEST(Json, EscapesAndNulls) {
  Json j;
  j.field("a", "quote \" and \\ and \n").field("b", 0.1).field("c", 1.0 / 0.0);
  EXPECT_EQ(j.text(), "{\"a\": \"quote \\\" and \\\\ and  \", \"b\": 0.1, \"c\": null}");
}

}  // namespace
}  // namespace rv::bench
