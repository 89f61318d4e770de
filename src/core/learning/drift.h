// Is the promise still kept, and are queries still what the model was calibrated on? Tests that may
// be looked at after every audited query.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace rv::learning {

// A query's place among those that calibrated a model: for each of kScores scores of its features
// the one of kBins equally likely ranges that holds it.
inline constexpr std::size_t kScores = 2;
inline constexpr std::size_t kBins = 8;
using QueryBins = std::array<std::size_t, kScores>;

// Mean recall below the target: somebody bets on misses with several stakes at once, and starts
// anew with one more unit before every audit (an e-detector: Shin, Ramdas and Rinaldo, 2022, after
// Shiryaev and Roberts; bets: Waudby-Smith and Ramdas, JRSS B 2024). While the expected recall is
// at least the target, the mean number of audits until the evidence reaches E is at least E.
class RecallTest {
 public:
  static constexpr std::array<double, 4> kStakes = {1, 2, 4, 8};

  // A recall of 0..1, when `target` is promised.
  void add(double recall, double target) noexcept;
  double evidence() const noexcept;
  void reset() noexcept { wealth = {}; }

  std::array<double, kStakes.size()> wealth{};
};

// Queries of another kind: somebody bets on the ranges that scores fell into lately. The ranges
// were estimated from `calibrated` queries, and so are not exactly equally likely: bets win only
// what no distribution near to that would lose to them.
class ShiftTest {
 public:
  void add(const QueryBins& query, double calibrated) noexcept;
  double evidence() const noexcept;
  void reset() noexcept { *this = ShiftTest(); }

  std::array<double, kScores> wealth{};
  std::array<double, kScores * kBins> seen{};  // recent ones weigh more
};

// Both. Much evidence of lost recall raises the alarm; when queries have changed, some of it since
// they began to: what was calibrated on others promises nothing for them.
class DriftMonitor {
 public:
  // The mean number of audits until an alarm where recall is exactly the target: while queries are
  // as they were, and once they have changed.
  static constexpr double kAlarm = 100000;
  static constexpr double kAlarmChanged = 100;
  // The same until a change of queries is taken for one.
  static constexpr double kChanged = 1000;

  explicit DriftMonitor(double target) : target_(target) {}
  // From what state() returned; anything else begins anew.
  DriftMonitor(double target, std::span<const double> state);

  // Notes an audited query, and where its features lie if that is known; true: alarm.
  bool add(double recall, const std::optional<QueryBins>& query = std::nullopt,
           double calibrated = 0) noexcept;
  bool alarm() const noexcept;
  bool changed() const noexcept { return shift_.evidence() >= kChanged; }
  void reset() noexcept;
  std::vector<double> state() const;

 private:
  double target_;
  double audits_ = 0;
  RecallTest recall_;
  RecallTest since_;  // the queries began to look different
  ShiftTest shift_;
};

// The factor after an audit: adaptive conformal inference (Gibbs and Candes, NeurIPS 2021) on its
// logarithm. `rate` is ruvector.learning_rate; one audit moves it by at most a tenth.
inline double corrected_factor(double factor, double recall, double target, double rate) noexcept {
  const double step = rate * ((1 - recall) - (1 - target)) / std::max(1 - target, 0.001);
  return std::clamp(factor * std::exp(std::clamp(step, -0.1, 0.1)), 0.02, 500.0);
}

}  // namespace rv::learning
