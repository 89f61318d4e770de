// Sampled scans of this session and, with shared_preload_libraries, of all sessions: noted when a
// scan ends, written to a table by whoever asks for it. A scan itself never writes, waits for a
// lock or fails because of this.
#pragma once

#include <string>
#include <vector>

#include "core/learning/capture_ring.h"
#include "pg/base/pg.h"

namespace rv::pg::learn {

// Switches the watching of scans: off costs a scan one branch. Sampling rates are read anew.
void watch_scans(bool on);
void redraw_samples();
// A scan of the index begins: when it is the one to be sampled, its time is taken.
void scan_begins(Oid index) noexcept;

// While one lives, scans are not sampled: audits search for themselves.
class Unobserved {
 public:
  Unobserved() noexcept;
  ~Unobserved();
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

// The sample of this session's last scan of a vector index; 0: it was not sampled.
std::int64_t last_sample() noexcept;

struct Captured {
  learning::Sample sample;
  std::vector<std::byte> query;  // behind the varlena header; empty when it is not kept
};
// Takes what was sampled in the current database, by `role` or by everybody (InvalidOid); at most a
// few hundred at a time, none when there is no more.
std::vector<Captured> take_captured(Oid role);
// Takes the queries that were kept for audits of the index.
std::vector<std::vector<std::byte>> take_queries(Oid index);

// Whether sessions share a ring, how many samples wait, and how many were overwritten.
struct CaptureStatus {
  bool shared = false;
  std::uint64_t waiting = 0, lost = 0;
};
CaptureStatus capture_status();

}  // namespace rv::pg::learn
