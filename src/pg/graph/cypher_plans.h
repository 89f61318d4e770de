// Plans kept between queries of a backend.
#pragma once

#include <memory>
#include <string_view>

#include "core/graph/plan.h"

namespace rv::pg {

// The plan of a query on a graph: an earlier one where the catalogue and the statistics have not
// changed since (any relation's cache entry was invalidated), else a new one. The plan lives as
// long as the pointer.
std::shared_ptr<const graph::Plan> cypher_plan(std::string_view graph, std::string_view query,
                                               graph::GraphStore& store);

}  // namespace rv::pg
