// Runs planned statements.
#pragma once

#include <string>
#include <vector>

#include "core/graph/execution.h"
#include "core/graph/plan.h"

namespace rv::graph {

// Executes a plan that is no schema command, once. Errors carry their place in the query.
void execute(const Plan& plan, GraphStore& store, const Environment& environment,
             std::span<const MapEntry> parameters, const BatchSink& rows,
             std::vector<Profile>* profile = nullptr);

// A schema command's result: maps, one for each row.
void execute_schema(const Plan& plan, GraphStore& store, const Environment& environment,
                    Arena& arena, RowSink& rows);

// The plan as text, a line for each operator, its inputs indented below it.
std::vector<std::string> explain(const Plan& plan, const std::vector<Profile>* profile = nullptr);

}  // namespace rv::graph
