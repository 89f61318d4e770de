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

// A step multiplies the effort by at most this: every step costs a little by itself.
constexpr double kStep = 1.3;
// The margin's weight. On sentence embeddings, images and SIFT, 8 to 32 are alike and 16 is the
// best; choosing it for each index only adds noise. Without margins it is 0: one step, by the
// prediction.
constexpr double kMarginWeight = 16;

// n/(n+1) R + 1/(n+1) <= 1 - target
bool controlled(double sum_of_misses, std::size_t n, double target) {
  return (sum_of_misses + 1) / static_cast<double>(n + 1) <= 1 - target;
}

double standardised(const EffortModel& m, const Features& f, std::size_t j) noexcept {
  return std::clamp((static_cast<double>(f[j]) - m.mean[j]) / m.deviation[j], -8.0, 8.0);
}

std::vector<float> inputs(const EffortModel& m, const Features& f) {
  std::vector<float> x(2 * kFeatures);
  for (std::size_t j = 0; j < kFeatures; ++j) {
    const double z = standardised(m, f, j);
    x[j] = static_cast<float>(z);
    x[kFeatures + j] = static_cast<float>(z * z);
  }
  return x;
}

double predicted_log(const EffortModel& m, const Features& f) noexcept {
  double s = m.weights[2 * kFeatures];
  for (std::size_t j = 0; j < kFeatures; ++j) {
    const double z = standardised(m, f, j);
    s += m.weights[j] * z + m.weights[kFeatures + j] * z * z;
  }
  return s;
}
double predicted(const EffortModel& m, const Features& f) noexcept {
  return std::exp(std::clamp(predicted_log(m, f), 0.0, 12.0));
}

// The bounds of kBins ranges that hold as many of the values each.
void append_ranges(std::vector<double> values, std::vector<double>& out) {
  std::sort(values.begin(), values.end());
  for (std::size_t b = 1; b < kBins; ++b) out.push_back(values[b * values.size() / kBins]);
}

int next_effort(double wanted, double weight, int effort, double margin) noexcept {
  const double here =
      weight > 0 ? wanted * std::exp(-weight * std::clamp(margin, 0.0, 10.0)) : wanted;
  if (here <= effort) return effort;
  const double step = weight > 0 ? std::max(effort + 1.0, std::ceil(kStep * effort)) : 1e9;
  return static_cast<int>(std::min({std::ceil(here), step, 1e9}));
}

// Where a scan that wants that effort ends on the grid.
std::size_t walk(const AuditSet& a, const AuditedQuery& q, double wanted, double weight) noexcept {
  std::size_t i = a.first;
  while (i + 1 < a.effort.size()) {
    const double margin = q.margin.empty() ? 0 : static_cast<double>(q.margin[i]);
    const int next = next_effort(wanted, weight, a.effort[i], margin);
    if (next <= a.effort[i]) break;
    i = std::max(i + 1, a.at_least(next));
  }
  return i;
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

// Predictions of some rows, made once: calibration walks them with many factors.
struct Predicted {
  Predicted(const AuditSet& audits, const Rows& of, const EffortModel& m) : a(audits), rows(of) {
    for (const auto r : rows) wanted.push_back(predicted(m, a.query[r].features));
  }
  struct Mean {
    double recall = 0, work = 0;
  };
  Mean measure(double factor, double weight) const {
    Mean s;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const AuditedQuery& q = a.query[rows[k]];
      const std::size_t i = walk(a, q, factor * wanted[k], weight);
      s.recall += static_cast<double>(q.recall[i]);
      s.work += static_cast<double>(q.work[i]);
    }
    const auto n = static_cast<double>(std::max<std::size_t>(1, rows.size()));
    return {s.recall / n, s.work / n};
  }
  // The smallest factor of a fine geometric grid that is controlled; 0: none. More factor is more
  // recall, so it is found by halving.
  double factor(double target, double weight) const {
    constexpr int kFinest = 400;
    constexpr int kOne = 133;  // the step of factor 1
    const auto at = [](int step) { return std::exp((step - kOne) * 0.04); };
    const auto good = [&](int step) {
      const double n = static_cast<double>(rows.size());
      return controlled(n * (1 - measure(at(step), weight).recall), rows.size(), target);
    };
    if (!good(kFinest)) return 0;
    int low = -1;  // is not good
    int high = kFinest;
    while (high - low > 1) {
      const int middle = low + (high - low) / 2;
      (good(middle) ? high : low) = middle;
    }
    return at(high);
  }

  const AuditSet& a;
  const Rows& rows;
  std::vector<double> wanted;
};
using Mean = Predicted::Mean;

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

std::optional<QueryBins> EffortModel::bins(const Features& f) const noexcept {
  if (ranges.size() != kScores * (kBins - 1)) return std::nullopt;
  for (const float v : f)
    if (!std::isfinite(v)) return std::nullopt;
  const std::array<double, kScores> score = {predicted_log(*this, f), distance(f)};
  QueryBins bins{};
  for (std::size_t i = 0; i < kScores; ++i) {
    const auto first = ranges.begin() + static_cast<std::ptrdiff_t>(i * (kBins - 1));
    bins[i] = static_cast<std::size_t>(
        std::upper_bound(first, first + static_cast<std::ptrdiff_t>(kBins - 1), score[i]) - first);
  }
  return bins;
}

Steering::Steering(const EffortModel& m, const Features& f) noexcept
    : wanted_(m.safe), weight_(0), least_(m.least), most_(m.most) {
  if (!m.learned) return;
  for (const float v : f)
    if (!std::isfinite(v)) return;
  // A little beyond the farthest training query is still familiar.
  if (m.distance(f) > 1.5 * m.radius) return;
  wanted_ = m.factor * predicted(m, f);
  weight_ = m.margin_weight;
}

int Steering::next(int effort, double margin, int floor) const noexcept {
  const int to = next_effort(wanted_, weight_, effort, std::isfinite(margin) ? margin : 0);
  return std::max(std::clamp(to, least_, most_), floor);
}

std::size_t steered(const AuditSet& a, const AuditedQuery& q, const EffortModel& m) {
  const Steering s(m, q.features);
  std::size_t i = a.first;
  while (i + 1 < a.effort.size()) {
    const int next = s.next(a.effort[i], q.margin.empty() ? 0 : static_cast<double>(q.margin[i]));
    if (next <= a.effort[i]) break;
    i = std::max(i + 1, a.at_least(next));
  }
  return i;
}

std::vector<double> EffortModel::flatten() const {
  std::vector<double> v = {3,
                           learned ? 1.0 : 0.0,
                           static_cast<double>(safe),
                           static_cast<double>(least),
                           static_cast<double>(most),
                           factor,
                           target,
                           radius,
                           margin_weight};
  if (weights.empty()) return v;
  for (const auto* part : {&weights, &mean, &deviation, &ranges})
    v.insert(v.end(), part->begin(), part->end());
  v.push_back(calibrated);
  return v;
}

EffortModel EffortModel::restore(std::span<const double> v) {
  constexpr std::size_t kHead = 9;
  constexpr std::size_t kBody = 4 * kFeatures + 1;
  const auto bad = [](const char* why) {
    throw Error(ErrorCode::corrupted_data, std::string("search model is damaged: ") + why);
  };
  constexpr std::size_t kRanges = kScores * (kBins - 1);
  if (v.size() < kHead || (v[0] != 2 && v[0] != 3)) bad("unknown version");
  const bool ranged = v[0] == 3;  // before, models knew no ranges
  for (const double x : v)
    if (!std::isfinite(x)) bad("a number is not finite");
  EffortModel m;
  m.learned = v[1] != 0;
  const std::size_t body = ranged ? kBody + kRanges + 1 : kBody;
  const bool has_body = v.size() == kHead + body;
  if (!has_body && (m.learned || v.size() != kHead)) bad("its length does not fit");
  for (const std::size_t i : {2U, 3U, 4U})
    if (!(v[i] >= 1 && v[i] <= 1e9)) bad("an effort is out of range");
  m.safe = static_cast<int>(v[2]);
  m.least = static_cast<int>(v[3]);
  m.most = static_cast<int>(v[4]);
  if (m.least > m.most) bad("its bounds are reversed");
  m.factor = v[5];
  m.target = v[6];
  m.radius = v[7];
  m.margin_weight = v[8];
  if (!(m.margin_weight >= 0 && m.margin_weight <= 1e6)) bad("the margin's weight is out of range");
  if (!has_body) return m;
  auto it = v.begin() + kHead;
  m.weights.assign(it, it + 2 * kFeatures + 1);
  it += 2 * kFeatures + 1;
  m.mean.assign(it, it + kFeatures);
  it += kFeatures;
  m.deviation.assign(it, it + kFeatures);
  for (const double d : m.deviation)
    if (!(d > 0)) bad("a deviation is not positive");
  if (!ranged) return m;
  it += kFeatures;
  m.ranges.assign(it, it + kRanges);
  for (std::size_t i = 0; i < kRanges; ++i)
    if (i % (kBins - 1) != 0 && m.ranges[i] < m.ranges[i - 1]) bad("its ranges do not ascend");
  m.calibrated = v.back();
  if (!(m.calibrated >= 1)) bad("nothing calibrated its ranges");
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
  m.margin_weight = a.query.front().margin.empty() ? 0 : kMarginWeight;
  m.factor = Predicted(a, rest, m).factor(target, m.margin_weight);
  // Of the half that did not train: trained queries lie nearer to the mean than others.
  m.calibrated = static_cast<double>(rest.size());
  std::vector<double> predictions;
  std::vector<double> distances;
  for (const auto r : rest) {
    predictions.push_back(predicted_log(m, a.query[r].features));
    distances.push_back(m.distance(a.query[r].features));
  }
  append_ranges(std::move(predictions), m.ranges);
  append_ranges(std::move(distances), m.ranges);

  // What both come to on queries that neither trained nor calibrated them.
  const auto compare = [&](const Rows& by, const Rows& on) {
    const double c = Predicted(a, by, m).factor(target, m.margin_weight);
    const FixedEffort f = calibrate_fixed(a, by, target);
    const Mean flat = fixed_at(a, on, f.index);
    report.fixed_recall += flat.recall / 2;
    report.fixed_work += flat.work / 2;
    if (c == 0) return 0.0;
    const Mean adaptive = Predicted(a, on, m).measure(c, m.margin_weight);
    report.learned_recall += adaptive.recall / 2;
    report.learned_work += adaptive.work / 2;
    return adaptive.work > 0 ? fixed_work_at_recall(a, on, adaptive.recall) / adaptive.work : 1.0;
  };
  report.saving = (compare(first, second) + compare(second, first)) / 2;
  m.learned = fixed.reachable && m.factor > 0 && report.saving >= kLeastSaving;
  return report;
}

}  // namespace rv::learning
