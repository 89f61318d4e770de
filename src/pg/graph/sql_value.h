// Between SQL's Datums and the engine's values, for procedures and imports.
#pragma once

#include "core/graph/arena.h"
#include "core/graph/value.h"
#include "pg/base/guard.h"

namespace rv::pg {

// A Datum of any type as a value: numbers, booleans, text, dates and times, intervals, arrays,
// vectors, json and cypher_map; other types become their text.
graph::Value value_of_datum(Datum d, bool is_null, Oid type, graph::Arena& arena);

// A value as a Datum of `type`, in the current memory context; 42804 when it cannot be one.
Datum datum_of_value(const graph::Value& value, Oid type, bool* is_null);

}  // namespace rv::pg
