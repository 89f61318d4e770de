#include "core/learning/effort_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/stats/ridge.h"

namespace rv::learning {
namespace {

using Rows = std::vector<std::uint32_t>;

// n/(n+1) R + 1/(n+1) <= 1 - target
bool controlled(double sum_of_misses, std::size_t n, double target) {
  return (sum_of_misses + 1) / static_cast<double>(n + 1) <= 1 - target;
}

std::vector<float> inputs(const EffortModel& m, const Features& f) {
  std::vector<float> x(2 * kFeatures);
  for (std::size_t j = 0; j < kFeatures; ++j) {
    const double z =
        std::clamp((static_cast<double>(f[j]) - m.mean[j]) / m.deviation[j], -8.0, 8.0);
    x[j] = static_cast<float>(z);
    x[kFeatures + j] = static_cast<float>(z * z);
  }
  return x;
}

double predicted(const EffortModel& m, const Features& f) {
  return std::exp(std::clamp(stats::linear(m.weights, inputs(m, f)), 0.0, 12.0));
}

void standardise(const AuditSet& a, const Rows& rows, EffortModel& m) {
  m.mean.assign(kFeatures, 0);
  m.deviation.assign(kFeatures, 0);
  const auto n = static_cast<double>(rows.size());
  for (const auto r : rows)
    for (std::size_t j = 0; j < kFeatures; ++j)
      m.mean[j] += static_cast<double>(a.query[r].features[j]) / n;
  for (const auto r : rows)
    for (std::size_t j = 0; j < kFeatures; ++j) {
      const double d = static_cast<double>(a.query[r].features[j]) - m.mean[j];
      m.deviation[j] += d * d / n;
    }
  for (double& d : m.deviation) d = std::max(std::sqrt(d), 1e-9);
  for (const auto r : rows) m.radius = std::max(m.radius, m.distance(a.query[r].features));
}

// The least effort that reaches what the largest one does: nothing on the grid finds more.
double needed(const AuditSet& a, std::uint32_t row) {
  const auto& recall = a.query[row].recall;
  for (std::size_t i = 0; i < recall.size(); ++i)
    if (recall[i] >= recall.back()) return a.effort[i];
  return a.effort.back();
}

void train(const AuditSet& a, const Rows& rows, double lambda, EffortModel& m) {
  standardise(a, rows, m);
  stats::Ridge ridge(2 * kFeatures);
  for (const auto r : rows) ridge.add(inputs(m, a.query[r].features), std::log(needed(a, r)));
  m.weights = ridge.solve(lambda);
}

struct Mean {
  double recall = 0, work = 0;
};
Mean measure(const AuditSet& a, const Rows& rows, const EffortModel& m, double factor) {
  Mean s;
  for (const auto r : rows) {
    const std::size_t i = a.at_least(factor * predicted(m, a.query[r].features));
    s.recall += static_cast<double>(a.query[r].recall[i]);
    s.work += static_cast<double>(a.query[r].work[i]);
  }
  const auto n = static_cast<double>(std::max<std::size_t>(1, rows.size()));
  return {s.recall / n, s.work / n};
}

// The smallest factor of a fine geometric grid that is controlled on `rows`; 0: none.
double calibrate_factor(const AuditSet& a, const Rows& rows, const EffortModel& m, double target) {
  for (int step = -80; step <= 140; ++step) {
    const double c = std::exp(step * 0.04);
    double misses = 0;
    for (const auto r : rows) {
      const std::size_t i = a.at_least(c * predicted(m, a.query[r].features));
      misses += 1 - static_cast<double>(a.query[r].recall[i]);
    }
    if (controlled(misses, rows.size(), target)) return c;
  }
  return 0;
}

Mean fixed_at(const AuditSet& a, std::span<const std::uint32_t> rows, std::size_t i) {
  Mean s;
  for (const auto r : rows) {
    s.recall += static_cast<double>(a.query[r].recall[i]);
    s.work += static_cast<double>(a.query[r].work[i]);
  }
  const auto n = static_cast<double>(std::max<std::size_t>(1, rows.size()));
  return {s.recall / n, s.work / n};
}

}  // namespace

double fixed_work_at_recall(const AuditSet& a, std::span<const std::uint32_t> rows, double recall) {
  Mean before = fixed_at(a, rows, 0);
  if (before.recall >= recall) return before.work;
  for (std::size_t i = 1; i < a.effort.size(); ++i) {
    const Mean here = fixed_at(a, rows, i);
    if (here.recall >= recall) {
      const double share = (recall - before.recall) / (here.recall - before.recall);
      return before.work + share * (here.work - before.work);
    }
    before = here;
  }
  return before.work;
}

double EffortModel::distance(const Features& f) const noexcept {
  double s = 0;
  for (std::size_t j = 0; j < kFeatures; ++j) {
    const double z = (static_cast<double>(f[j]) - mean[j]) / deviation[j];
    s += z * z / kFeatures;
  }
  return s;
}

int EffortModel::effort(const Features& f, int floor) const noexcept {
  double e = safe;
  if (learned) {
    bool usable = true;
    for (const float v : f) usable = usable && std::isfinite(v);
    // A little beyond the farthest training query is still familiar.
    if (usable && distance(f) <= 1.5 * radius) {
      double s = weights[2 * kFeatures];
      for (std::size_t j = 0; j < kFeatures; ++j) {
        const double z =
            std::clamp((static_cast<double>(f[j]) - mean[j]) / deviation[j], -8.0, 8.0);
        s += weights[j] * z + weights[kFeatures + j] * z * z;
      }
      e = factor * std::exp(std::clamp(s, 0.0, 12.0));
    }
  }
  e = std::clamp(std::ceil(e), static_cast<double>(least), static_cast<double>(most));
  return std::max(static_cast<int>(e), floor);
}

std::vector<double> EffortModel::flatten() const {
  std::vector<double> v = {1,
                           learned ? 1.0 : 0.0,
                           static_cast<double>(safe),
                           static_cast<double>(least),
                           static_cast<double>(most),
                           factor,
                           target,
                           radius};
  if (!learned) return v;
  for (const auto* part : {&weights, &mean, &deviation})
    v.insert(v.end(), part->begin(), part->end());
  return v;
}

EffortModel EffortModel::restore(std::span<const double> v) {
  constexpr std::size_t kHead = 8;
  constexpr std::size_t kBody = 4 * kFeatures + 1;
  const auto bad = [](const char* why) {
    throw Error(ErrorCode::corrupted_data, std::string("search model is damaged: ") + why);
  };
  if (v.size() < kHead || v[0] != 1) bad("unknown version");
  for (const double x : v)
    if (!std::isfinite(x)) bad("a number is not finite");
  EffortModel m;
  m.learned = v[1] != 0;
  if (v.size() != (m.learned ? kHead + kBody : kHead)) bad("its length does not fit");
  for (const std::size_t i : {2U, 3U, 4U})
    if (!(v[i] >= 1 && v[i] <= 1e9)) bad("an effort is out of range");
  m.safe = static_cast<int>(v[2]);
  m.least = static_cast<int>(v[3]);
  m.most = static_cast<int>(v[4]);
  if (m.least > m.most) bad("its bounds are reversed");
  m.factor = v[5];
  m.target = v[6];
  m.radius = v[7];
  if (!m.learned) return m;
  auto it = v.begin() + kHead;
  m.weights.assign(it, it + 2 * kFeatures + 1);
  it += 2 * kFeatures + 1;
  m.mean.assign(it, it + kFeatures);
  it += kFeatures;
  m.deviation.assign(it, it + kFeatures);
  for (const double d : m.deviation)
    if (!(d > 0)) bad("a deviation is not positive");
  return m;
}

FixedEffort calibrate_fixed(const AuditSet& a, std::span<const std::uint32_t> rows, double target) {
  for (std::size_t i = 0; i < a.effort.size(); ++i) {
    double misses = 0;
    for (const auto r : rows) misses += 1 - static_cast<double>(a.query[r].recall[i]);
    if (controlled(misses, rows.size(), target)) return {i, true};
  }
  return {a.effort.size() - 1, false};
}

CalibrationReport calibrate(const AuditSet& a, double target, double lambda) {
  a.check();
  if (!(target > 0 && target < 1))
    throw Error(ErrorCode::invalid_argument,
                "recall target must be above 0 and below 1, not " + std::to_string(target));
  if (a.query.size() < kLeastAudits)
    throw Error(ErrorCode::wrong_state, std::to_string(a.query.size()) +
                                            " audited queries, calibration needs " +
                                            std::to_string(kLeastAudits));
  Rows all(a.query.size());
  std::iota(all.begin(), all.end(), 0U);
  Rng rng(a.query.size());
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[rng.below(i)]);
  const auto half = static_cast<std::ptrdiff_t>(all.size() / 2);
  const Rows training(all.begin(), all.begin() + half);
  const Rows rest(all.begin() + half, all.end());
  const Rows first(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2));
  const Rows second(rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2), rest.end());

  CalibrationReport report;
  report.trained = training.size();
  report.calibrated = rest.size();
  EffortModel& m = report.model;
  m.target = target;
  m.least = a.effort.front();
  m.most = a.effort.back();
  const FixedEffort fixed = calibrate_fixed(a, all, target);
  m.safe = a.effort[fixed.index];
  report.reachable = fixed.reachable;
  train(a, training, lambda, m);
  m.factor = calibrate_factor(a, rest, m, target);

  // What both come to on queries that neither trained nor calibrated them.
  const auto compare = [&](const Rows& by, const Rows& on) {
    const double c = calibrate_factor(a, by, m, target);
    const FixedEffort f = calibrate_fixed(a, by, target);
    const Mean flat = fixed_at(a, on, f.index);
    report.fixed_recall += flat.recall / 2;
    report.fixed_work += flat.work / 2;
    if (c == 0) return 0.0;
    const Mean adaptive = measure(a, on, m, c);
    report.learned_recall += adaptive.recall / 2;
    report.learned_work += adaptive.work / 2;
    return adaptive.work > 0 ? fixed_work_at_recall(a, on, adaptive.recall) / adaptive.work : 1.0;
  };
  report.saving = (compare(first, second) + compare(second, first)) / 2;
  m.learned = fixed.reachable && m.factor > 0 && report.saving >= kLeastSaving;
  return report;
}

}  // namespace rv::learning
