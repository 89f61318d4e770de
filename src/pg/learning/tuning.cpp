// ruvector_audit_recall(), ruvector_auto_tune(), ruvector_get_search_params(),
// ruvector_learning_flush(), ruvector_last_scan_features().
#include <algorithm>
#include <cmath>

#include "core/learning/drift.h"
#include "core/learning/effort_model.h"
#include "core/stats/intervals.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/spi.h"
#include "pg/learning/audited_index.h"
#include "pg/learning/models.h"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;

namespace {

std::int64_t last_trajectory = 0;

// Efforts are forced for as long as this lives; errors end it, too.
class ForcedEffort {
 public:
  ForcedEffort() = default;
  ~ForcedEffort() { force_effort(std::nullopt); }
  ForcedEffort(const ForcedEffort&) = delete;
  ForcedEffort& operator=(const ForcedEffort&) = delete;
};

// ivfflat's effort is a setting; its old value comes back with the nest level, also on error.
class SettingScope {
 public:
  SettingScope() : level_(call([] { return NewGUCNestLevel(); })) {}
  ~SettingScope() {
    if (std::uncaught_exceptions() == 0) AtEOXact_GUC(false, level_);
  }
  SettingScope(const SettingScope&) = delete;
  SettingScope& operator=(const SettingScope&) = delete;
  void set(const char* name, int value) {
    char text[16];
    std::snprintf(text, sizeof text, "%d", value);
    call([&] {
      set_config_option(name, text, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    });
  }

 private:
  int level_;
};

void make_effort(const std::string& method, SettingScope& settings, int effort) {
  if (method == "hnsw")
    force_effort(Forced{std::min(16, effort), effort});
  else
    settings.set("ivfflat.probes", effort);
}

std::vector<int> grid_for(const std::string& method, int k) {
  std::vector<int> grid;
  if (method == "hnsw") {
    for (double e = std::max(10, k); e <= 1000; e *= 1.25) grid.push_back(static_cast<int>(e));
    if (grid.back() < 1000) grid.push_back(1000);
  } else {
    for (int e = 1; e <= 1024; e *= 2) grid.push_back(e);
  }
  return grid;
}

// The user's queries, or rows of the table.
std::vector<Datum> read_queries(AuditedIndex& index, SqlSession& sql, FunctionCallInfo fcinfo,
                                int source_argument, std::size_t n) {
  if (PG_ARGISNULL(source_argument)) return index.sample(n, 1);
  const std::string source(text_argument(fcinfo, source_argument));
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

SqlValue sql_oid_as_regclass(Oid oid) { return {REGCLASSOID, ObjectIdGetDatum(oid), false}; }
SqlValue sql_name_value(const std::string& s) {
  const char* c = s.c_str();
  return {NAMEOID, call([c] { return DirectFunctionCall1(namein, CStringGetDatum(c)); }), false};
}
SqlValue sql_doubles(const std::vector<double>& v) {
  const double* x = v.data();
  const int n = static_cast<int>(v.size());
  return {FLOAT8ARRAYOID, call([x, n] {
            auto* e = static_cast<Datum*>(palloc(sizeof(Datum) * Size(n + 1)));
            for (int i = 0; i < n; ++i) e[i] = Float8GetDatum(x[i]);
            return PointerGetDatum(
                construct_array(e, n, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
          }),
          false};
}
std::vector<double> doubles_of(Datum d) {
  const auto* a = call([d] { return DatumGetArrayTypeP(d); });
  const auto* x = reinterpret_cast<const double*>(ARR_DATA_PTR(a));
  return {x, x + (ARR_NDIM(a) == 1 ? ARR_DIMS(a)[0] : 0)};
}

// Notes audited recalls of an index with an active model: moves its factor, tests for drift.
// Returns true on alarm, after which a fallback version with twice the safe effort is in use.
bool note_audit(SqlSession& sql, const AuditedIndex& index, const std::vector<double>& recalls) {
  const SqlRows r = sql.run(
      "SELECT c.recall_target, c.monitor, m.version::bigint, m.params FROM "
      "@.ruvector_learning_config c "
      "JOIN @.ruvector_search_model m ON m.tbl = c.tbl AND m.index_name = c.index_name AND "
      "m.active "
      "WHERE c.tbl = $1 AND c.index_name = $2 FOR UPDATE OF c",
      {sql_oid_as_regclass(index.table()), sql_name_value(index.name())});
  if (r.size() == 0) return false;
  const double target = r.real(0, 0);
  bool null = true;
  const Datum monitor_value = r.datum(0, 1, &null);
  std::vector<double> m = null ? std::vector<double>() : doubles_of(monitor_value);
  if (m.size() != 4) m = {0, 0, 0, 0};
  learning::RecallMonitor monitor(target, 0.001, m[0], m[1], m[2], m[3]);
  auto model = learning::EffortModel::restore(doubles_of(r.datum(0, 3, &null)));
  bool alarm = false;
  for (const double recall : recalls) {
    alarm = monitor.add(recall) || alarm;
    if (model.learned)
      model.factor = learning::corrected_factor(model.factor, recall, target, learning_rate());
  }
  if (alarm) {
    monitor.reset();
    model.learned = false;
    model.safe = std::min(model.most, 2 * model.safe);
    sql.run(
        "UPDATE @.ruvector_search_model SET active = false WHERE tbl = $1 AND index_name = $2 AND "
        "active",
        {sql_oid_as_regclass(index.table()), sql_name_value(index.name())});
    sql.run(
        "INSERT INTO @.ruvector_search_model (tbl, index_name, version, params, metrics, active) "
        "SELECT $1, $2, max(version) + 1, $3, '{\"why\": \"drift: audited recall fell below the "
        "target\"}', true "
        "FROM @.ruvector_search_model WHERE tbl = $1 AND index_name = $2",
        {sql_oid_as_regclass(index.table()), sql_name_value(index.name()),
         sql_doubles(model.flatten())});
  } else if (model.learned) {
    sql.run(
        "UPDATE @.ruvector_search_model SET params = $3 WHERE tbl = $1 AND index_name = $2 AND "
        "active",
        {sql_oid_as_regclass(index.table()), sql_name_value(index.name()),
         sql_doubles(model.flatten())});
  }
  sql.run(
      "UPDATE @.ruvector_learning_config SET monitor = $3, alarms = alarms + $4::integer, "
      "last_alarm = CASE WHEN $4 THEN clock_timestamp() ELSE last_alarm END WHERE tbl = $1 AND "
      "index_name = $2",
      {sql_oid_as_regclass(index.table()), sql_name_value(index.name()),
       sql_doubles(
           {monitor.log_wealth(), monitor.audits(), monitor.mean_miss(), monitor.squares()}),
       sql_bool(alarm)});
  return alarm;
}

}  // namespace

RV_FUNCTION(rv_audit_recall)
{
  const int queries = count_argument(fcinfo, 1, "number of queries", 10000);
  const int k = count_argument(fcinfo, 2, "k", 1000);
  learning::MeanInterval interval;
  double p50 = 0;
  double effort = 0;
  bool alarm = false;
  {
    SqlSession sql(schema_of_function(fcinfo));
    AuditedIndex index(PG_GETARG_OID(0));
    const std::vector<Datum> q =
        read_queries(index, sql, fcinfo, 3, static_cast<std::size_t>(queries));
    if (q.empty()) throw Error(ErrorCode::wrong_state, "there is no query to audit with");
    const auto exact = index.exact(q, static_cast<std::size_t>(k));
    std::vector<double> recalls;
    std::vector<double> us;
    for (std::size_t i = 0; i < q.size(); ++i) {
      const auto found = index.search(q[i], static_cast<std::size_t>(k));
      recalls.push_back(recall_of(found.distance, exact[i]));
      us.push_back(found.microseconds);
      effort += static_cast<double>(last_scan().ef) / static_cast<double>(q.size());
    }
    interval = learning::mean_interval(recalls);
    p50 = stats::quantile(us, 0.5);
    alarm = note_audit(sql, index, recalls);
    sql.run(
        "INSERT INTO @.ruvector_audit (tbl, index_name, k, queries, recall, low, high, "
        "mean_effort, p50_us, alarm) "
        "VALUES ($1, $2, $3::integer, $4::integer, $5, $6, $7, $8, $9, $10)",
        {sql_oid_as_regclass(index.table()), sql_name_value(index.name()), sql_int(k),
         sql_int(static_cast<std::int64_t>(q.size())), sql_real(interval.mean),
         sql_real(interval.low), sql_real(interval.high), sql_real(effort), sql_real(p50),
         sql_bool(alarm)});
  }
  Datum values[7] = {Float8GetDatum(interval.mean),
                     Float8GetDatum(interval.low),
                     Float8GetDatum(interval.high),
                     Int32GetDatum(static_cast<int>(interval.n)),
                     Float8GetDatum(effort),
                     Float8GetDatum(p50),
                     BoolGetDatum(alarm)};
  bool nulls[7] = {};
  return record_datum(fcinfo, values, nulls);
}

RV_FUNCTION(rv_auto_tune)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "index must not be NULL");
  const double target = PG_ARGISNULL(1) ? recall_target() : PG_GETARG_FLOAT8(1);
  if (!(target > 0 && target < 1))
    throw Error(ErrorCode::invalid_argument,
                "recall_target must be above 0 and below 1, not " + json_number(target));
  const int k = count_argument(fcinfo, 2, "k", 1000);
  const int queries = count_argument(fcinfo, 3, "number of queries", 100000);
  const bool apply = PG_GETARG_BOOL(4);
  struct Row {
    int effort;
    learning::MeanInterval recall;
    double p50, p95, work;
  };
  std::vector<Row> rows;
  std::size_t chosen = 0;
  std::string metrics;
  {
    SqlSession sql(schema_of_function(fcinfo));
    AuditedIndex index(PG_GETARG_OID(0));
    const std::string method = index.method();
    if (method != "hnsw" && method != "ivfflat")
      throw Error(ErrorCode::not_supported, "index \"" + index.name() + "\" has no effort to tune",
                  {}, "ruvector_auto_tune() is for hnsw and ivfflat indexes.");
    const std::vector<Datum> q =
        read_queries(index, sql, fcinfo, 5, static_cast<std::size_t>(queries));
    if (q.empty()) throw Error(ErrorCode::wrong_state, "there is no query to tune with");
    const auto exact = index.exact(q, static_cast<std::size_t>(k));
    learning::AuditSet audits;
    audits.effort = grid_for(method, k);
    audits.query.resize(q.size());
    {
      ForcedEffort forced;
      SettingScope settings;
      for (const int effort : audits.effort) {
        make_effort(method, settings, effort);
        std::vector<double> recalls;
        std::vector<double> us;
        double work = 0;
        for (std::size_t i = 0; i < q.size(); ++i) {
          check_interrupts();
          const auto found = index.search(q[i], static_cast<std::size_t>(k));
          const double recall = recall_of(found.distance, exact[i]);
          recalls.push_back(recall);
          us.push_back(found.microseconds);
          const auto distances = static_cast<double>(last_scan().distances);
          work += distances / static_cast<double>(q.size());
          auto& a = audits.query[i];
          // More effort never finds less: what differs is chance among equal distances.
          a.recall.push_back(
              std::max(a.recall.empty() ? 0.0F : a.recall.back(), static_cast<float>(recall)));
          a.work.push_back(static_cast<float>(distances));
          if (method == "hnsw") a.features = last_features();
        }
        rows.push_back({effort, learning::mean_interval(recalls), stats::quantile(us, 0.5),
                        stats::quantile(us, 0.95), work});
      }
    }
    learning::EffortModel model;
    std::vector<std::uint32_t> all(q.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    learning::FixedEffort fixed = learning::calibrate_fixed(audits, all, target);
    metrics = "{\"queries\": " + std::to_string(q.size()) + ", \"k\": " + std::to_string(k) +
              ", \"target\": " + json_number(target) +
              ", \"reachable\": " + (fixed.reachable ? "true" : "false");
    if (method == "hnsw" && q.size() >= learning::kLeastAudits) {
      const auto report = learning::calibrate(audits, target);
      model = report.model;
      metrics += ", \"learned\": " + std::string(model.learned ? "true" : "false") +
                 ", \"saving\": " + json_number(report.saving) +
                 ", \"held_out_recall\": " + json_number(report.learned_recall) +
                 ", \"held_out_recall_fixed\": " + json_number(report.fixed_recall);
    } else {
      model.safe = audits.effort[fixed.index];
      model.least = audits.effort.front();
      model.most = audits.effort.back();
      model.target = target;
    }
    // Where both cannot be had, the bound on latency prevails over the recall.
    chosen = fixed.index;
    while (latency_target_ms() > 0 && chosen > 0 && rows[chosen].p50 > latency_target_ms() * 1000)
      --chosen;
    if (chosen < fixed.index) {
      model.learned = false;
      model.safe = model.most = audits.effort[chosen];
      metrics += ", \"bounded_by_latency\": true";
    }
    metrics += ", \"effort\": " + std::to_string(model.safe) + "}";
    if (apply) {
      sql.run(
          "INSERT INTO @.ruvector_learning_config AS c (tbl, index_name, mode, recall_target, k) "
          "VALUES ($1, $2, 'on', $3, $4::integer) "
          "ON CONFLICT (tbl, index_name) DO UPDATE SET mode = 'on', recall_target = "
          "excluded.recall_target, "
          "k = excluded.k, monitor = NULL",
          {sql_oid_as_regclass(index.table()), sql_name_value(index.name()), sql_real(target),
           sql_int(k)});
      sql.run(
          "UPDATE @.ruvector_search_model SET active = false WHERE tbl = $1 AND index_name = $2 "
          "AND active",
          {sql_oid_as_regclass(index.table()), sql_name_value(index.name())});
      sql.run(
          "INSERT INTO @.ruvector_search_model (tbl, index_name, version, params, metrics, active) "
          "SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, true FROM @.ruvector_search_model "
          "WHERE tbl = $1 AND index_name = $2",
          {sql_oid_as_regclass(index.table()), sql_name_value(index.name()),
           sql_doubles(model.flatten()), sql_json(metrics)});
    }
  }
  const Row* all = rows.data();
  const std::size_t n = rows.size();
  call([&] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t i = 0; i < n; ++i) {
      Datum values[8] = {Int32GetDatum(all[i].effort),      Float8GetDatum(all[i].recall.mean),
                         Float8GetDatum(all[i].recall.low), Float8GetDatum(all[i].recall.high),
                         Float8GetDatum(all[i].p50),        Float8GetDatum(all[i].p95),
                         Float8GetDatum(all[i].work),       BoolGetDatum(i == chosen)};
      bool nulls[8] = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  });
  return Datum(0);
}

// Writes the scans sampled in this session as trajectories.
RV_FUNCTION(rv_learning_flush)
{
  std::int64_t written = 0;
  SqlSession sql(schema_of_function(fcinfo));
  while (sampled_scans() > 0) {
    const SampledScan s = take_scan();
    const SqlRows r = sql.run(
        "INSERT INTO @.ruvector_trajectory (tbl, index_name, effort, hops, distances, pages, "
        "reranked, returned, features) "
        "SELECT i.indrelid, c.relname, $2::integer, $3, $4, $5, $6, $7, $8 FROM "
        "pg_catalog.pg_index i "
        "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid = $1 RETURNING id",
        {{OIDOID, ObjectIdGetDatum(s.stats.index), false},
         sql_int(s.stats.ef),
         sql_int(static_cast<std::int64_t>(s.stats.hops)),
         sql_int(static_cast<std::int64_t>(s.stats.distances)),
         sql_int(static_cast<std::int64_t>(s.stats.pages)),
         sql_int(static_cast<std::int64_t>(s.stats.reranked)),
         sql_int(static_cast<std::int64_t>(s.stats.returned)),
         s.has_features ? sql_real_array({s.features.begin(), s.features.end()})
                        : sql_null(FLOAT4ARRAYOID)});
    if (r.size() == 0) continue;  // the index is gone
    last_trajectory = r.integer(0, 0);
    ++written;
  }
  PG_RETURN_INT64(written);
}

RV_FUNCTION(rv_last_trajectory)
{
  if (last_trajectory == 0) PG_RETURN_NULL();
  PG_RETURN_INT64(last_trajectory);
}

// What the model in use would do for this query, after a first look at it.
RV_FUNCTION(rv_get_search_params)
{
  std::string json;
  {
    AuditedIndex index(PG_GETARG_OID(0));
    index.search(PG_GETARG_DATUM(1), 1);
    const ScanStats& s = last_scan();
    json = "{\"effort\": " + std::to_string(s.ef) + ", \"hops\": " + std::to_string(s.hops) +
           ", \"distances\": " + std::to_string(s.distances) + ", \"mode\": \"" +
           mode_name(session_mode()) + "\"}";
  }
  return sql_json(json).datum;
}
