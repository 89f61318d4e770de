#include "pg/am/scan_advice.h"

namespace rv::pg {
namespace {
constinit const ScanAdvisor* advisor = nullptr;
}

const ScanAdvisor* scan_advisor() noexcept { return advisor; }
void advise_scans(const ScanAdvisor* a) noexcept { advisor = a; }

}  // namespace rv::pg
