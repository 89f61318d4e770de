// Reads the rows of a query one by one, without a copy of them all: what SPI does for tables too
// large for its result arrays.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/base/spi.h"

namespace rv::pg {

struct StreamOptions {
  bool read_only = true;  // uses the snapshot of the calling statement
  // Whoever takes the rows writes: the query is not run in parallel, which would forbid it.
  bool taker_writes = false;
  TupleDesc* description = nullptr;  // where to note what the rows are, before the first
};

// Calls row(values, nulls) for each row, within the query, inside an open SqlSession or SPI
// connection. Values live until the next row. The query runs with the caller's privileges; 42P11
// when it is not one query that returns rows.
void stream_rows(const std::string& query, const std::vector<SqlValue>& parameters,
                 const StreamOptions& options,
                 const std::function<void(const Datum* values, const bool* nulls)>& row);

}  // namespace rv::pg
