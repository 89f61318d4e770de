#include "pg/am/scan_stats.h"

namespace rv::pg {
namespace {

constinit ScanStats last;
constinit ScanObserver watching = nullptr;

}  // namespace

const ScanStats& last_scan() noexcept { return last; }

void report_scan(const ScanStats& stats, const ScanQuery& query) noexcept {
  last = stats;
  if (watching != nullptr) watching(last, query);
}

void observe_scans(ScanObserver observer) noexcept { watching = observer; }

}  // namespace rv::pg
