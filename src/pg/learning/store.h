// What the learning functions read and write in their tables.
#pragma once

#include <string>
#include <vector>

#include "core/learning/effort_model.h"
#include "pg/base/spi.h"
#include "pg/learning/audited_index.h"

namespace rv::pg::learn {

SqlValue sql_regclass(Oid oid);
SqlValue sql_doubles(const std::vector<double>& v);  // double precision[]
std::vector<double> doubles_of(Datum array);

// The configuration of an index; exists: learning was enabled for it.
struct IndexConfig {
  bool exists = false;
  std::string mode = "off";
  double recall_target = 0;      // the setting where it does not exist
  double latency_target_ms = 0;  // 0: no bound
  double audit_budget_ms = 0;    // an hour
  int k = 10;
  std::string store_query = "sketch";
};
IndexConfig read_config(SqlSession& sql, Oid table, const std::string& index_name);

// A new version, put in use.
void add_version(SqlSession& sql, const AuditedIndex& index, const learning::EffortModel& model,
                 const std::string& metrics);

}  // namespace rv::pg::learn
