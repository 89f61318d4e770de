#include "core/routing/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/rng.h"
#include "core/routing/evaluation.h"

namespace rv::routing {
namespace {

constexpr int kSteps = 200;

CostQuality best_single(const OutcomeSet& data, std::span<const std::uint32_t> rows) {
  CostQuality best{0, -1};
  for (std::size_t a = 0; a < data.agents; ++a) {
    CostQuality p;
    for (const std::uint32_t row : rows) {
      p.quality += static_cast<double>(data.q(row, a));
      p.cost += data.cost[row * data.agents + a];
    }
    if (p.quality > best.quality) best = p;
  }
  const auto n = static_cast<double>(std::max<std::size_t>(1, rows.size()));
  return {best.cost / n, best.quality / n};
}

TauPoint pick(const std::vector<TauPoint>& curve, double wanted_quality, double max_strong_share) {
  if (wanted_quality >= 0) {
    for (const TauPoint& p : curve)
      if (p.quality >= wanted_quality) return p;
    return *std::max_element(curve.begin(), curve.end(), [](const TauPoint& a, const TauPoint& b) {
      return a.quality < b.quality;
    });
  }
  TauPoint best = curve.front();
  for (const TauPoint& p : curve)
    if (p.strong_share <= max_strong_share) best = p;
  return best;
}

}  // namespace

std::vector<TauPoint> tau_curve(const OutcomeSet& data, std::span<const double> bound,
                                std::span<const std::uint32_t> rows) {
  const std::size_t agents = data.agents;
  std::vector<double> mean_cost(agents);
  for (const std::uint32_t row : rows)
    for (std::size_t a = 0; a < agents; ++a) mean_cost[a] += data.cost[row * agents + a];
  const auto strong = static_cast<std::size_t>(
      std::max_element(mean_cost.begin(), mean_cost.end()) - mean_cost.begin());
  std::vector<TauPoint> curve(kSteps + 1);
  for (int step = 0; step <= kSteps; ++step) {
    TauPoint& p = curve[static_cast<std::size_t>(step)];
    p.tau = static_cast<double>(step) / kSteps;
    for (const std::uint32_t row : rows) {
      const double* b = bound.data() + row * agents;
      const double* c = data.cost.data() + row * agents;
      const double bar = p.tau * *std::max_element(b, b + agents);
      std::size_t best = agents;
      for (std::size_t a = 0; a < agents; ++a)
        if (b[a] >= bar &&
            (best == agents || c[a] < c[best] || (c[a] == c[best] && b[a] > b[best])))
          best = a;
      p.quality += static_cast<double>(data.q(row, best));
      p.cost += c[best];
      p.strong_share += best == strong ? 1 : 0;
    }
    const auto n = static_cast<double>(std::max<std::size_t>(1, rows.size()));
    p.quality /= n;
    p.cost /= n;
    p.strong_share /= n;
  }
  return curve;
}

Calibration calibrate_tau(const OutcomeSet& data, std::span<const double> bound, double target,
                          double max_strong_share) {
  std::vector<std::uint32_t> all(data.size());
  std::iota(all.begin(), all.end(), 0U);
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> second;
  for (const std::uint32_t row : all) ((mix64(row + 77) & 1) != 0 ? first : second).push_back(row);

  Calibration c;
  c.rows = data.size();
  const CostQuality best = best_single(data, all);
  c.best_quality = best.quality;
  c.best_cost = best.cost;
  c.point =
      pick(tau_curve(data, bound, all), target < 0 ? -1 : target * best.quality, max_strong_share);

  // Either half is judged by the tau that the other one chose.
  const auto judged = [&](std::span<const std::uint32_t> by, std::span<const std::uint32_t> on) {
    const double wanted = target < 0 ? -1 : target * best_single(data, by).quality;
    const TauPoint p = pick(tau_curve(data, bound, by), wanted, max_strong_share);
    const double reference = best_single(data, on).quality;
    const auto at = static_cast<std::size_t>(std::lround(p.tau * kSteps));
    return reference > 0 ? tau_curve(data, bound, on)[at].quality / reference : 0;
  };
  c.held_out = (judged(first, second) + judged(second, first)) / 2;
  return c;
}

}  // namespace rv::routing
