#include "pg/learning/work.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/learning/effort_model.h"
#include "pg/base/datum.h"
#include "pg/base/row_reader.h"
#include "pg/learning/audit.h"
#include "pg/learning/capture.h"
#include "pg/learning/models.h"
#include "pg/learning/store.h"
#include "pg/learning/tune.h"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

namespace rv::pg::learn {
namespace {

constexpr std::size_t kAuditQueries = 50;
constexpr std::size_t kTuneQueries = 1000;

// A kept query in its type's text form; NULL when it was not kept or the index is gone.
SqlValue query_text(const Captured& c) {
  if (c.query.empty()) return sql_null(TEXTOID);
  const Oid index = c.sample.index;
  const Datum value = AuditedIndex::value_of(c.query);
  const char* text = call([index, value]() -> const char* {
    const Oid type = get_atttype(index, 1);
    if (!OidIsValid(type)) return nullptr;
    Oid output = InvalidOid;
    bool varlena_type = false;
    getTypeOutputInfo(type, &output, &varlena_type);
    return OidOutputFunctionCall(output, value);
  });
  return text == nullptr ? sql_null(TEXTOID) : sql_text(text);
}

SqlValue role_name(Oid role) {
  const char* name = call([role] { return GetUserNameFromId(role, true); });
  return name == nullptr ? sql_null(NAMEOID) : sql_name(name);
}

bool write_one(SqlSession& sql, const Captured& c) {
  const learning::Sample& s = c.sample;
  return sql.run(
                "INSERT INTO @.ruvector_trajectory (id, tbl, index_name, role_name, noted_at, "
                "effort, hops, distances, pages, reranked, returned, elapsed_us, features, "
                "sketch, sketch_scale, query) "
                "SELECT $1, i.indrelid, c.relname, coalesce($3, current_user), $4, $5::integer, "
                "$6, $7, $8, $9, $10, $11, $12, CASE WHEN l.store_query <> 'none' THEN $13 END, "
                "CASE WHEN l.store_query <> 'none' THEN $14 END, "
                "CASE WHEN l.store_query = 'full' THEN $15 END "
                "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
                "JOIN @.ruvector_learning_config l ON l.tbl = i.indrelid AND l.index_name = "
                "c.relname WHERE i.indexrelid = $2 ON CONFLICT DO NOTHING",
                {sql_int(s.id),
                 {OIDOID, ObjectIdGetDatum(s.index), false},
                 role_name(s.role),
                 {TIMESTAMPTZOID, TimestampTzGetDatum(s.noted_at), false},
                 sql_int(s.effort),
                 sql_int(s.hops),
                 sql_int(s.distances),
                 sql_int(s.pages),
                 sql_int(s.reranked),
                 sql_int(s.returned),
                 s.elapsed_us >= 0 ? sql_real(static_cast<double>(s.elapsed_us))
                                   : sql_null(FLOAT8OID),
                 s.has_features ? sql_real_array({s.features.begin(), s.features.end()})
                                : sql_null(FLOAT4ARRAYOID),
                 sql_bytes(s.sketch.value.data(), s.sketch.value.size()),
                 sql_real(static_cast<double>(s.sketch.scale)),
                 query_text(c)})
             .affected() == 1;
}

// What is known of the version in use.
struct Version {
  bool exists = false, after_alarm = false, from_rows = false;
};
Version version_in_use(SqlSession& sql, const AuditedIndex& index) {
  const SqlRows r = sql.run(
      "SELECT coalesce(metrics->>'why' LIKE 'drift%', false), "
      "coalesce(metrics->>'source' = 'rows', false) "
      "FROM @.ruvector_search_model WHERE tbl = $1 AND index_name = $2 AND active",
      {sql_regclass(index.table()), sql_name(index.name())});
  Version v;
  if (r.size() == 0) return v;
  v.exists = true;
  read_columns(r, 0, 0, v.after_alarm, v.from_rows);
  return v;
}

// An audit that took t ms is followed by none for t / budget hours: the budget is kept on average
// whatever an exact scan of the table takes.
bool audit_is_due(SqlSession& sql, const AuditedIndex& index, double budget_ms, bool* first) {
  const SqlRows r = sql.run(
      "SELECT 1000 * extract(epoch FROM clock_timestamp() - audited_at)::float8, elapsed_ms FROM "
      "@.ruvector_audit WHERE tbl = $1 AND index_name = $2 ORDER BY audited_at DESC LIMIT 1",
      {sql_regclass(index.table()), sql_name(index.name())});
  *first = r.size() == 0;
  if (!(budget_ms > 0)) return false;
  return *first || r.real(0, 0) >= r.real(0, 1) / budget_ms * 3600000;
}

std::vector<Datum> stored_queries(SqlSession& sql, AuditedIndex& index, std::size_t n) {
  const std::string name = index.name();
  const char* index_name = name.c_str();
  const char* literal = call([index_name] { return quote_literal_cstr(index_name); });
  return queries_of(index, sql,
                    "SELECT query FROM (SELECT query FROM @.ruvector_trajectory WHERE tbl = " +
                        std::to_string(index.table()) + " AND index_name = " + literal +
                        " AND query IS NOT NULL ORDER BY noted_at DESC LIMIT " + std::to_string(n) +
                        ") newest",
                    n);
}

}  // namespace

std::int64_t write_captured(SqlSession& sql, Oid role) {
  std::int64_t written = 0;
  for (;;) {
    const std::vector<Captured> taken = take_captured(role);
    if (taken.empty()) return written;
    for (const Captured& c : taken) {
      check_interrupts();
      written += write_one(sql, c);
    }
  }
}

std::int64_t trim_logs(SqlSession& sql) {
  const int days = trajectory_retention_days();
  if (days == 0) return 0;
  std::int64_t gone = 0;
  gone += static_cast<std::int64_t>(
      sql.run("DELETE FROM @.ruvector_trajectory WHERE noted_at < clock_timestamp() - $1 * "
              "interval '1 day'",
              {sql_real(days)})
          .affected());
  // The newest audit of an index stays: the budget is reckoned from it.
  gone += static_cast<std::int64_t>(
      sql.run("DELETE FROM @.ruvector_audit a WHERE a.audited_at < clock_timestamp() - $1 * "
              "interval '1 day' AND EXISTS (SELECT FROM @.ruvector_audit n WHERE n.tbl = a.tbl AND "
              "n.index_name = a.index_name AND n.audited_at > a.audited_at)",
              {sql_real(days)})
          .affected());
  return gone;
}

std::vector<Oid> learning_indexes(SqlSession& sql) {
  const SqlRows r = sql.run(
      "SELECT i.indexrelid FROM @.ruvector_learning_config l "
      "JOIN pg_catalog.pg_index i ON i.indrelid = l.tbl "
      "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relname = l.index_name "
      "WHERE l.mode <> 'off' AND i.indisvalid ORDER BY (SELECT max(a.audited_at) FROM "
      "@.ruvector_audit a WHERE a.tbl = l.tbl AND a.index_name = l.index_name) NULLS FIRST, 1");
  std::vector<Oid> all;
  for (std::size_t i = 0; i < r.size(); ++i) {
    bool null = true;
    all.push_back(DatumGetObjectId(r.datum(i, 0, &null)));
  }
  return all;
}

void work_on_index(SqlSession& sql, Oid oid, WorkReport& report) {
  AuditedIndex index(oid);
  const IndexConfig config = read_config(sql, index.table(), index.name());
  if (config.mode == "off") return;
  bool first = false;
  if (!audit_is_due(sql, index, config.audit_budget_ms, &first)) return;
  const Version version = version_in_use(sql, index);

  // What users asked; rows of the table only where the model knows nothing better either, for rows
  // find themselves.
  std::vector<Datum> queries;
  for (const auto& bytes : take_queries(oid)) queries.push_back(AuditedIndex::value_of(bytes));
  if (queries.empty()) queries = stored_queries(sql, index, kAuditQueries);
  const bool rows_will_do = !version.exists || version.from_rows;
  if (queries.empty() && rows_will_do && (first || !capture_status().shared))
    queries = index.sample(kAuditQueries, static_cast<std::uint64_t>(GetCurrentTimestamp()));
  if (queries.empty()) return;
  const AuditReport audit = audit_index(sql, index, queries, config.k);
  ++report.audits;
  report.alarms += audit.alarm;

  if (config.mode == "observe") return;
  if (version.exists && !version.after_alarm && !audit.alarm) return;
  const auto began = std::chrono::steady_clock::now();
  const char* source = "stored";
  std::vector<Datum> training = stored_queries(sql, index, kTuneQueries);
  if (training.size() < learning::kLeastAudits) {
    // After an alarm rows would promise what they promised before: the safe effort stays in use
    // until there are queries to learn from.
    if (version.exists) return;
    source = "rows";
    training = index.sample(2 * learning::kLeastAudits, 1);
  }
  if (training.empty()) return;
  const TuneReport tuned =
      tune_index(index, training, config.k, config.recall_target, config.latency_target_ms, source);
  add_version(sql, index, tuned.model, tuned.metrics);
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  sql.run(
      "UPDATE @.ruvector_learning_config SET monitor = NULL, queries_changed = false WHERE tbl = "
      "$1 AND index_name = $2",
      {sql_regclass(index.table()), sql_name(index.name())});
  // Tuning is paid from the same budget.
  sql.run(
      "UPDATE @.ruvector_audit SET elapsed_ms = elapsed_ms + $3 WHERE id = (SELECT max(id) FROM "
      "@.ruvector_audit WHERE tbl = $1 AND index_name = $2)",
      {sql_regclass(index.table()), sql_name(index.name()), sql_real(ms)});
  ++report.versions;
}

}  // namespace rv::pg::learn

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;

// Superusers write what everybody's scans left, others what their own did.
RV_FUNCTION(rv_learning_flush)
{
  if (RecoveryInProgress()) PG_RETURN_INT64(0);
  call([] { PreventCommandIfReadOnly("ruvector_learning_flush()"); });
  const Oid role = superuser() ? InvalidOid : GetUserId();
  std::int64_t written = 0;
  {
    SqlSession sql(schema_of_function(fcinfo));
    written = write_captured(sql, role);
  }
  PG_RETURN_INT64(written);
}

RV_FUNCTION(rv_last_trajectory)
{
  const std::int64_t id = last_sample();
  if (id == 0) PG_RETURN_NULL();
  PG_RETURN_INT64(id);
}

RV_FUNCTION(rv_learning_work)
{
  call([] { PreventCommandIfReadOnly("ruvector_learning_work()"); });
  WorkReport report;
  {
    SqlSession sql(schema_of_function(fcinfo));
    report.trajectories = write_captured(sql, superuser() ? InvalidOid : GetUserId());
    for (const Oid index : learning_indexes(sql)) work_on_index(sql, index, report);
    report.trimmed = trim_logs(sql);
  }
  Datum values[5] = {Int64GetDatum(report.trajectories), Int32GetDatum(report.audits),
                     Int32GetDatum(report.alarms), Int32GetDatum(report.versions),
                     Int64GetDatum(report.trimmed)};
  bool nulls[5] = {};
  return record_datum(fcinfo, values, nulls);
}

RV_FUNCTION(rv_capture_status)
{
  const CaptureStatus c = capture_status();
  Datum values[3] = {BoolGetDatum(c.shared), Int64GetDatum(static_cast<std::int64_t>(c.waiting)),
                     Int64GetDatum(static_cast<std::int64_t>(c.lost))};
  bool nulls[3] = {};
  return record_datum(fcinfo, values, nulls);
}
