// Reads the rows of a query one by one, without a copy of them all: what SPI does for tables too
// large for its result arrays.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/base/spi.h"

namespace rv::pg {

// Calls row(values, nulls) for each row, inside an open SqlSession. Values live until the next row.
// The query runs with the caller's privileges; read_only uses the snapshot of the calling
// statement.
void stream_rows(const std::string& query, const std::vector<SqlValue>& parameters, bool read_only,
                 const std::function<void(const Datum* values, const bool* nulls)>& row);

}  // namespace rv::pg
