// ruvector_cypher() in FROM as a scan of its own kind.
#pragma once

namespace rv::pg {

// Has the planner take `FROM ruvector_cypher(...)` for a custom scan. PostgreSQL's scan of a
// function would look the function up at each execution, put its rows in a tuplestore and read
// them from there, and convert them one by one where the query wants text: together a tenth of the
// time of a short query that is prepared.
void install_cypher_scan();

}  // namespace rv::pg
