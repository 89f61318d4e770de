// Tuning: recall, latency and work over a grid of efforts, and the model that comes of it.
#pragma once

#include <string>
#include <vector>

#include "core/learning/effort_model.h"
#include "pg/learning/audited_index.h"

namespace rv::pg::learn {

struct TunedEffort {
  int effort = 0;
  learning::MeanInterval recall;
  double p50_us = 0, p95_us = 0;
  double distances = 0;
};

struct TuneReport {
  std::vector<TunedEffort> efforts;
  std::size_t chosen = 0;  // the fixed effort that is calibrated, within the bound on latency
  learning::EffortModel model;
  std::string metrics;  // JSON
};

// 0A000 for an index without efforts. latency_target_ms 0: no bound. `source` is noted in the
// metrics: where the queries came from.
TuneReport tune_index(AuditedIndex& index, const std::vector<Datum>& queries, int k, double target,
                      double latency_target_ms, const char* source);

}  // namespace rv::pg::learn
