// Names, scopes, types and the rules of openCypher that hold before a query runs.
#pragma once

#include "core/graph/ast.h"

namespace rv::graph {

// Fills in the "bound" members of the tree. Errors are those of openCypher at compile time.
void bind(Statement& statement, GraphStore& store);

// The calls of aggregate functions in an expression, outermost first, not looking into subqueries.
bool contains_aggregate(const Expr& e);

}  // namespace rv::graph
