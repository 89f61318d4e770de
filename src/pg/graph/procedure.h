// SQL functions that Cypher can call: registered in the table ruvector_procedures of the
// extension's schema.
#pragma once

#include <memory>
#include <string_view>

#include "core/graph/procedure.h"
#include "pg/base/guard.h"

namespace rv::pg {

// The registered procedure of that name; nullptr when there is none. `extension` is the quoted
// schema. `graph_snapshot` is the active snapshot of the query.
std::unique_ptr<graph::Procedure> find_sql_procedure(const std::string& extension,
                                                     std::string_view name);

}  // namespace rv::pg
