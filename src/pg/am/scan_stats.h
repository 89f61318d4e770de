// What the last index scan of this backend did, for ruvector_last_scan() and for observers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "pg/base/pg.h"

namespace rv::pg {

struct ScanStats {
  Oid index = InvalidOid;
  const char* method = "";
  int ef = 0;  // ef_search, or probes
  std::uint64_t hops = 0;
  std::uint64_t distances = 0;
  std::uint64_t postings = 0;  // inverted indexes: list entries that were added up
  std::uint64_t pages = 0;
  std::uint64_t reranked = 0;
  std::uint64_t returned = 0;
  int batches = 0;
  bool swept = false;
};

// What the scan asked for: the value behind its varlena header, and the floats it was navigated by.
// Good while the observer runs; empty for a NULL query and for indexes that learning is not for.
struct ScanQuery {
  std::span<const std::byte> value;
  std::span<const float> floats;
};

const ScanStats& last_scan() noexcept;
void report_scan(const ScanStats& stats, const ScanQuery& query = {}) noexcept;

// Called when a scan of a vector index ends, by whoever wants to learn from it (the learning
// feature); null when nobody does. It must not raise.
using ScanObserver = void (*)(const ScanStats& stats, const ScanQuery& query);
void observe_scans(ScanObserver observer) noexcept;

}  // namespace rv::pg
