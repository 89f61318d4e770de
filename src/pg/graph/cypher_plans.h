// Plans kept between queries of a backend.
#pragma once

#include <memory>
#include <string_view>

#include "core/graph/execution.h"
#include "core/graph/plan.h"

namespace rv::pg {

// The plan of a query on a graph: an earlier one where the catalogue and the statistics have not
// changed since (any relation's cache entry was invalidated), else a new one. The plan lives as
// long as the pointer.
std::shared_ptr<const graph::Plan> cypher_plan(std::string_view graph, std::string_view query,
                                               graph::GraphStore& store);

// An execution of this plan: the one that is kept, which is then not kept any more, or a new one.
std::unique_ptr<graph::Execution> take_execution(const std::shared_ptr<const graph::Plan>& plan);
// Keeps it if it can be kept, in the place of the one that was kept first once there are many.
void keep_execution(const std::shared_ptr<const graph::Plan>& plan,
                    std::unique_ptr<graph::Execution> execution);

}  // namespace rv::pg
