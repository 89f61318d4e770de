// Is the promise still kept? A test of the audited recalls that may be looked at after every audit.
#pragma once

#include <algorithm>
#include <cmath>

namespace rv::learning {

// A betting martingale against "mean recall >= target" (Waudby-Smith and Ramdas, JRSS B 2024): the
// wealth of somebody who bets on misses. If the hypothesis holds it reaches 1/alpha with a
// probability of at most alpha, ever. Wealth that fell is put back to 1, so that a long good time
// does not delay the alarm (a CUSUM of bets; false alarms then come once in about 1/alpha audits at
// worst, not never).
class RecallMonitor {
 public:
  explicit RecallMonitor(double target, double alpha = 0.001) : miss_(1 - target), alpha_(alpha) {}
  RecallMonitor(double target, double alpha, double log_wealth, double audits, double mean,
                double squares)
      : miss_(1 - target),
        alpha_(alpha),
        log_wealth_(log_wealth),
        n_(audits),
        mean_(mean),
        squares_(squares) {}

  // Notes an audited recall of 0..1; true: alarm.
  bool add(double recall) noexcept {
    const double x = 1 - std::clamp(recall, 0.0, 1.0);
    // The bet depends on what was seen before x: aGRAPA with one miss at the target as a prior.
    const double variance = (squares_ + 0.05) / (n_ + 1);
    const double edge = mean_ - miss_;
    const double bet =
        std::clamp(edge / (variance + edge * edge), 0.0, 0.5 / std::max(miss_, 0.01));
    const double least = n_ < 5 ? 0.5 : 0.25;  // enough to start with, and to notice a change
    log_wealth_ = std::max(0.0, log_wealth_ + std::log1p(std::max(bet, least) * (x - miss_)));
    // Recent audits weigh more: about the last 100.
    const double step = 1 / std::min(n_ + 1, 100.0);
    const double d = x - mean_;
    mean_ += step * d;
    squares_ = (1 - step) * squares_ + std::min(1.0, step * (n_ + 1)) * d * d * (1 - step);
    n_ += 1;
    return alarm();
  }
  bool alarm() const noexcept { return log_wealth_ >= -std::log(alpha_); }
  double log_wealth() const noexcept { return log_wealth_; }
  double audits() const noexcept { return n_; }
  double mean_recall() const noexcept { return 1 - mean_; }
  double mean_miss() const noexcept { return mean_; }
  double squares() const noexcept { return squares_; }
  void reset() noexcept { log_wealth_ = 0; }

 private:
  double miss_, alpha_;
  double log_wealth_ = 0;
  double n_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

// The factor after an audit: adaptive conformal inference (Gibbs and Candes, NeurIPS 2021) on its
// logarithm. `rate` is ruvector.learning_rate; one audit moves it by at most a tenth.
inline double corrected_factor(double factor, double recall, double target, double rate) noexcept {
  const double step = rate * ((1 - recall) - (1 - target)) / std::max(1 - target, 0.001);
  return std::clamp(factor * std::exp(std::clamp(step, -0.1, 0.1)), 0.02, 500.0);
}

}  // namespace rv::learning
