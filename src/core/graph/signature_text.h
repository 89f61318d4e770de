// "db.name(a :: STRING?, b :: INTEGER) :: (c :: FLOAT?)", as openCypher declares procedures.
#pragma once

#include <string_view>

#include "core/graph/procedure.h"

namespace rv::graph {

// 42601 with what was expected. "() :: ()" and ":: VOID" return nothing.
Signature parse_signature(std::string_view text);

}  // namespace rv::graph
