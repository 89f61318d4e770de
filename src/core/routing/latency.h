// Latencies in logarithmic buckets with decay: quantiles of recent calls in 64 numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace rv::routing {

// Bucket i holds [1.25^i, 1.25^(i+1)) ms: 64 of them reach 26 minutes; a quantile is off by at most
// an eighth. Every observation lowers the weight of the earlier ones: half is gone after
// kHalfLife.
class LatencyHistogram {
 public:
  static constexpr int kBuckets = 64;
  static constexpr double kHalfLife = 500;

  void add(double ms) noexcept {
    // Growing the increment is decaying the rest.
    increment_ *= kGrowth;
    if (increment_ > 1e12) rescale();
    const double log = ms > 1 ? std::log(ms) / kLogBase : 0;
    counts_[static_cast<std::size_t>(std::min(log, kBuckets - 1.0))] += increment_;
    total_ += increment_;
    sum_ += increment_ * ms;
  }
  // Observations that still weigh, at most kHalfLife / ln 2.
  double weight() const noexcept { return total_ / increment_; }
  double mean() const noexcept { return total_ > 0 ? sum_ / total_ : 0; }
  // 0 without observations; the geometric middle of the bucket.
  double quantile(double q) const noexcept {
    double left = q * total_;
    for (int i = 0; i < kBuckets; ++i) {
      left -= counts_[static_cast<std::size_t>(i)];
      if (left <= 0 && total_ > 0) return std::exp((i + 0.5) * kLogBase);
    }
    return total_ > 0 ? std::exp((kBuckets - 0.5) * kLogBase) : 0;
  }

 private:
  static constexpr double kLogBase = 0.22314355131420976;  // ln 1.25
  static constexpr double kGrowth = 1.0013872557113346;    // 2^(1 / kHalfLife)

  void rescale() noexcept {
    for (double& c : counts_) c /= increment_;
    total_ /= increment_;
    sum_ /= increment_;
    increment_ = 1;
  }

  std::array<double, kBuckets> counts_{};
  double total_ = 0;
  double sum_ = 0;
  double increment_ = 1;
};

}  // namespace rv::routing
