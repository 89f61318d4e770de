// Audits: what searches of an index find, against exact scans of the same snapshot.
#pragma once

#include <vector>

#include "core/learning/audit.h"
#include "pg/base/spi.h"
#include "pg/learning/audited_index.h"

namespace rv::pg::learn {

struct AuditReport {
  learning::MeanInterval recall;
  double mean_effort = 0;
  double p50_us = 0;
  double elapsed_ms = 0;
  bool alarm = false;  // after which a fallback version with twice the safe effort is in use
};

// Runs the queries, notes what came out, moves the factor of the model in use and tests for drift.
AuditReport audit_index(SqlSession& sql, AuditedIndex& index, const std::vector<Datum>& queries,
                        int k);

// The rows of the user's query, as values of the indexed type; at most n.
std::vector<Datum> queries_of(AuditedIndex& index, SqlSession& sql, const std::string& source,
                              std::size_t n);

// An argument that counts something; 22023 out of 1..most.
int count_argument(FunctionCallInfo fcinfo, int n, const char* what, int most);

}  // namespace rv::pg::learn
