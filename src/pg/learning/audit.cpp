#include "pg/learning/audit.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/learning/drift.h"
#include "core/stats/intervals.h"
#include "pg/am/scan_stats.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/learning/models.h"
#include "pg/learning/store.h"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "utils/builtins.h"
}

namespace rv::pg::learn {
namespace {

// One audited query: what was found, and the features of its scan where they can be compared with
// those of the queries that calibrated the model.
struct AuditedScan {
  double recall = 0;
  std::optional<ScanFeatures> features;
};

// Notes audited scans of an index with an active model: moves its factor, tests for drift.
bool note_scans(SqlSession& sql, const AuditedIndex& index, const std::vector<AuditedScan>& scans) {
  const SqlRows r = sql.run(
      "SELECT c.recall_target, c.monitor, m.version::bigint, m.params FROM "
      "@.ruvector_learning_config c "
      "JOIN @.ruvector_search_model m ON m.tbl = c.tbl AND m.index_name = c.index_name AND "
      "m.active "
      "WHERE c.tbl = $1 AND c.index_name = $2 FOR UPDATE OF c",
      {sql_regclass(index.table()), sql_name(index.name())});
  if (r.size() == 0) return false;
  const double target = r.real(0, 0);
  bool null = true;
  const Datum monitor_value = r.datum(0, 1, &null);
  learning::DriftMonitor monitor(target, null ? std::vector<double>() : doubles_of(monitor_value));
  auto model = learning::EffortModel::restore(doubles_of(r.datum(0, 3, &null)));
  bool alarm = false;
  for (const AuditedScan& scan : scans) {
    alarm = monitor.add(scan.recall, scan.features ? model.bins(*scan.features) : std::nullopt,
                        model.calibrated) ||
            alarm;
    if (model.learned)
      model.factor = learning::corrected_factor(model.factor, scan.recall, target, learning_rate());
  }
  if (alarm) {
    const char* why = monitor.changed() ? "drift: other queries, and recall below the target"
                                        : "drift: audited recall fell below the target";
    monitor.reset();
    model.learned = false;
    model.safe = std::min(index.method() == "hnsw" ? 1000 : 32768, 2 * model.safe);
    model.most = std::max(model.most, model.safe);
    add_version(
        sql, index, model,
        "{\"why\": " + json_quoted(why) + ", \"effort\": " + std::to_string(model.safe) + "}");
  } else if (model.learned) {
    sql.run(
        "UPDATE @.ruvector_search_model SET params = $3 WHERE tbl = $1 AND index_name = $2 AND "
        "active",
        {sql_regclass(index.table()), sql_name(index.name()), sql_doubles(model.flatten())});
  }
  sql.run(
      "UPDATE @.ruvector_learning_config SET monitor = $3, alarms = alarms + $4::integer, "
      "last_alarm = CASE WHEN $4 THEN clock_timestamp() ELSE last_alarm END, queries_changed = $5 "
      "WHERE tbl = $1 AND index_name = $2",
      {sql_regclass(index.table()), sql_name(index.name()), sql_doubles(monitor.state()),
       sql_bool(alarm), sql_bool(monitor.changed())});
  return alarm;
}

}  // namespace

AuditReport audit_index(SqlSession& sql, AuditedIndex& index, const std::vector<Datum>& queries,
                        int k) {
  AuditReport report;
  const auto began = std::chrono::steady_clock::now();
  const auto exact = index.exact(queries, static_cast<std::size_t>(k));
  std::vector<AuditedScan> scans;
  std::vector<double> recalls;
  std::vector<double> us;
  const int first = index.method() == "hnsw" ? kFirstEf : kFirstProbes;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    check_interrupts();
    const auto found = index.search(queries[i], static_cast<std::size_t>(k));
    recalls.push_back(recall_of(found.distance, exact[i]));
    scans.push_back({recalls.back(), std::nullopt});
    if (const ScanFeatures* f = scan_features(); f != nullptr && features_effort() == first)
      scans.back().features = *f;
    us.push_back(found.microseconds);
    report.mean_effort += static_cast<double>(last_scan().ef) / static_cast<double>(queries.size());
  }
  report.elapsed_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  report.recall = learning::mean_interval(recalls);
  report.p50_us = stats::quantile(us, 0.5);
  // On a standby and in a read-only transaction an audit only tells.
  if (RecoveryInProgress() || XactReadOnly) return report;
  report.alarm = note_scans(sql, index, scans);
  sql.run(
      "INSERT INTO @.ruvector_audit (tbl, index_name, k, queries, recall, low, high, "
      "mean_effort, p50_us, elapsed_ms, alarm) "
      "VALUES ($1, $2, $3::integer, $4::integer, $5, $6, $7, $8, $9, $10, $11)",
      {sql_regclass(index.table()), sql_name(index.name()), sql_int(k),
       sql_int(static_cast<std::int64_t>(queries.size())), sql_real(report.recall.mean),
       sql_real(report.recall.low), sql_real(report.recall.high), sql_real(report.mean_effort),
       sql_real(report.p50_us), sql_real(report.elapsed_ms), sql_bool(report.alarm)});
  return report;
}

std::vector<Datum> queries_of(AuditedIndex& index, SqlSession& sql, const std::string& source,
                              std::size_t n) {
  const Oid type = index.type();
  const char* type_name = call([type] { return format_type_be_qualified(type); });
  const SqlRows r = sql.run_once(
      "SELECT q::" + std::string(type_name) + " FROM (" + source + ") s(q) WHERE q IS NOT NULL", {},
      true, static_cast<long>(n));
  std::vector<Datum> queries;
  for (std::size_t i = 0; i < r.size(); ++i) {
    bool null = true;
    queries.push_back(r.datum(i, 0, &null));
  }
  return queries;
}

int count_argument(FunctionCallInfo fcinfo, int n, const char* what, int most) {
  const int v = PG_GETARG_INT32(n);
  if (v < 1 || v > most)
    throw Error(ErrorCode::invalid_argument, std::string(what) + " must be between 1 and " +
                                                 std::to_string(most) + ", not " +
                                                 std::to_string(v));
  return v;
}

}  // namespace rv::pg::learn

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;

RV_FUNCTION(rv_audit_recall)
{
  const int n = count_argument(fcinfo, 1, "number of queries", 10000);
  const int k = count_argument(fcinfo, 2, "k", 1000);
  AuditReport report;
  {
    SqlSession sql(schema_of_function(fcinfo));
    AuditedIndex index(PG_GETARG_OID(0));
    const auto wanted = static_cast<std::size_t>(n);
    const std::vector<Datum> queries =
        PG_ARGISNULL(3) ? index.sample(wanted, 1)
                        : queries_of(index, sql, std::string(text_argument(fcinfo, 3)), wanted);
    if (queries.empty()) throw Error(ErrorCode::wrong_state, "there is no query to audit with");
    report = audit_index(sql, index, queries, k);
  }
  Datum values[7] = {
      Float8GetDatum(report.recall.mean), Float8GetDatum(report.recall.low),
      Float8GetDatum(report.recall.high), Int32GetDatum(static_cast<int>(report.recall.n)),
      Float8GetDatum(report.mean_effort), Float8GetDatum(report.p50_us),
      BoolGetDatum(report.alarm)};
  bool nulls[7] = {};
  return record_datum(fcinfo, values, nulls);
}
