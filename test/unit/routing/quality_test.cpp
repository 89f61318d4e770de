// The quality models and bandits on formulas and on the prepared real outcomes.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/routing/bandit.h"
#include "core/routing/calibration.h"
#include "core/routing/cross_validation.h"
#include "core/routing/evaluation.h"
#include "core/routing/knn.h"
#include "core/routing/selection.h"
#include "core/stats/intervals.h"
#include "core/stats/ridge.h"
#include "unit/routing/json_value.h"
#include "unit/routing/routing_data.h"

namespace rv::routing {
namespace {

TEST(Ridge, SolvesItsNormalEquations) {
  Rng rng(3);
  stats::Ridge ridge(3);
  std::vector<std::vector<float>> xs;
  std::vector<double> ys;
  for (int i = 0; i < 200; ++i) {
    std::vector<float> x(3);
    for (float& v : x) v = static_cast<float>(rng.normal());
    ys.push_back(2.0 * static_cast<double>(x[0]) - 0.5 * static_cast<double>(x[2]) + 3 +
                 0.1 * rng.normal());
    ridge.add(x, ys.back());
    xs.push_back(x);
  }
  const auto w = ridge.solve(2.0);
  // Gradient of sum (y - w x)^2 + lambda |w|^2 without the constant is zero.
  for (std::size_t j = 0; j < 4; ++j) {
    double g = j < 3 ? -2.0 * w[j] : 0;
    for (std::size_t i = 0; i < xs.size(); ++i)
      g += (ys[i] - stats::linear(w, xs[i])) * (j < 3 ? static_cast<double>(xs[i][j]) : 1.0);
    EXPECT_NEAR(g, 0, 1e-5);
  }
  EXPECT_NEAR(w[3], 3, 0.05);
  EXPECT_THROW(ridge.solve(0), Error);
}

TEST(Intervals, WilsonAndQuantiles) {
  EXPECT_EQ(stats::wilson_lower(0, 0), 0);
  EXPECT_NEAR(stats::wilson_lower(8, 10), 0.4902, 1e-4);
  EXPECT_NEAR(stats::wilson_lower(0, 10), 0, 1e-12);
  std::vector<double> v = {4, 1, 3, 2};
  EXPECT_NEAR(stats::quantile(v, 0.5), 2.5, 1e-12);
  EXPECT_NEAR(stats::quantile(v, 1), 4, 1e-12);
}

TEST(LinearArm, ShermanMorrisonIsTheRidgePosterior) {
  Rng rng(1);
  LinearArm arm(4);
  // The arm penalises its constant too: a ridge over 5 inputs whose own constant is never used.
  std::vector<std::vector<double>> a(5, std::vector<double>(5));
  std::vector<double> b(5);
  for (int i = 0; i < 5; ++i) a[static_cast<std::size_t>(i)][static_cast<std::size_t>(i)] = 1;
  for (int i = 0; i < 50; ++i) {
    std::vector<float> x(4);
    for (float& v : x) v = static_cast<float>(rng.normal());
    const double y = rng.normal();
    arm.add(x, y);
    std::vector<double> x1(x.begin(), x.end());
    x1.push_back(1);
    for (std::size_t r = 0; r < 5; ++r) {
      b[r] += y * x1[r];
      for (std::size_t c = 0; c < 5; ++c) a[r][c] += x1[r] * x1[c];
    }
  }
  // A theta = b, theta read off through mean() of the unit vectors.
  const std::vector<float> zero(4);
  std::vector<double> theta(5);
  theta[4] = arm.mean(zero);
  for (std::size_t j = 0; j < 4; ++j) {
    std::vector<float> e(4);
    e[j] = 1;
    theta[j] = arm.mean(e) - theta[4];
  }
  for (std::size_t r = 0; r < 5; ++r) {
    double s = 0;
    for (std::size_t c = 0; c < 5; ++c) s += a[r][c] * theta[c];
    EXPECT_NEAR(s, b[r], 1e-9);
  }
  EXPECT_GT(arm.variance(zero), 0);
  EXPECT_LT(arm.variance(zero), 1.0 / 50 * 1.5);
}

TEST(Bandit, ProbabilityOfBeingTheLargestNormal) {
  Rng rng(9);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> means;
    std::vector<double> deviations;
    for (int i = 0; i < 2 + round; ++i) {
      means.push_back(rng.uniform());
      deviations.push_back(0.02 + 0.3 * rng.uniform());
    }
    std::vector<double> share(means.size());
    constexpr int kDraws = 20000;
    for (int d = 0; d < kDraws; ++d) {
      std::size_t best = 0;
      double top = -1e9;
      for (std::size_t i = 0; i < means.size(); ++i) {
        const double v = means[i] + deviations[i] * rng.normal();
        if (v > top) {
          top = v;
          best = i;
        }
      }
      share[best] += 1.0 / kDraws;
    }
    const auto p = largest_probabilities(means, deviations);
    double total = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_NEAR(p[i], share[i], 0.015) << round << ' ' << i;
      EXPECT_GT(p[i], 0);
      total += p[i];
    }
    EXPECT_NEAR(total, 1, 1e-9);
  }
}

TEST(Bandit, ProbabilityOfBeingTheLargestWithoutDoubt) {
  const double means[] = {0.5, 0.7, 0};
  const double none[] = {0, 0, 0};
  const auto sure = largest_probabilities(means, none);
  EXPECT_GT(sure[1], 0.99);
  const double alike[] = {0.5, 0.5};
  EXPECT_NEAR(largest_probabilities(alike, std::span(none).first(2))[0], 0.5, 1e-9);
  const double narrow[] = {1e-6, 0.3, 1e-6};
  const auto mixed = largest_probabilities(means, narrow);
  EXPECT_NEAR(mixed[0] + mixed[1] + mixed[2], 1, 1e-9);
  EXPECT_NEAR(mixed[0], 0.25, 0.02);  // the second one falls below .5 that often
}

TEST(Bandit, TheLargestBoundIsNearlyCertain) {
  const double means[] = {0.6, 0.5, 0.2};
  const double deviations[] = {0.01, 0.2, 0.2};
  const auto p = largest_bound_probabilities(means, deviations);
  EXPECT_NEAR(p[1], 0.999 + 0.001 / 3, 1e-12);
  EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-12);
  EXPECT_GT(p[2], 0);
  std::vector<Candidate> c(3);
  for (std::size_t i = 0; i < 3; ++i) {
    c[i].quality = c[i].quality_lower = means[i];
    c[i].deviation = deviations[i];
  }
  Policy policy;
  policy.objective = Objective::quality;
  policy.exploration = 1;
  policy.explorer = Explorer::ucb;
  Rng rng(1);
  int second = 0;
  for (int i = 0; i < 1000; ++i) second += choose(c, policy, rng).chosen == 1;
  EXPECT_GE(second, 990);
  EXPECT_THROW(explorer_of("dice"), Error);
}

TEST(LinearQuality, RoundTripsAndRefusesDamage) {
  OutcomeSet s;
  s.dim = 2;
  s.agents = 2;
  s.embedding = {1, 0, 0, 1, 1, 1};
  s.quality = {1, kUnobserved, 0, 0.5F, kUnobserved, 1};
  const std::uint32_t rows[] = {0, 1, 2};
  const auto bytes = train_ridge(s, rows).encode();
  EXPECT_EQ(LinearQuality::decode(bytes).agents, 2U);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= std::byte{1};
    EXPECT_THROW(LinearQuality::decode(damaged), Error) << i;
    EXPECT_THROW(LinearQuality::decode({bytes.data(), i}), Error);
  }
}

TEST(Knn, ListsFindNearlyWhatAScanFinds) {
  Rng rng(4);
  const std::size_t n = 20000;
  KnnQuality scan(16, 2);
  KnnQuality lists(16, 2);
  std::vector<float> x(16);
  const auto point = [&](float* out) {  // 40 clusters, quality of agent 0 depends on the cluster
    const auto c = rng.below(40);
    Rng centre(c);
    for (int d = 0; d < 16; ++d) out[d] = static_cast<float>(centre.normal() + 0.3 * rng.normal());
    return static_cast<float>(c % 2);
  };
  const auto grow = [&](std::size_t by) {
    for (std::size_t i = 0; i < by; ++i) {
      const float q = point(x.data());
      const std::size_t agent = rng.below(2);
      scan.add(x, agent, agent == 0 ? q : 1 - q);
      lists.add(x, agent, agent == 0 ? q : 1 - q);
    }
  };
  const Estimate prior[] = {{0.5, 20}, {0.5, 20}};
  std::vector<Estimate> a(2);
  std::vector<Estimate> b(2);
  const auto compare = [&] {
    for (int i = 0; i < 50; ++i) {
      const float q = point(x.data());
      scan.estimate(x, prior, a);
      lists.estimate(x, prior, b);
      EXPECT_NEAR(a[0].mean, b[0].mean, 0.05);
      EXPECT_NEAR(b[0].mean, q, 0.1);
      EXPECT_NEAR(b[1].mean, 1 - q, 0.1);
    }
  };
  grow(n);
  lists.build_lists();
  EXPECT_GT(lists.lists(), 100U);
  compare();
  // Rows that come later, and lists made anew of rows that lie in the order of the old ones.
  grow(n / 2);
  compare();
  lists.build_lists();
  compare();
}

TEST(Knn, ShrinksToThePriorAndToleratesZeroVectors) {
  KnnQuality knn(2, 2);
  const Estimate base[] = {{0.7, 20}, {0.4, 20}};
  std::vector<Estimate> e(2);
  knn.estimate(std::vector<float>{1, 0}, base, e);
  EXPECT_NEAR(e[0].mean, 0.7, 1e-12);
  EXPECT_NEAR(e[0].weight, 20, 1e-12);
  knn.add(std::vector<float>{0, 0}, 1, 1);
  EXPECT_NEAR(knn.shrunk_mean(1, 0.4, 20).mean, (20 * 0.4 + 1) / 21, 1e-12);
  EXPECT_EQ(knn.size(), 0U);
  // One neighbour at similarity 1 is as strong as the base.
  knn.add(std::vector<float>{2, 0}, 0, 0);
  knn.estimate(std::vector<float>{1, 0}, base, e);
  EXPECT_NEAR(e[0].mean, 0.35, 1e-6);
  EXPECT_NEAR(e[0].weight, 11, 1e-6);
}

TEST(Evaluation, HullAndDoublyRobustOnSmallNumbers) {
  EXPECT_NEAR(area_under_hull({{0, 0}, {1, 1}, {0.5, 0.2}}, 0, 1), 0.5, 1e-12);
  EXPECT_NEAR(area_under_hull({{0, 0.5}, {1, 0.2}}, 0, 1), 0.5, 1e-12);
  const Logged log[] = {{1, 0.5, 1, 0.8, 0.8}, {0, 0.5, 0, 0.3, 0.8}};
  const auto v = evaluate_policy(log);
  EXPECT_NEAR(v.ips, 1.0, 1e-12);
  EXPECT_NEAR(v.snips, 1.0, 1e-12);
  EXPECT_NEAR(v.dr, (0.8 + 2 * 0.2 + 0.8) / 2, 1e-12);
  EXPECT_EQ(evaluate_policy({}).n, 0U);
}

// Logged by a uniform policy, the value of another is found without running it.
TEST(Evaluation, EstimatorsFindAPolicysValue) {
  Rng rng(2);
  std::vector<Logged> log;
  double truth = 0;
  for (int i = 0; i < 20000; ++i) {
    const double q[3] = {0.3, 0.5 + 0.4 * (i % 2), 0.6};
    const std::size_t target = i % 2 == 1 ? 1 : 2;
    truth += q[target] / 20000;
    const std::size_t chosen = rng.below(3);
    Logged l;
    l.reward = rng.uniform() < q[chosen] ? 1 : 0;
    l.propensity = 1.0 / 3;
    l.target_probability = chosen == target ? 1 : 0;
    l.model_chosen = 0.8 * q[chosen];  // a biased model
    l.model_target = 0.8 * q[target];
    log.push_back(l);
  }
  const auto v = evaluate_policy(log);
  EXPECT_NEAR(v.ips, truth, 0.02);
  EXPECT_NEAR(v.snips, truth, 0.02);
  EXPECT_NEAR(v.dr, truth, 0.02);
  EXPECT_LT(v.dr_low, truth);
  EXPECT_GT(v.dr_high, truth);
}

TEST(RealOutcomes, AiqOfTheNineModels) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const OutcomeSet data = test::set_of(test::nine_models(folder));
  ASSERT_EQ(data.size(), 5989U);
  const std::vector<double> prior(9, 0.5);
  const auto knn = aiq(data, cross_predict(ModelKind::knn, data, 5, prior, {}, never_stop));
  const auto ridge = aiq(data, cross_predict(ModelKind::ridge, data, 5, prior, {}, never_stop));
  std::printf("AIQ zero %.4f knn %.4f ridge %.4f oracle %.4f\n", knn.zero_router, knn.router,
              ridge.router, knn.oracle);
  EXPECT_NEAR(knn.zero_router, 0.5844, 0.002);
  EXPECT_NEAR(knn.oracle, 0.7921, 0.003);
  EXPECT_GE(knn.router, 0.625);
  EXPECT_GE(ridge.router, 0.62);
}

TEST(RealOutcomes, CalibrationHoldsOnTheOtherHalf) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const OutcomeSet data = test::set_of(test::nine_models(folder));
  const std::vector<double> prior(9, 0.5);
  std::vector<double> weight(data.size() * 9);
  std::vector<double> bound = cross_predict(ModelKind::knn, data, 5, prior, {}, never_stop, weight);
  for (std::size_t i = 0; i < bound.size(); ++i)
    bound[i] = std::max(0.0, bound[i] - std::sqrt(bound[i] * (1 - bound[i]) / (weight[i] + 1)));
  for (const double target : {0.95, 0.98, 1.0}) {
    const Calibration c = calibrate_tau(data, bound, target, 0);
    std::printf("calibration target %.2f held out %.4f tau %.3f cost %.1f %%\n", target, c.held_out,
                c.point.tau, 100 * c.point.cost / c.best_cost);
    EXPECT_NEAR(c.held_out, target, 0.015);
    EXPECT_LT(c.point.cost, c.best_cost);
  }
  const Calibration share = calibrate_tau(data, bound, -1, 0.2);
  EXPECT_LE(share.point.strong_share, 0.2);
  EXPECT_GT(share.point.strong_share, 0.1);
}

TEST(RealOutcomes, ApgrOnMmlu) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const auto pairs = test::mmlu_pairs(folder);
  OutcomeSet data = test::set_of(pairs.train);
  std::vector<std::uint32_t> train(data.size());
  std::iota(train.begin(), train.end(), 0U);
  const OutcomeSet tested = test::set_of(pairs.test);
  data.embedding.insert(data.embedding.end(), tested.embedding.begin(), tested.embedding.end());
  data.quality.insert(data.quality.end(), tested.quality.begin(), tested.quality.end());
  std::vector<std::uint32_t> rows(tested.size());
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(train.size()));
  const std::vector<double> prior(2, 0.5);
  std::vector<double> out(data.size() * 2);
  const auto measure = [&](ModelKind kind) {
    fit_predict(kind, data, train, rows, prior, {}, never_stop, out);
    return apgr(tested, std::span(out).subspan(train.size() * 2));
  };
  const double mf = measure(ModelKind::mf);
  const double ridge = measure(ModelKind::ridge);
  std::printf("APGR mf %.4f ridge %.4f\n", mf, ridge);
  EXPECT_GE(mf, 0.66);
  EXPECT_GE(ridge, 0.65);
}

TEST(RealOutcomes, BanditsBeatTheBestFixedAgent) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const OutcomeSet data = test::set_of(test::nine_models(folder));
  const double thompson = test::bandit_reward(data, true, 1);
  const double linucb = test::bandit_reward(data, false, 1);
  std::printf("reward thompson %.1f linucb %.1f\n", thompson, linucb);
  EXPECT_GE(thompson, 3170);
  EXPECT_GE(linucb, 3170);
}

}  // namespace
}  // namespace rv::routing
