#include "core/routing/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/stats/intervals.h"

namespace rv::routing {

double area_under_hull(std::vector<CostQuality> points, double low, double high) {
  if (points.empty() || !(high > low)) return 0;
  std::sort(points.begin(), points.end(), [](const CostQuality& a, const CostQuality& b) {
    return a.cost < b.cost || (a.cost == b.cost && a.quality > b.quality);
  });
  // Upper concave hull, left to right; a point below an earlier one adds nothing to a
  // non-decreasing hull.
  std::vector<CostQuality> hull;
  for (const CostQuality& p : points) {
    if (!hull.empty() && p.quality <= hull.back().quality) continue;
    while (hull.size() >= 2) {
      const CostQuality& a = hull[hull.size() - 2];
      const CostQuality& b = hull.back();
      if ((b.quality - a.quality) * (p.cost - a.cost) > (p.quality - a.quality) * (b.cost - a.cost))
        break;
      hull.pop_back();
    }
    hull.push_back(p);
  }
  const auto at = [&hull](double cost) {
    if (cost < hull.front().cost) return 0.0;
    for (std::size_t i = 1; i < hull.size(); ++i)
      if (cost < hull[i].cost) {
        const double share = (cost - hull[i - 1].cost) / (hull[i].cost - hull[i - 1].cost);
        return hull[i - 1].quality + share * (hull[i].quality - hull[i - 1].quality);
      }
    return hull.back().quality;
  };
  std::vector<double> knots = {low, high};
  for (const CostQuality& p : hull)
    if (p.cost > low && p.cost < high) knots.push_back(p.cost);
  std::sort(knots.begin(), knots.end());
  double area = 0;
  for (std::size_t i = 1; i < knots.size(); ++i)
    area += (knots[i] - knots[i - 1]) * (at(knots[i]) + at(knots[i - 1])) / 2;
  return area / (high - low);
}

std::vector<CostQuality> lambda_sweep(const OutcomeSet& data, std::span<const double> predicted) {
  double typical = 0;
  std::size_t known = 0;
  for (const double c : data.cost)
    if (!std::isnan(c)) {
      typical += c;
      ++known;
    }
  typical = known > 0 && typical > 0 ? typical / static_cast<double>(known) : 1;
  std::vector<CostQuality> points;
  for (int step = -1; step <= 160; ++step) {
    const double lambda = step < 0 ? 0 : std::pow(10.0, -3 + step * 0.04) / typical;
    CostQuality p;
    for (std::size_t row = 0; row < data.size(); ++row) {
      std::size_t best = 0;
      double top = -1e300;
      for (std::size_t a = 0; a < data.agents; ++a) {
        const std::size_t i = row * data.agents + a;
        const double v = predicted[i] - lambda * data.cost[i];
        if (v > top) {
          top = v;
          best = i;
        }
      }
      p.cost += data.cost[best];
      p.quality += static_cast<double>(data.quality[best]);
    }
    p.cost /= static_cast<double>(data.size());
    p.quality /= static_cast<double>(data.size());
    points.push_back(p);
  }
  return points;
}

std::vector<CostQuality> single_agents(const OutcomeSet& data) {
  std::vector<CostQuality> points(data.agents);
  for (std::size_t row = 0; row < data.size(); ++row)
    for (std::size_t a = 0; a < data.agents; ++a) {
      points[a].cost += data.cost[row * data.agents + a] / static_cast<double>(data.size());
      points[a].quality += static_cast<double>(data.q(row, a)) / static_cast<double>(data.size());
    }
  return points;
}

Aiq aiq(const OutcomeSet& data, std::span<const double> predicted) {
  const auto singles = single_agents(data);
  double low = singles[0].cost;
  double high = low;
  CostQuality cheapest = singles[0];
  for (const CostQuality& p : singles) {
    if (p.cost < low || (p.cost == low && p.quality > cheapest.quality)) cheapest = p;
    low = std::min(low, p.cost);
    high = std::max(high, p.cost);
  }
  const auto area = [&](std::vector<CostQuality> points) {
    points.push_back(cheapest);  // every router can fall back on it
    return area_under_hull(std::move(points), low, high);
  };
  std::vector<double> truth(data.quality.begin(), data.quality.end());
  return {area(lambda_sweep(data, predicted)), area(singles), area(lambda_sweep(data, truth))};
}

double apgr(const OutcomeSet& data, std::span<const double> predicted) {
  const std::size_t n = data.size();
  if (n == 0) return 0;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto gain = [&](std::size_t row) { return predicted[row * 2 + 1] - predicted[row * 2]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return gain(a) > gain(b); });
  double weak = 0;
  double strong = 0;
  for (std::size_t row = 0; row < n; ++row) {
    weak += static_cast<double>(data.q(row, 0));
    strong += static_cast<double>(data.q(row, 1));
  }
  if (strong == weak) return 0;
  double quality = weak;
  double area = 0;
  double before = 0;
  for (const std::size_t row : order) {
    quality += static_cast<double>(data.q(row, 1)) - static_cast<double>(data.q(row, 0));
    const double recovered = (quality - weak) / (strong - weak);
    area += (before + recovered) / 2;
    before = recovered;
  }
  return area / static_cast<double>(n);
}

PolicyValue evaluate_policy(std::span<const Logged> log, double clip) {
  PolicyValue v;
  v.n = log.size();
  if (log.empty()) return v;
  const auto n = static_cast<double>(log.size());
  double weights = 0;
  double squares = 0;
  double weighted = 0;
  double dr = 0;
  double dr_squares = 0;
  for (const Logged& l : log) {
    double w = l.target_probability / l.propensity;
    if (clip > 0) w = std::min(w, clip);
    weights += w;
    squares += w * w;
    weighted += w * l.reward;
    const double term = l.model_target + w * (l.reward - l.model_chosen);
    dr += term;
    dr_squares += term * term;
  }
  v.ips = weighted / n;
  v.snips = weights > 0 ? weighted / weights : std::nan("");
  v.dr = dr / n;
  const double variance = n > 1 ? std::max(0.0, (dr_squares - dr * dr / n) / (n - 1)) : 0;
  const double half = stats::kZ95 * std::sqrt(variance / n);
  v.dr_low = v.dr - half;
  v.dr_high = v.dr + half;
  v.effective_n = squares > 0 ? weights * weights / squares : 0;
  return v;
}

}  // namespace rv::routing
