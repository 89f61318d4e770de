#include "core/learning/drift.h"

#include <functional>
#include <numeric>

namespace rv::learning {
namespace {

constexpr double kVersion = 2;   // of a monitor's state
constexpr double kMemory = 100;  // queries that the ranges seen lately are counted over
constexpr double kMost = 1e12;   // wealth that is not counted further
constexpr std::size_t kStateSize = 2 + 2 * RecallTest::kStakes.size() + kScores + kScores * kBins;

// What a bet of `odds` (one a range) is worth on the worst distribution whose ranges have at most
// (1 + tolerance) / kBins each: its mass on the best paid ranges first.
double worst_case(std::array<double, kBins> odds, double tolerance) noexcept {
  std::sort(odds.begin(), odds.end(), std::greater<>());
  const double most = (1 + tolerance) / static_cast<double>(kBins);
  double left = 1;
  double sum = 0;
  for (const double o : odds) {
    const double mass = std::min(left, most);
    sum += mass * o;
    left -= mass;
  }
  return sum;
}

}  // namespace

void RecallTest::add(double recall, double target) noexcept {
  const double miss = 1 - target;
  const double x = 1 - std::clamp(recall, 0.0, 1.0);
  for (std::size_t i = 0; i < wealth.size(); ++i) {
    // A stake that a found query could ruin is no bet.
    const double stake = std::min(kStakes[i], 0.9 / std::max(miss, 1e-6));
    wealth[i] = std::min(kMost, (wealth[i] + 1) * (1 + stake * (x - miss)));
  }
}

double RecallTest::evidence() const noexcept {
  return std::accumulate(wealth.begin(), wealth.end(), 0.0) / static_cast<double>(wealth.size());
}

void ShiftTest::add(const QueryBins& query, double calibrated) noexcept {
  // Three standard deviations of a range's frequency among the calibrated queries.
  const double tolerance =
      3 * std::sqrt(static_cast<double>(kBins - 1) / std::max(calibrated, 1.0));
  for (std::size_t score = 0; score < kScores; ++score) {
    double* const counts = &seen[score * kBins];
    const double n = std::accumulate(counts, counts + kBins, 0.0);
    std::array<double, kBins> odds{};
    for (std::size_t b = 0; b < kBins; ++b)
      odds[b] = static_cast<double>(kBins) * (counts[b] + 1) / (n + static_cast<double>(kBins));
    const double won = odds[query[score]] / worst_case(odds, tolerance);
    wealth[score] = std::min(kMost, std::max(wealth[score], 1.0) * won);
    for (std::size_t b = 0; b < kBins; ++b) counts[b] *= 1 - 1 / kMemory;
    counts[query[score]] += 1;
  }
}

double ShiftTest::evidence() const noexcept {
  return std::accumulate(wealth.begin(), wealth.end(), 0.0) / static_cast<double>(kScores);
}

DriftMonitor::DriftMonitor(double target, std::span<const double> state) : target_(target) {
  if (state.size() != kStateSize || state[0] != kVersion) return;
  for (const double v : state)
    if (!(v >= 0 && v <= 1e15)) return;
  const double* at = state.data() + 1;
  audits_ = *at++;
  for (RecallTest* t : {&recall_, &since_})
    for (double& w : t->wealth) w = *at++;
  for (double& w : shift_.wealth) w = *at++;
  for (double& s : shift_.seen) s = *at++;
}

std::vector<double> DriftMonitor::state() const {
  std::vector<double> v = {kVersion, audits_};
  for (const RecallTest* t : {&recall_, &since_})
    v.insert(v.end(), t->wealth.begin(), t->wealth.end());
  v.insert(v.end(), shift_.wealth.begin(), shift_.wealth.end());
  v.insert(v.end(), shift_.seen.begin(), shift_.seen.end());
  return v;
}

bool DriftMonitor::add(double recall, const std::optional<QueryBins>& query,
                       double calibrated) noexcept {
  audits_ += 1;
  recall_.add(recall, target_);
  since_.add(recall, target_);
  if (query) {
    shift_.add(*query, calibrated);
    if (shift_.evidence() <= 1) since_.reset();
  }
  return alarm();
}

bool DriftMonitor::alarm() const noexcept {
  return recall_.evidence() >= kAlarm || (changed() && since_.evidence() >= kAlarmChanged);
}

void DriftMonitor::reset() noexcept {
  recall_.reset();
  since_.reset();
  shift_.reset();
}

}  // namespace rv::learning
