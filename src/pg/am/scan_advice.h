// How much effort an index scan should make, asked of whoever learned it (the learning feature).
//
// A scan begins with a first effort, computes features of what it has seen, and asks again: the
// answer is the effort it goes on to. Effort is ef_search of hnsw, probes of ivfflat.
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

// Both run inside an index scan: no SQL. They may throw as any code below boundary().
struct ScanAdvisor {
  // The effort to begin with, at most `configured`; 0: make the configured effort and do not ask
  // again.
  int (*first)(Relation index, int configured);
  // The whole effort after those features; less than the first effort means to stop there.
  int (*total)(Relation index, const ScanFeatures& features, int configured);
};

// Null when nobody advises: a scan pays one branch.
const ScanAdvisor* scan_advisor() noexcept;
void advise_scans(const ScanAdvisor* advisor) noexcept;

}  // namespace rv::pg
