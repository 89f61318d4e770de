// What a Cypher query sees of its session: clock, time zone, memory limit, interrupts, regular
// expressions.
#pragma once

#include "core/graph/runtime.h"

namespace rv::pg {

graph::Environment cypher_environment();

}  // namespace rv::pg
