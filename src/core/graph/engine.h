// Runs planned statements that Execution does not, and explains plans.
#pragma once

#include <string>
#include <vector>

#include "core/graph/execution.h"
#include "core/graph/plan.h"

namespace rv::graph {

// A schema command's result: maps, one for each row.
void execute_schema(const Plan& plan, GraphStore& store, const Environment& environment,
                    Arena& arena, RowSink& rows);

// The plan as text, a line for each operator, its inputs indented below it.
std::vector<std::string> explain(const Plan& plan, const std::vector<Profile>* profile = nullptr);

}  // namespace rv::graph
