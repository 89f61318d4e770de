// Settings of the routing feature.
#include "pg/base/guard.h"
#include "pg/routing/plan.h"

extern "C" {
#include "utils/guc.h"
}

namespace rv::pg {
namespace {
double route_exploration = 0.05;
}

double route::default_exploration() { return route_exploration; }

void define_routing_settings() {
  DefineCustomRealVariable(
      "ruvector.route_exploration",
      "Share of routed requests that try an adequate agent other than the best.",
      "A router's own exploration overrides it.", &route_exploration, 0.05, 0, 1, PGC_USERSET, 0,
      nullptr, nullptr, nullptr);
}

}  // namespace rv::pg
