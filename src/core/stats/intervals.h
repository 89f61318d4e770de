// Confidence bounds and quantiles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace rv::stats {

inline constexpr double kZ95 = 1.959963984540054;  // two-sided 95 %

// The lower end of Wilson's interval for a share of `wins` in `n` trials (JASA 1927); 0 for n = 0.
inline double wilson_lower(double wins, double n, double z = kZ95) noexcept {
  if (!(n > 0)) return 0;
  const double p = std::clamp(wins / n, 0.0, 1.0);
  const double z2 = z * z;
  const double centre = p + z2 / (2 * n);
  const double spread = z * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return std::max(0.0, (centre - spread) / (1 + z2 / n));
}

// The q-quantile (0..1) with linear interpolation; `values` is reordered. NaN for no values.
inline double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return std::nan("");
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(low), values.end());
  const double a = values[low];
  if (low + 1 >= values.size()) return a;
  const double b =
      *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(low) + 1, values.end());
  return a + (at - static_cast<double>(low)) * (b - a);
}

}  // namespace rv::stats
