// The models and modes of indexes as scans need them: found by index, kept per session, read again
// when another transaction changed them.
#pragma once

#include <optional>

#include "core/learning/effort_model.h"
#include "pg/am/scan_advice.h"

namespace rv::pg::learn {

enum class Mode : int { off = 0, observe = 1, advise = 2, on = 3 };
const char* mode_name(Mode m) noexcept;

// ruvector.learning: the most that this session allows. An index's own mode may be less.
Mode session_mode();
double learning_rate();
double recall_target();
double latency_target_ms();
double sample_rate();
double audit_rate();
double audit_budget_ms();
int trajectory_retention_days();
int worker_naptime_s();
// Bounds of the efforts that models choose; 0: none.
int least_effort();
int most_effort();

// An audit's scans: begin with `first`, whatever is learned, then go on to `total`.
struct Forced {
  int first = 0;
  int total = 0;
};
void force_effort(std::optional<Forced> forced);
bool effort_is_forced() noexcept;
// What the last forced or advised scan of this session saw after its first effort.
const ScanFeatures& last_features();
// And its margin in the end; 0 of an ivfflat scan.
float last_margin();
// The same, null when the scan was neither.
const ScanFeatures* scan_features() noexcept;
// The effort after which they were seen.
int features_effort() noexcept;

// Whether the index's scans are sampled, as far as this session knows.
bool is_watched(Oid index) noexcept;
// The index's own rates, as far as this session knows it; below 0: none of its own.
struct IndexRates {
  double sample = -1, audit = -1;
};
IndexRates rates_of(Oid index) noexcept;

// Scans are advised and observed while the session's mode is not off or an audit forces efforts.
void switch_watching();

}  // namespace rv::pg::learn
