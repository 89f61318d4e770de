#include "core/learning/patterns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/cluster/kmeans.h"

namespace rv::learning {
namespace {

double squared_distance(const std::array<float, kSketch>& a,
                        const std::array<float, kSketch>& b) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < kSketch; ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    s += d * d;
  }
  return s;
}

}  // namespace

std::vector<Pattern> extract_patterns(std::span<const PatternScan> scans, std::size_t count,
                                      std::uint64_t seed, const Work& work) {
  if (scans.empty() || count == 0) return {};
  std::vector<float> x;
  x.reserve(scans.size() * kSketch);
  for (const PatternScan& s : scans) x.insert(x.end(), s.sketch.begin(), s.sketch.end());
  cluster::KMeansOptions options;
  options.centres = std::min({count, kMostPatterns, scans.size()});
  options.seed = seed;
  const std::vector<float> centres =
      cluster::kmeans(x.data(), scans.size(), kSketch, options, work);
  const cluster::NearestCentre nearest(centres.data(), options.centres, kSketch, options.measure);
  std::vector<std::uint32_t> at(scans.size());
  nearest.find(x.data(), scans.size(), at.data(), nullptr);

  // The centres anew, as weighted means: age counts in them.
  std::vector<std::array<double, kSketch>> sum(options.centres);
  std::vector<Pattern> all(options.centres);
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const PatternScan& s = scans[i];
    Pattern& p = all[at[i]];
    for (std::size_t d = 0; d < kSketch; ++d)
      sum[at[i]][d] += s.weight * static_cast<double>(s.sketch[d]);
    p.first_seen = p.scans == 0 ? s.noted_at : std::min(p.first_seen, s.noted_at);
    p.last_seen = std::max(p.last_seen, s.noted_at);
    p.weight += s.weight;
    ++p.scans;
    p.effort += s.weight * s.effort;
    p.hops += s.weight * s.hops;
    p.distances += s.weight * s.distances;
    p.relevant += s.relevant;
    p.irrelevant += s.irrelevant;
  }
  for (std::size_t c = 0; c < all.size(); ++c) {
    Pattern& p = all[c];
    if (!(p.weight > 0)) continue;
    for (std::size_t d = 0; d < kSketch; ++d)
      p.centre[d] = static_cast<float>(sum[c][d] / p.weight);
    for (double* mean : {&p.effort, &p.hops, &p.distances}) *mean /= p.weight;
  }
  for (std::size_t i = 0; i < scans.size(); ++i) {
    Pattern& p = all[at[i]];
    if (p.weight > 0)
      p.spread += scans[i].weight / p.weight * squared_distance(scans[i].sketch, p.centre);
  }
  std::erase_if(all, [](const Pattern& p) { return !(p.weight > 0); });
  std::stable_sort(all.begin(), all.end(),
                   [](const Pattern& a, const Pattern& b) { return a.weight > b.weight; });
  return all;
}

double cosine_similarity(const Pattern& a, const Pattern& b) noexcept {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < kSketch; ++i) {
    const auto x = static_cast<double>(a.centre[i]);
    const auto y = static_cast<double>(b.centre[i]);
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa == 0 && bb == 0) return 1;
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

Pattern merged(const Pattern& a, const Pattern& b) noexcept {
  Pattern m;
  m.weight = a.weight + b.weight;
  const double share = m.weight > 0 ? a.weight / m.weight : 0.5;
  const auto mean = [share](double x, double y) { return share * x + (1 - share) * y; };
  for (std::size_t i = 0; i < kSketch; ++i)
    m.centre[i] = static_cast<float>(
        mean(static_cast<double>(a.centre[i]), static_cast<double>(b.centre[i])));
  m.scans = a.scans + b.scans;
  m.effort = mean(a.effort, b.effort);
  m.hops = mean(a.hops, b.hops);
  m.distances = mean(a.distances, b.distances);
  m.spread = mean(a.spread, b.spread) + share * (1 - share) * squared_distance(a.centre, b.centre);
  m.relevant = a.relevant + b.relevant;
  m.irrelevant = a.irrelevant + b.irrelevant;
  m.first_seen = std::min(a.first_seen, b.first_seen);
  m.last_seen = std::max(a.last_seen, b.last_seen);
  return m;
}

std::vector<std::size_t> consolidate_patterns(std::vector<Pattern>& patterns, double similarity) {
  std::vector<std::size_t> into(patterns.size());
  std::iota(into.begin(), into.end(), std::size_t{0});
  for (;;) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t from = 0;
    std::size_t to = 0;
    for (std::size_t i = 0; i < patterns.size(); ++i)
      for (std::size_t j = i + 1; j < patterns.size() && into[i] == i; ++j) {
        if (into[j] != j || cosine_similarity(patterns[i], patterns[j]) < similarity) continue;
        const double w = patterns[i].weight * patterns[j].weight /
                         std::max(patterns[i].weight + patterns[j].weight, 1e-300);
        const double cost = w * squared_distance(patterns[i].centre, patterns[j].centre);
        if (cost >= least) continue;
        least = cost;
        to = i;
        from = j;
      }
    if (!std::isfinite(least)) break;
    patterns[to] = merged(patterns[to], patterns[from]);
    for (std::size_t& at : into)
      if (at == from) at = to;
  }
  return into;
}

}  // namespace rv::learning
