// The engine by its own laws, without golden files.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "core/attention/attend.h"
#include "core/attention/initialise.h"
#include "core/attention/online.h"
#include "core/attention/params_bytes.h"
#include "core/attention/types.h"
#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::attention {
namespace {

Matrix random_matrix(Rng& rng, std::size_t rows, std::size_t cols, double scale = 1) {
  Matrix m(rows, cols);
  for (double& x : m.data) x = static_cast<float>(rng.normal() * scale);
  return m;
}

void expect_near(const Matrix& a, const Matrix& b, double tolerance) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.cols, b.cols);
  for (std::size_t i = 0; i < a.data.size(); ++i) ASSERT_NEAR(a.data[i], b.data[i], tolerance) << i;
}

void expect_error(const std::string& part, const std::function<void()>& f) {
  try {
    f();
    ADD_FAILURE() << "no error: " << part;
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

// softmax(Q K^T / sqrt(d)) V by the formula.
Matrix by_formula(const Matrix& q, const Matrix& k, const Matrix& v, bool causal) {
  Matrix out(q.rows, v.cols);
  for (std::size_t i = 0; i < q.rows; ++i) {
    const std::size_t n = causal ? i + 1 + k.rows - q.rows : k.rows;
    double sum = 0;
    std::vector<double> w(n);
    for (std::size_t j = 0; j < n; ++j) {
      double s = 0;
      for (std::size_t t = 0; t < q.cols; ++t) s += q.at(i, t) * k.at(j, t);
      sum += w[j] = std::exp(s / std::sqrt(double(q.cols)));
    }
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t t = 0; t < v.cols; ++t) out.at(i, t) += w[j] / sum * v.at(j, t);
  }
  return out;
}

TEST(Attention, BlockwiseEqualsTheFormulaForEveryShapeAndLevel) {
  Rng rng(1);
  for (int level = 0; level <= static_cast<int>(simd::cpu_level()); ++level) {
    simd::select_level(static_cast<simd::Level>(level));
    for (const auto& [n, m, d, dv] : {std::tuple{1, 1, 1, 1},
                                      {3, 5, 7, 9},
                                      {65, 300, 33, 17},
                                      {130, 513, 64, 64},
                                      {200, 257, 20, 100}}) {
      const Matrix q = random_matrix(rng, n, d), k = random_matrix(rng, m, d),
                   v = random_matrix(rng, m, dv);
      for (const bool causal : {false, true}) {
        Params p;
        if (causal) p.set("causal", true);
        for (const Blocks blocks : {Blocks{64, 256}, Blocks{7, 16}, Blocks{1, 1}}) {
          Options options;
          options.blocks = blocks;
          expect_near(attend("scaled_dot_product", {q, k, v}, p, options).output,
                      by_formula(q, k, v, causal), 2e-5);
        }
        Options exact;
        exact.exact = true;
        expect_near(attend("scaled_dot_product", {q, k, v}, p, exact).output,
                    by_formula(q, k, v, causal), 1e-12);
      }
    }
  }
  simd::select_level(simd::cpu_level());
}

TEST(Attention, TheFastPathAgreesWithFloat64ForBiasesMasksAndPositions) {
  Rng rng(2);
  const Matrix q = random_matrix(rng, 150, 16), k = random_matrix(rng, 150, 16),
               v = random_matrix(rng, 150, 16);
  for (const char* type : {"rope", "xpos", "alibi", "sliding_window", "dilated", "strided", "fixed",
                           "block_local", "longformer", "bigbird", "neighborhood", "cosine",
                           "routing", "reformer", "multi_head", "multi_query"}) {
    SCOPED_TRACE(type);
    Params p;
    if (std::string(type) == "sliding_window" || std::string(type) == "longformer")
      p.set("window", 9.0);
    if (std::string(type) == "multi_query") p.set("num_heads", 2.0);
    const bool shared = std::string(type) == "multi_query";
    const Inputs in{q, shared ? columns(k, 0, 8) : k, shared ? columns(v, 0, 8) : v};
    Options exact;
    exact.exact = true;
    expect_near(attend(type, in, p, {}).output, attend(type, in, p, exact).output, 5e-5);
  }
}

TEST(Attention, WeightsSumToOneAndGiveTheOutput) {
  Rng rng(3);
  const Matrix q = random_matrix(rng, 20, 8), k = random_matrix(rng, 20, 8),
               v = random_matrix(rng, 20, 5);
  for (const char* type : {"scaled_dot_product", "gaussian", "cosine", "entmax", "topk", "sinkhorn",
                           "rope", "alibi", "dilated"}) {
    SCOPED_TRACE(type);
    Params p;
    if (std::string(type) == "topk") p.set("k", 4.0);
    if (std::string(type) == "alibi") p.set("num_heads", 1.0);
    Options o;
    o.want = Want::output | Want::weights;
    const Evaluated e = attend(type, {q, k, v}, p, o);
    for (std::size_t i = 0; i < 20; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < 20; ++j) sum += e.weights.at(i, j);
      EXPECT_NEAR(sum, 1, 1e-9);
    }
    expect_near(e.output, multiply(e.weights, v), 1e-9);
  }
}

TEST(Attention, ApproximationsComeNearWhenTheyHaveEnoughRoom) {
  Rng rng(4);
  const Matrix q = random_matrix(rng, 40, 8, 0.5), k = random_matrix(rng, 40, 8, 0.5),
               v = random_matrix(rng, 40, 4);
  const Matrix exact = by_formula(q, k, v, false);
  Params features;
  features.set("num_features", 20000.0);
  expect_near(attend("performer", {q, k, v}, features, {}).output, exact, 0.05);
  Params landmarks;
  landmarks.set("num_landmarks", 40.0);
  landmarks.set("pinv_iterations", 30.0);
  expect_near(attend("nystrom", {q, k, v}, landmarks, {}).output, exact, 1e-3);
  Params one_each;
  one_each.set("num_clusters", 1.0);
  expect_near(attend("routing", {q, k, v}, one_each, {}).output, exact, 2e-5);
}

TEST(Attention, OnlineSumsEqualTheWholeAndMerge) {
  Rng rng(5);
  const Matrix q = random_matrix(rng, 1, 12), k = random_matrix(rng, 500, 12, 3),
               v = random_matrix(rng, 500, 6);
  const auto floats = [](std::span<const double> x) {
    return std::vector<float>(x.begin(), x.end());
  };
  for (const char* type : {"scaled_dot_product", "cosine", "gaussian"}) {
    SCOPED_TRACE(type);
    OnlineAttention all(type, {}), first(type, {}), second(type, {}), copy(type, {});
    for (auto* o : {&all, &first, &second}) o->set_query(floats(q.row_view(0)));
    for (std::size_t j = 0; j < 500; ++j) {
      all.add(floats(k.row_view(j)), floats(v.row_view(j)));
      (j % 3 == 0 ? first : second).add(floats(k.row_view(j)), floats(v.row_view(j)));
    }
    copy.load(second.numbers());
    first.merge(copy);
    Options exact;
    exact.exact = true;
    const Matrix whole = attend(type, {q, k, v}, {}, exact).output;
    expect_near(Matrix(1, 6, all.result()), whole, 2e-5);
    expect_near(Matrix(1, 6, first.result()), Matrix(1, 6, all.result()), 1e-9);
  }
}

TEST(Attention, EveryTypeRunsOrSaysWhatItLacks) {
  Rng rng(6);
  const Matrix x = random_matrix(rng, 12, 8, 0.1);
  int ran = 0;
  for (const TypeInfo& t : types()) {
    SCOPED_TRACE(t.name);
    Params p;
    if (std::string(t.parameters).find("num_heads") != std::string::npos) p.set("num_heads", 2.0);
    try {
      const Evaluated e = attend(
          t.name, {x, std::string(t.name) == "multi_query" ? columns(x, 0, 4) : x, {}}, p, {});
      EXPECT_FALSE(e.output.empty());
      for (const double v : e.output.data) EXPECT_TRUE(std::isfinite(v));
      ++ran;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::invalid_argument) << e.what();
    }
  }
  EXPECT_GE(ran, 40);
}

TEST(Attention, InitialWeightsMakeTheTypesRunAndFollowTheSeed) {
  Rng rng(7);
  const Matrix x = random_matrix(rng, 6, 8);
  for (const char* name :
       {"multi_head", "multi_query", "grouped_query", "bilinear", "additive", "target", "moe",
        "pma", "hierarchical", "self_attentive_pooling", "external"}) {
    SCOPED_TRACE(name);
    const auto run = [&](std::uint64_t seed) {
      Params p;
      p.set("dim", 8.0);
      if (std::string(name).find("query") != std::string::npos ||
          std::string(name) == "multi_head" || std::string(name) == "pma")
        p.set("num_heads", 4.0);
      initialise(*find_type(name), p, seed);
      check_parameters(*find_type(name), p);
      return attend(name, {x, x, x}, p, {}).output;
    };
    EXPECT_EQ(run(1).data, run(1).data);
    EXPECT_NE(run(1).data, run(2).data);
  }
}

TEST(Attention, StatesSurviveTheTripThroughBytes) {
  Params p;
  p.set("k", 3.0);
  p.set("causal", true);
  p.set("layout", std::string("half"));
  p.set("W", Tensor{{2, 2}, {1, 2, 3, 4}});
  ByteWriter w;
  w.params(p);
  w.floats(std::vector<float>{1, 2});
  ByteReader r(w.bytes());
  const Params q = r.params();
  EXPECT_EQ(q.count("k", 0), 3u);
  EXPECT_TRUE(q.flag("causal", false));
  EXPECT_EQ(q.word("layout", ""), "half");
  EXPECT_EQ(q.need_matrix("W", 2, 2).data, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(r.floats(), (std::vector<float>{1, 2}));
  for (std::size_t n = 0; n < w.bytes().size(); ++n) {
    ByteReader cut({w.bytes().data(), n});
    EXPECT_THROW(
        {
          cut.params();
          cut.floats();
        },
        Error);
  }
}

TEST(Attention, NamesAndParametersAreChecked) {
  Params p;
  EXPECT_STREQ(resolve("Flash", p).name, "scaled_dot_product");
  EXPECT_STREQ(resolve("sparsemax", p).name, "entmax");
  EXPECT_EQ(p.number("alpha", 0), 2);
  p.set("pattern", std::string("bigbird"));
  EXPECT_STREQ(resolve("sparse", p).name, "bigbird");
  expect_error("no attention type", [&] { resolve("rezero", p); });
  expect_error("unknown attention type \"x\"", [&] { resolve("x", p); });
  p.set("pattern", std::string("gat"));
  expect_error("unknown sparse pattern \"gat\"", [&] { resolve("sparse", p); });
  Params wrong;
  wrong.set("tua", 1.0);
  expect_error("no parameter \"tua\"", [&] { check_parameters(*find_type("cosine"), wrong); });
  wrong.set("k", 2.5);
  expect_error("an integer of at least 1", [&] { wrong.count("k", 1); });
}

}  // namespace
}  // namespace rv::attention
