// The models and modes of indexes as scans need them: found by index, kept per session, read again
// when another transaction changed them.
#pragma once

#include <optional>

#include "core/learning/effort_model.h"
#include "pg/am/scan_advice.h"
#include "pg/am/scan_stats.h"

namespace rv::pg::learn {

enum class Mode : int { off = 0, observe = 1, advise = 2, on = 3 };
const char* mode_name(Mode m) noexcept;

// ruvector.learning: the most that this session allows. An index's own mode may be less.
Mode session_mode();
double learning_rate();
double recall_target();
double latency_target_ms();
double sample_rate();

// An audit's scans: begin with `first`, whatever is learned, then go on to `total`.
struct Forced {
  int first = 0;
  int total = 0;
};
void force_effort(std::optional<Forced> forced);
// What the last forced or advised scan of this session saw after its first effort.
const ScanFeatures& last_features();

// Registers the advisor and the observer; called once, from _PG_init.
void watch_scans();

// Scans sampled in this session and not yet written; take_scans() empties the list.
struct SampledScan {
  ScanStats stats;
  ScanFeatures features;
  bool has_features;
};
std::size_t sampled_scans();
SampledScan take_scan();  // the oldest

}  // namespace rv::pg::learn
