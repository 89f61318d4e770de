#include "pg/learning/tune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/stats/intervals.h"
#include "pg/am/scan_stats.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/spi.h"
#include "pg/learning/audit.h"
#include "pg/learning/models.h"
#include "pg/learning/store.h"

namespace rv::pg::learn {
namespace {

// Efforts are forced for as long as this lives; errors end it, too.
class ForcedEffort {
 public:
  ForcedEffort() = default;
  ~ForcedEffort() { force_effort(std::nullopt); }
  ForcedEffort(const ForcedEffort&) = delete;
  ForcedEffort& operator=(const ForcedEffort&) = delete;
};

constexpr int kMostEf = 1000;
constexpr int kMostProbes = 32768;

std::vector<int> grid_for(bool hnsw, int k) {
  const int first = hnsw ? std::max(10, k) : 1;
  const int last = hnsw ? kMostEf : kMostProbes;
  std::vector<int> grid;
  for (double e = first; e < last; e = std::max(e + 1, e * 1.12))
    grid.push_back(static_cast<int>(e));
  grid.push_back(last);
  return grid;
}

}  // namespace

TuneReport tune_index(AuditedIndex& index, const std::vector<Datum>& queries, int k, double target,
                      double latency_target_ms, const char* source) {
  const std::string method = index.method();
  const bool hnsw = method == "hnsw";
  if (!hnsw && method != "ivfflat")
    throw Error(ErrorCode::not_supported, "index \"" + index.name() + "\" has no effort to tune",
                {}, "ruvector_auto_tune() is for hnsw and ivfflat indexes.");
  TuneReport report;
  const auto exact = index.exact(queries, static_cast<std::size_t>(k));
  learning::AuditSet audits;
  audits.query.resize(queries.size());
  const ForcedEffort forced;
  for (const int effort : grid_for(hnsw, k)) {
    force_effort(Forced{std::min(kFirstEf, effort), effort});
    std::vector<double> recalls;
    std::vector<double> us;
    TunedEffort row;
    int made = 0;
    bool beyond = false;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      check_interrupts();
      const auto found = index.search(queries[i], static_cast<std::size_t>(k));
      const double recall = recall_of(found.distance, exact[i]);
      const ScanStats& scan = last_scan();
      // An ivfflat index has no more lists than that.
      beyond = i == 0 && !audits.effort.empty() && scan.ef <= audits.effort.back();
      if (beyond) break;
      made = std::max(made, scan.ef);
      recalls.push_back(recall);
      us.push_back(found.microseconds);
      row.distances += static_cast<double>(scan.distances) / static_cast<double>(queries.size());
      auto& a = audits.query[i];
      a.recall.push_back(static_cast<float>(recall));
      a.work.push_back(static_cast<float>(scan.distances));
      a.features = last_features();
      if (hnsw) a.margin.push_back(last_margin());
    }
    if (beyond) break;
    row.effort = std::min(effort, std::max(made, 1));
    row.recall = learning::mean_interval(recalls);
    row.p50_us = stats::quantile(us, 0.5);
    row.p95_us = stats::quantile(us, 0.95);
    audits.effort.push_back(row.effort);
    report.efforts.push_back(row);
    if (made < effort || row.recall.mean > 1 - 1e-9) break;  // nothing is left to be found
  }

  // Risk control needs a loss that falls with effort. Searches with hardly more effort than rows
  // are asked for go on in further batches, and may find more than somewhat greater efforts do: an
  // effort counts for what it and all greater ones find.
  for (auto& a : audits.query)
    for (std::size_t i = a.recall.size(); i-- > 1;)
      a.recall[i - 1] = std::min(a.recall[i - 1], a.recall[i]);
  audits.first = audits.at_least(hnsw ? kFirstEf : kFirstProbes);

  std::vector<std::uint32_t> all(queries.size());
  std::iota(all.begin(), all.end(), 0U);
  const learning::FixedEffort fixed = learning::calibrate_fixed(audits, all, target);
  std::string& metrics = report.metrics;
  metrics = "{\"queries\": " + std::to_string(queries.size()) +
            ", \"source\": " + json_quoted(source) + ", \"k\": " + std::to_string(k) +
            ", \"target\": " + json_number(target) +
            ", \"reachable\": " + (fixed.reachable ? "true" : "false");
  learning::EffortModel& model = report.model;
  if (queries.size() >= learning::kLeastAudits) {
    const auto r = learning::calibrate(audits, target);
    model = r.model;
    metrics += ", \"learned\": " + std::string(model.learned ? "true" : "false") +
               ", \"saving\": " + json_number(r.saving) +
               ", \"held_out_recall\": " + json_number(r.learned_recall) +
               ", \"held_out_recall_fixed\": " + json_number(r.fixed_recall);
  } else {
    model.safe = audits.effort[fixed.index];
    model.least = audits.effort.front();
    model.most = audits.effort.back();
    model.target = target;
  }
  // Where both cannot be had, the bound on latency prevails over the recall.
  report.chosen = fixed.index;
  while (latency_target_ms > 0 && report.chosen > 0 &&
         report.efforts[report.chosen].p50_us > latency_target_ms * 1000)
    --report.chosen;
  if (report.chosen < fixed.index) {
    model.learned = false;
    model.safe = model.most = audits.effort[report.chosen];
    metrics += ", \"bounded_by_latency\": true";
  }
  metrics += ", \"effort\": " + std::to_string(model.safe) + "}";
  return report;
}

}  // namespace rv::pg::learn

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;

RV_FUNCTION(rv_auto_tune)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "index must not be NULL");
  for (const int i : {2, 3, 4})
    if (PG_ARGISNULL(i))
      throw Error(ErrorCode::null_not_allowed, "k, sample_queries and apply must not be NULL");
  const int k = count_argument(fcinfo, 2, "k", 1000);
  const int wanted = count_argument(fcinfo, 3, "number of queries", 100000);
  const bool apply = PG_GETARG_BOOL(4);
  TuneReport report;
  {
    SqlSession sql(schema_of_function(fcinfo));
    AuditedIndex index(PG_GETARG_OID(0));
    const IndexConfig config = read_config(sql, index.table(), index.name());
    const double target = PG_ARGISNULL(1) ? config.recall_target : PG_GETARG_FLOAT8(1);
    if (!(target > 0 && target < 1))
      throw Error(ErrorCode::invalid_argument,
                  "recall_target must be above 0 and below 1, not " + json_number(target));
    const bool rows = PG_ARGISNULL(5);
    const auto n = static_cast<std::size_t>(wanted);
    const std::vector<Datum> queries =
        rows ? index.sample(n, 1)
             : queries_of(index, sql, std::string(text_argument(fcinfo, 5)), n);
    if (queries.empty()) throw Error(ErrorCode::wrong_state, "there is no query to tune with");
    report = tune_index(index, queries, k, target, config.latency_target_ms,
                        rows ? "rows" : "query_source");
    if (apply) {
      sql.run(
          "INSERT INTO @.ruvector_learning_config AS c (tbl, index_name, mode, recall_target, k) "
          "VALUES ($1, $2, 'on', $3, $4::integer) "
          "ON CONFLICT (tbl, index_name) DO UPDATE SET mode = 'on', recall_target = "
          "excluded.recall_target, "
          "k = excluded.k, monitor = NULL, queries_changed = false",
          {sql_regclass(index.table()), sql_name(index.name()), sql_real(target), sql_int(k)});
      add_version(sql, index, report.model, report.metrics);
    }
  }
  const TunedEffort* all = report.efforts.data();
  const std::size_t n = report.efforts.size();
  const std::size_t chosen = report.chosen;
  call([&] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t i = 0; i < n; ++i) {
      Datum values[8] = {Int32GetDatum(all[i].effort),      Float8GetDatum(all[i].recall.mean),
                         Float8GetDatum(all[i].recall.low), Float8GetDatum(all[i].recall.high),
                         Float8GetDatum(all[i].p50_us),     Float8GetDatum(all[i].p95_us),
                         Float8GetDatum(all[i].distances),  BoolGetDatum(i == chosen)};
      bool nulls[8] = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  });
  return Datum(0);
}
