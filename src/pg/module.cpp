// Library load: magic block, settings, registration of the features that are built in.
// No thread may be started here: with shared_preload_libraries this runs in the postmaster,
// which forks.
#include "core/simd/distance.h"
#include "pg/base/guard.h"
#include "pg/base/settings.h"
#include "pg/hnsw/options.h"
#include "pg/ivf/options.h"

extern "C" {
#include "utils/guc.h"
}

// A feature that has settings defines define_<feature>_settings() in its room; one without them
// leaves it undefined.
namespace rv::pg {
#define FEATURE_ON(name) void define_##name##_settings() __attribute__((weak));
#define FEATURE_OFF(name)
#include "features.inc"
#undef FEATURE_ON
#undef FEATURE_OFF
}  // namespace rv::pg

extern "C" {
#pragma GCC visibility push(default)
RV_MODULE_MAGIC("ruvector", RUVECTOR_VERSION);
void _PG_init(void);  // NOLINT(bugprone-reserved-identifier): PostgreSQL looks for this name
#pragma GCC visibility pop
}

void _PG_init(void) {  // NOLINT(bugprone-reserved-identifier)
  rv::pg::define_core_settings();
  rv::pg::hnsw::define_settings();
  rv::pg::ivf::define_settings();
  rv::pg::ivf::register_inspection();
  rv::pg::hnsw::register_inspection();
#define FEATURE_ON(name) \
  if (rv::pg::define_##name##_settings != nullptr) rv::pg::define_##name##_settings();
#define FEATURE_OFF(name)
#include "features.inc"
#undef FEATURE_ON
#undef FEATURE_OFF
  rv_reserve_guc_prefix("ruvector");
}
