// What came of an agent's attempt at a request.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "pg/base/spi.h"

extern "C" {
#include "catalog/pg_type.h"
}

namespace rv::pg::route {

struct Outcome {
  std::int64_t decision = 0;
  std::string agent;
  std::int64_t attempt = 1;
  bool success = true;
  std::string error;  // empty: none
  double latency_ms = std::nan(""), cost = std::nan(""), quality = std::nan("");
  SqlValue tokens_in = sql_null(INT4OID), tokens_out = sql_null(INT4OID);
  SqlValue retry_after = sql_null(INTERVALOID);
  std::string source = "caller";
};

// Writes it, closes or cools the agent's circuit, and with `settles` the budget's reservation.
void record(SqlSession& sql, Outcome& outcome, bool settles);

}  // namespace rv::pg::route
