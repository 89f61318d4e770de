// What a decision tells of itself, as jsonb.
#pragma once

#include "core/routing/selection.h"
#include "pg/routing/plan.h"

namespace rv::pg::route {

// One agent's terms: quality, its lower bound, cost, latencies, score, adequate.
Datum terms_json(const Considered& c, double score, bool adequate);
// The composite's `reasons`: model, outcomes, what was weighed of the best agents, and every one
// rejected.
Datum reasons_json(const RoutePlan& plan, const routing::Choice& choice);
// What the log keeps of it: the candidates' terms are in columns of their own.
Datum logged_json(const RoutePlan& plan, const routing::Choice& choice);
// The arguments that ruvector_route_next() needs to choose again.
Datum arguments_json(const Request& request);

}  // namespace rv::pg::route
