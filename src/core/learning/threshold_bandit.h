// The least effort whose mean recall reaches a target, found with few audits: a thresholding bandit
// over efforts whose recall does not fall (Cheshire, Menard, Carpentier, COLT 2020: noisy
// bisection).
#pragma once

#include <cstddef>
#include <vector>

#include "core/learning/audit.h"

namespace rv::learning {

class ThresholdBandit {
 public:
  // `efforts` arms; recall at arm i + 1 is at least that at arm i.
  ThresholdBandit(std::size_t efforts, double target) : target_(target), seen_(efforts) {}

  // The arm to try next, or `efforts` when the answer is known: the arm in the middle of those that
  // are neither known to reach the target nor known to miss it.
  std::size_t next() const {
    std::size_t low = 0;              // arms below are known to miss
    std::size_t high = seen_.size();  // arms from here on are known to reach
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const MeanInterval m = mean_interval(seen_[i]);
      if (m.n > 0 && m.high < target_) low = i + 1;
      if (m.n > 0 && m.low >= target_ && i < high) high = i;
    }
    if (low >= high) return seen_.size();
    return low + (high - low) / 2;
  }
  void add(std::size_t arm, double recall) { seen_[arm].push_back(recall); }
  // The least arm whose mean reaches the target; the last one when none does.
  std::size_t best() const {
    for (std::size_t i = 0; i < seen_.size(); ++i)
      if (!seen_[i].empty() && mean_interval(seen_[i]).mean >= target_) return i;
    return seen_.size() - 1;
  }
  const std::vector<double>& recalls(std::size_t arm) const { return seen_[arm]; }

 private:
  double target_;
  std::vector<std::vector<double>> seen_;
};

}  // namespace rv::learning
