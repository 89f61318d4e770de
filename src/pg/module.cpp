// Library load: magic block, settings, registration of the features that are built in.
// No thread may be started here: with shared_preload_libraries this runs in the postmaster,
// which forks.
#include "core/simd/distance.h"
#include "pg/base/guard.h"
#include "pg/base/settings.h"

extern "C" {
#include "utils/guc.h"
}

extern "C" {
#pragma GCC visibility push(default)
RV_MODULE_MAGIC("ruvector", RUVECTOR_VERSION);
void _PG_init(void);  // NOLINT(bugprone-reserved-identifier): PostgreSQL looks for this name
#pragma GCC visibility pop
}

void _PG_init(void) {  // NOLINT(bugprone-reserved-identifier)
  rv::pg::define_core_settings();
  rv_reserve_guc_prefix("ruvector");
}
