// A round of background work: what the worker's process does for a database, and what
// ruvector_learning_work() does at once.
#pragma once

#include <cstdint>
#include <vector>

#include "pg/base/spi.h"

namespace rv::pg::learn {

struct WorkReport {
  std::int64_t trajectories = 0;  // written
  std::int64_t trimmed = 0;       // rows older than the retention
  int audits = 0, alarms = 0, versions = 0;
};

// Writes what scans left in the ring, of `role` or of everybody (InvalidOid).
std::int64_t write_captured(SqlSession& sql, Oid role);
std::int64_t trim_logs(SqlSession& sql);
// Indexes that learn, those audited longest ago first.
std::vector<Oid> learning_indexes(SqlSession& sql);
// Audits the index when its budget of time allows, and tunes it when an alarm or a missing model
// asks for it.
void work_on_index(SqlSession& sql, Oid index, WorkReport& report);

}  // namespace rv::pg::learn
