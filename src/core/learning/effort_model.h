// How much effort a query needs, so that recall is at least a target on average.
//
// The effort is predicted by ridge regression of its logarithm on the scan's features after its
// first effort and their squares. The scan goes there in steps and looks at its margin after each:
// how far the nearest node it has not followed lies beyond the tenth neighbour it has. A wide
// margin says that nothing nearer is left (adaptive beam search: Al-Jazzazi et al., arXiv
// 2505.15636), so it ends when effort >= c * prediction * exp(-w * margin).
//
// The factor c is calibrated on audited queries by conformal risk control (Angelopoulos et al.,
// ICLR 2024): the smallest one with n/(n+1) R(c) + 1/(n+1) <= 1 - target, R the mean of 1 - recall.
// For exchangeable queries the expected recall then is at least the target, whatever the prediction
// is worth. Where all this saves less than a twentieth of the work on queries it has not seen, one
// calibrated effort serves all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/learning/audit.h"
#include "core/learning/drift.h"

namespace rv::learning {

inline constexpr std::size_t kLeastAudits = 200;
inline constexpr double kLeastSaving = 1.05;

struct EffortModel {
  bool learned = false;     // false: `safe` for every query
  int safe = 0;             // the calibrated fixed effort
  int least = 1, most = 1;  // bounds of a prediction
  double factor = 1;        // c
  double target = 0;
  std::vector<double> weights;          // 2 * kFeatures + 1, over standardised features
  std::vector<double> mean, deviation;  // of the features it was trained on
  double radius = 0;         // squared distance beyond which features are unknown territory
  double margin_weight = 0;  // w
  // What calibrated it, for the test whether queries are still like those: the bounds of kBins
  // equally likely ranges of the prediction, then of the distance; none without weights.
  std::vector<double> ranges;
  double calibrated = 0;  // queries

  // Mean over features of the squared standardised deviation.
  double distance(const Features& f) const noexcept;
  // Where features lie among those of the calibrated queries; nothing where that is not known.
  std::optional<QueryBins> bins(const Features& f) const noexcept;

  // As numbers for a table's column; restore() refuses damaged ones with XX001. A model of too few
  // queries has no weights and no ranges.
  std::vector<double> flatten() const;
  static EffortModel restore(std::span<const double> values);
};

// How far one scan goes: asked after its first effort, and again after every step.
class Steering {
 public:
  // The features after the first effort. Where they are farther from the training data than any of
  // it was, the scan makes the safe effort.
  Steering(const EffortModel& model, const Features& f) noexcept;
  // The effort to go on to, at least `floor`; at most `effort`: stop.
  int next(int effort, double margin, int floor = 1) const noexcept;

 private:
  double wanted_;
  double weight_;
  int least_, most_;
};

// Where a scan of that audited query ends: an index of the grid, at least that of the first effort.
std::size_t steered(const AuditSet& audits, const AuditedQuery& query, const EffortModel& model);

struct CalibrationReport {
  EffortModel model;
  double fixed_recall = 0, fixed_work = 0;      // of `safe`, on the held-out queries
  double learned_recall = 0, learned_work = 0;  // of the prediction, on the same
  double saving = 1;                            // fixed work at the learned recall / learned work
  std::size_t trained = 0, calibrated = 0;
  bool reachable = true;  // false: even the largest effort misses the target
};

// The smallest effort of the grid that conformal risk control allows for the target, and whether
// there is one.
struct FixedEffort {
  std::size_t index = 0;
  bool reachable = false;
};
FixedEffort calibrate_fixed(const AuditSet& audits, std::span<const std::uint32_t> rows,
                            double target);

// Work of one fixed effort that has that mean recall on `rows`, between efforts of the grid by
// interpolation: what a model's work is to be compared with.
double fixed_work_at_recall(const AuditSet& audits, std::span<const std::uint32_t> rows,
                            double recall);

// 55000 with fewer than kLeastAudits queries. Half of them train, half calibrate; the held-out
// comparison swaps the halves' roles within the calibration part.
CalibrationReport calibrate(const AuditSet& audits, double target, double lambda = 1.0);

}  // namespace rv::learning
