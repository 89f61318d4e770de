// The learning core against formulas and in simulated query streams.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/learning/audit.h"
#include "core/learning/drift.h"
#include "core/learning/effort_model.h"

namespace rv::learning {
namespace {

// Queries with a hidden hardness h: the effort at which half of the neighbours are found is 8 e^h;
// some features tell of h with noise. `shift` moves hardness where no feature tells.
AuditSet simulate(std::size_t n, std::uint64_t seed, double informative, double shift = 0) {
  AuditSet a;
  for (double e = 10; e < 1000; e *= 1.15) a.effort.push_back(static_cast<int>(std::ceil(e)));
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    AuditedQuery q;
    const double h = 0.8 * rng.normal();
    for (std::size_t j = 0; j < kFeatures; ++j)
      q.features[j] = static_cast<float>((j < 4 ? informative * h : 0) + rng.normal() * 0.5);
    const double half = 8 * std::exp(h + shift);
    float best = 0;
    for (const int e : a.effort) {
      const double p = 1 / (1 + std::pow(half / e, 3));
      int hits = 0;
      Rng draws(seed * 1000003 + i);  // the same luck at every effort: recall does not fall
      for (int k = 0; k < 10; ++k) hits += draws.uniform() < p;
      best = std::max(best, static_cast<float>(hits) / 10);
      q.recall.push_back(best);
      q.work.push_back(static_cast<float>(100 + 9 * e));
    }
    a.query.push_back(std::move(q));
  }
  return a;
}

double realised(const AuditSet& a, const EffortModel& m, double* work = nullptr) {
  double recall_sum = 0;
  double work_sum = 0;
  for (const AuditedQuery& q : a.query) {
    const std::size_t i = steered(a, q, m);
    recall_sum += static_cast<double>(q.recall[i]);
    work_sum += static_cast<double>(q.work[i]);
  }
  if (work != nullptr) *work = work_sum / static_cast<double>(a.query.size());
  return recall_sum / static_cast<double>(a.query.size());
}

TEST(Recall, CountsWhatWasFound) {
  const std::int64_t found[] = {5, 1, 9};
  const std::int64_t exact[] = {1, 2, 5, 7};
  EXPECT_EQ(recall(found, exact), 0.5);
  EXPECT_EQ(recall(found, {}), 1);
  EXPECT_EQ(recall({}, exact), 0);
}

TEST(MeanInterval, CoversTheMean) {
  Rng rng(1);
  int covered = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<double> v;
    for (int i = 0; i < 100; ++i) v.push_back(rng.uniform() < 0.9 ? 1 : 0.5);
    const auto m = mean_interval(v);
    covered += m.low <= 0.95 && 0.95 <= m.high;
  }
  EXPECT_GE(covered, 195);
  EXPECT_EQ(mean_interval({}).high, 1);
}

TEST(FixedEffort, IsTheLeastThatRiskControlAllows) {
  AuditSet a;
  a.effort = {10, 20, 40};
  for (int i = 0; i < 99; ++i) {
    AuditedQuery q;
    q.recall = {0.8F, i < 95 ? 1.0F : 0.0F, 1.0F};
    q.work = {1, 2, 4};
    a.query.push_back(q);
  }
  std::vector<std::uint32_t> rows(99);
  for (std::uint32_t i = 0; i < 99; ++i) rows[i] = i;
  // (4 + 1) / 100 = 0.05 exactly.
  EXPECT_EQ(calibrate_fixed(a, rows, 0.95).index, 1U);
  EXPECT_EQ(calibrate_fixed(a, rows, 0.951).index, 2U);
  // 1 / 100 is the least that 99 queries can show.
  EXPECT_FALSE(calibrate_fixed(a, rows, 0.991).reachable);
}

TEST(EffortModel, KeepsThePromiseOnAverageOverManyCalibrations) {
  double total = 0;
  for (std::uint64_t s = 0; s < 30; ++s) {
    const auto report = calibrate(simulate(400, 100 + s, 1), 0.95);
    total += realised(simulate(1000, 7, 1), report.model) / 30;
  }
  EXPECT_GE(total, 0.948);
  EXPECT_LE(total, 0.975);
}

TEST(EffortModel, SavesWorkWhereFeaturesTellAndOnlyThere) {
  const auto told = calibrate(simulate(3000, 1, 1), 0.98);
  EXPECT_TRUE(told.model.learned);
  EXPECT_GT(told.saving, 1.15);
  const AuditSet fresh = simulate(3000, 2, 1);
  double work = 0;
  EXPECT_GE(realised(fresh, told.model, &work), 0.975);
  EffortModel flat = told.model;
  flat.learned = false;
  double flat_work = 0;
  EXPECT_GE(realised(fresh, flat, &flat_work), 0.975);
  EXPECT_LT(work, flat_work / 1.15);

  const auto untold = calibrate(simulate(3000, 3, 0), 0.98);
  EXPECT_FALSE(untold.model.learned);
  EXPECT_GE(realised(simulate(3000, 4, 0), untold.model), 0.975);
}

TEST(EffortModel, StrangeFeaturesGetTheSafeEffort) {
  const auto report = calibrate(simulate(1000, 5, 1), 0.98);
  ASSERT_TRUE(report.model.learned);
  Features strange{};
  strange.fill(50);
  EXPECT_EQ(Steering(report.model, strange).next(10, 0), report.model.safe);
  strange.fill(std::nanf(""));
  EXPECT_EQ(Steering(report.model, strange).next(10, 0), report.model.safe);
  EXPECT_GE(Steering(report.model, Features{}).next(10, 0, 5000), 5000);
}

TEST(EffortModel, RoundTripsAndRefusesDamage) {
  const auto model = calibrate(simulate(1000, 6, 1), 0.98).model;
  const auto flat = model.flatten();
  const auto back = EffortModel::restore(flat);
  const AuditSet fresh = simulate(100, 8, 1);
  for (const AuditedQuery& q : fresh.query)
    EXPECT_EQ(Steering(back, q.features).next(10, 0.01),
              Steering(model, q.features).next(10, 0.01));
  for (std::size_t n = 0; n < flat.size(); ++n)
    EXPECT_THROW(EffortModel::restore({flat.data(), n}), Error) << n;
  EXPECT_EQ(back.bins(fresh.query[0].features), model.bins(fresh.query[0].features));
  ASSERT_TRUE(back.bins(fresh.query[0].features).has_value());
  // The format before models knew what queries calibrated them.
  auto before = flat;
  before[0] = 2;
  before.resize(before.size() - kScores * (kBins - 1) - 1);
  EXPECT_FALSE(EffortModel::restore(before).bins(fresh.query[0].features).has_value());
  EXPECT_EQ(Steering(EffortModel::restore(before), Features{}).next(10, 0.01),
            Steering(model, Features{}).next(10, 0.01));
  EffortModel fixed = model;
  fixed.learned = false;
  EXPECT_EQ(Steering(EffortModel::restore(fixed.flatten()), Features{}).next(1, 0), model.safe);
  auto damaged = flat;
  damaged[3] = std::nan("");
  EXPECT_THROW(EffortModel::restore(damaged), Error);
}

TEST(EffortModel, RefusesTooFewAuditsAndSaysWhatCannotBeReached) {
  EXPECT_THROW(calibrate(simulate(199, 1, 1), 0.95), Error);
  EXPECT_THROW(calibrate(simulate(300, 1, 1), 1.0), Error);
  const auto report = calibrate(simulate(300, 1, 1), 0.9999);
  EXPECT_FALSE(report.reachable);
  EXPECT_FALSE(report.model.learned);
  EXPECT_EQ(report.model.safe, report.model.most);
}

// Recall@10 with that mean, of queries that differ.
double drawn_recall(double mean, Rng& rng) {
  int hits = 0;
  const double p = std::clamp(mean + 0.08 * rng.normal() * (1 - mean) / 0.05, 0.0, 1.0);
  for (int k = 0; k < 10; ++k) hits += rng.uniform() < p;
  return hits / 10.0;
}
QueryBins drawn_bins(double towards_last, Rng& rng) {
  QueryBins bins{};
  for (std::size_t& b : bins) b = rng.uniform() < towards_last ? kBins - 1 : rng.below(kBins);
  return bins;
}

TEST(DriftMonitor, IsQuietWhileThePromiseIsKeptToTheHair) {
  Rng rng(3);
  int alarms = 0;
  for (int stream = 0; stream < 20; ++stream) {
    DriftMonitor monitor(0.95);
    for (int i = 0; i < 5000; ++i) {
      double r = rng.uniform() < 0.65 ? 1.0 : 0.9;  // mean 0.965
      if (rng.uniform() < 0.0155) r = 0;            // 0.95
      if (monitor.add(r, drawn_bins(0, rng), 500)) {
        ++alarms;
        monitor.reset();
      }
    }
  }
  EXPECT_LE(alarms, 3);  // about one in 100,000
}

// The measured change of domain: recall falls from the target 0.95 to 0.877.
TEST(DriftMonitor, RaisesTheAlarmWithin300AuditsByRecallAlone) {
  Rng rng(4);
  for (int stream = 0; stream < 50; ++stream) {
    DriftMonitor monitor(0.95);
    for (int i = 0; i < 500; ++i)
      if (monitor.add(drawn_recall(0.98, rng))) monitor.reset();
    int audits = 0;
    while (audits < 300 && !monitor.add(drawn_recall(0.877, rng))) ++audits;
    EXPECT_LT(audits, 300);
    EXPECT_FALSE(monitor.changed());
  }
}

TEST(DriftMonitor, TakesLessEvidenceOfLostRecallWhenQueriesHaveChanged) {
  Rng rng(5);
  const auto draw = [&](double mean) { return rng.uniform() < 5 * (1 - mean) ? 0.8 : 1.0; };
  int late = 0;
  int total = 0;
  int total_without = 0;
  for (int stream = 0; stream < 50; ++stream) {
    DriftMonitor monitor(0.99);
    DriftMonitor blind(0.99);
    for (int i = 0; i < 500; ++i) {
      const double r = draw(0.992);
      if (monitor.add(r, drawn_bins(0, rng), 500)) monitor.reset();
      if (blind.add(r)) blind.reset();
    }
    EXPECT_FALSE(monitor.changed());
    int audits = 1;
    int without = 1;
    bool seen = false;
    bool seen_without = false;
    for (int i = 0; i < 5000 && !seen_without; ++i) {
      const double r = draw(0.975);
      seen = seen || monitor.add(r, drawn_bins(0.4, rng), 500);
      seen_without = blind.add(r);
      audits += !seen;
      without += !seen_without;
    }
    late += audits > 300;
    total += audits;
    total_without += without;
  }
  EXPECT_LE(late, 1);
  EXPECT_LT(1.5 * total, total_without);
}

TEST(DriftMonitor, TellsOfOtherQueriesAndIsQuietWhileTheirRecallIsKept) {
  Rng rng(6);
  DriftMonitor monitor(0.95);
  for (int i = 0; i < 2000; ++i)
    EXPECT_FALSE(monitor.add(drawn_recall(0.98, rng), drawn_bins(0.5, rng), 500));
  EXPECT_TRUE(monitor.changed());
  for (int i = 0; i < 500; ++i) monitor.add(1, drawn_bins(0, rng), 500);
  EXPECT_FALSE(monitor.changed());
}

// Ranges that hold not exactly as many queries each, as those estimated from 100 queries do.
TEST(ShiftTest, IsQuietWithinWhatItsRangesAreKnownTo) {
  Rng rng(7);
  ShiftTest test;
  double most = 0;
  for (int i = 0; i < 50000; ++i) {
    QueryBins bins{};
    for (std::size_t& b : bins) {
      b = rng.below(kBins);
      if (b == 0 && rng.uniform() < 0.4) b = kBins - 1;  // 0.075 and 0.175 for 0.125
    }
    test.add(bins, 100);
    most = std::max(most, test.evidence());
  }
  EXPECT_LT(most, DriftMonitor::kChanged);
}

TEST(DriftMonitor, GoesOnFromItsState) {
  Rng rng(8);
  DriftMonitor monitor(0.95);
  for (int i = 0; i < 200; ++i) monitor.add(drawn_recall(0.94, rng), drawn_bins(0.2, rng), 300);
  DriftMonitor again(0.95, monitor.state());
  EXPECT_EQ(again.state(), monitor.state());
  EXPECT_EQ(DriftMonitor(0.95, std::vector<double>{1, 2, 3, 4}).state(),
            DriftMonitor(0.95).state());
  auto damaged = monitor.state();
  damaged.back() = std::nan("");
  EXPECT_EQ(DriftMonitor(0.95, damaged).state(), DriftMonitor(0.95).state());
}

TEST(CorrectedFactor, MovesAgainstTheMissesWithinItsBounds) {
  EXPECT_GT(corrected_factor(1, 0.5, 0.95, 0.01), 1);
  EXPECT_LT(corrected_factor(1, 1.0, 0.95, 0.01), 1);
  EXPECT_LE(corrected_factor(1, 0.0, 0.999, 1), std::exp(0.1) + 1e-12);
  // A stream that misses its target is brought back to it.
  const AuditSet a = simulate(4000, 9, 1, 0.3);
  EffortModel m = calibrate(simulate(2000, 10, 1), 0.95).model;
  m.learned = true;
  double late_recall = 0;
  for (std::size_t i = 0; i < a.query.size(); ++i) {
    const double r = static_cast<double>(a.query[i].recall[steered(a, a.query[i], m)]);
    m.factor = corrected_factor(m.factor, r, 0.95, 0.01);
    if (i >= 2000) late_recall += r / 2000;
  }
  EXPECT_NEAR(late_recall, 0.95, 0.012);
}

}  // namespace
}  // namespace rv::learning
