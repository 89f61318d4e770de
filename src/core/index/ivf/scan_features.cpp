#include "core/index/ivf/scan_features.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rv::index::ivf {

std::array<float, 15> features(const Search& search) {
  std::array<float, 15> f{};
  const std::size_t lists = search.ordered_lists();
  const auto& seen = search.window();
  f[12] = static_cast<float>(std::log1p(static_cast<double>(seen.size())));
  f[13] = static_cast<float>(std::log1p(static_cast<double>(lists)));
  if (lists == 0) return f;
  const auto c = [&](std::size_t i) {
    return static_cast<double>(search.list_distance(std::min(i, lists) - 1));
  };
  const double s = std::abs(c(1)) + std::abs(c(32)) + 1e-30;
  f[0] = static_cast<float>(std::log(std::abs(c(1)) + 1e-30));
  for (std::size_t i = 0; i < 6; ++i) f[1 + i] = static_cast<float>(c(std::size_t{1} << i) / s);
  if (seen.empty()) return f;
  std::vector<float> bound;
  bound.reserve(seen.size());
  for (const Candidate& candidate : seen) bound.push_back(candidate.bound);
  const std::size_t ten = std::min<std::size_t>(10, bound.size());
  const auto middle = bound.begin() + static_cast<std::ptrdiff_t>(bound.size() / 2);
  std::nth_element(bound.begin(), middle, bound.end());
  const auto half = static_cast<double>(*middle);
  std::partial_sort(bound.begin(), bound.begin() + static_cast<std::ptrdiff_t>(ten), bound.end());
  const auto d = [&](std::size_t i) { return static_cast<double>(bound[std::min(i, ten) - 1]); };
  const double t = std::abs(d(1)) + std::abs(d(10)) + 1e-30;
  double mean = 0;
  double squares = 0;
  for (std::size_t i = 1; i <= ten; ++i) mean += d(i) / static_cast<double>(ten);
  for (std::size_t i = 1; i <= ten; ++i)
    squares += (d(i) - mean) * (d(i) - mean) / static_cast<double>(ten);
  const double next = c(static_cast<std::size_t>(search.counts().lists) + 1);
  f[7] = static_cast<float>(d(1) / t);
  f[8] = static_cast<float>(d(5) / t);
  f[9] = static_cast<float>(d(10) / t);
  f[10] = static_cast<float>(std::sqrt(squares) / t);
  f[11] = static_cast<float>((next - d(10)) / (std::abs(next) + t));
  f[14] = static_cast<float>(half / t);
  return f;
}

}  // namespace rv::index::ivf
