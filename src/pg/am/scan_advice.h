// How much effort an index scan should make, asked of whoever learned it (the learning feature).
//
// A scan begins with a first effort, computes features of what it has seen, and asks how far to go
// on, until the answer is not beyond where it is. Effort is ef_search of hnsw, probes of ivfflat.
#pragma once

#include <array>
#include <cstddef>

#include "pg/base/pg.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

inline constexpr std::size_t kScanFeatures = 15;
using ScanFeatures = std::array<float, kScanFeatures>;

// Features are read after these efforts, and only such ones can be compared: enough to see how a
// query lies, little beside what hard queries need. An advisor's first effort is one of hnsw; an
// ivfflat scan begins with fewer probes.
inline constexpr int kFirstEf = 12;
inline constexpr int kFirstProbes = 2;

// Both run inside an index scan: no SQL. They may throw as any code below boundary().
struct ScanAdvisor {
  // The effort to begin with, at most `configured`; 0: make the configured effort and do not ask
  // again.
  int (*first)(Relation index, int configured);
  // The effort to go on to from `effort`, after which those features and that margin (0: none) were
  // seen; at most `effort`: stop.
  int (*next)(Relation index, const ScanFeatures& features, float margin, int effort,
              int configured);
};

// Null when nobody advises: a scan pays one branch.
const ScanAdvisor* scan_advisor() noexcept;
void advise_scans(const ScanAdvisor* advisor) noexcept;

}  // namespace rv::pg
