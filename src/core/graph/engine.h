// Runs planned statements.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/graph/batch.h"
#include "core/graph/plan.h"
#include "core/graph/runtime.h"

namespace rv::graph {

// Called with each batch of result rows; the columns are in plan.column_slots.
using BatchSink = std::function<void(Runtime& runtime, const Batch& batch)>;

// Executes a plan, schema commands included (their rows come as `schema_rows`). Errors carry their
// place in the query.
void execute(const Plan& plan, GraphStore& store, const Environment& environment,
             std::span<const MapEntry> parameters, const BatchSink& rows,
             std::vector<Profile>* profile = nullptr);

// A schema command's result: maps, one for each row.
void execute_schema(const Plan& plan, GraphStore& store, const Environment& environment,
                    Arena& arena, RowSink& rows);

// The plan as text, a line for each operator, its inputs indented below it.
std::vector<std::string> explain(const Plan& plan, const std::vector<Profile>* profile = nullptr);

}  // namespace rv::graph
