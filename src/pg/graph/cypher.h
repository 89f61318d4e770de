// Running a Cypher query from SQL.
#pragma once

#include "pg/graph/cypher_result.h"

namespace rv::pg {

// The arguments are graph, query and parameters as those of ruvector_cypher(); none is NULL.
// Temporary values live in the current memory context.
void run_cypher(FunctionCallInfo fcinfo, CypherResult& result);

}  // namespace rv::pg
