// ruvector_extract_patterns(), ruvector_consolidate_patterns(), ruvector_get_search_params().
#include "core/learning/patterns.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "pg/am/scan_stats.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/row_reader.h"
#include "pg/base/spi.h"
#include "pg/learning/audited_index.h"
#include "pg/learning/models.h"
#include "pg/learning/store.h"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/timestamp.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;
using learning::kSketch;
using learning::Pattern;

namespace {

// Scans that are looked at, the newest of an index.
constexpr int kMostScans = 20000;

learning::Sketch sketch_of_datum(Datum bytes, double scale) {
  const auto* b = call([bytes] { return DatumGetByteaPP(bytes); });
  learning::Sketch s;
  if (VARSIZE_ANY_EXHDR(b) != kSketch || !std::isfinite(scale)) return s;
  std::memcpy(s.value.data(), VARDATA_ANY(b), kSketch);
  s.scale = static_cast<float>(scale);
  return s;
}

std::vector<learning::PatternScan> read_scans(SqlSession& sql, Oid table, const std::string& index,
                                              double half_life_s) {
  const SqlRows r = sql.run(
      "SELECT sketch, sketch_scale, effort::float8, hops::float8, distances::float8, "
      "relevant::float8, irrelevant::float8, noted_at FROM @.ruvector_trajectory "
      "WHERE tbl = $1 AND index_name = $2 AND sketch IS NOT NULL ORDER BY noted_at DESC LIMIT $3",
      {sql_regclass(table), sql_name(index), sql_int(kMostScans)});
  std::vector<learning::PatternScan> scans(r.size());
  const TimestampTz now = GetCurrentTimestamp();
  for (std::size_t i = 0; i < r.size(); ++i) {
    bool null = true;
    auto& s = scans[i];
    s.sketch = sketch_of_datum(r.datum(i, 0, &null), r.real(i, 1)).sums();
    read_columns(r, i, 2, s.effort, s.hops, s.distances, s.relevant, s.irrelevant, s.noted_at);
    const double age = std::max(0.0, static_cast<double>(now - s.noted_at) / 1e6);
    s.weight = std::exp2(-age / half_life_s);
    if ((i & 255) == 0) check_interrupts();
  }
  return scans;
}

std::vector<std::string> indexes_of(SqlSession& sql, Oid table) {
  const SqlRows r = sql.run(
      "SELECT index_name FROM @.ruvector_learning_config WHERE tbl = $1 ORDER BY index_name",
      {sql_regclass(table)});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < r.size(); ++i) names.push_back(r.text(i, 0));
  if (names.empty())
    throw Error(ErrorCode::wrong_state, "learning is not enabled for the table", {},
                "Use ruvector_enable_feature('learning', table_name := ...).");
  return names;
}

void write_pattern(SqlSession& sql, Oid table, const std::string& index, std::int64_t id,
                   const Pattern& p) {
  sql.run(
      "INSERT INTO @.ruvector_pattern (tbl, index_name, id, centre, weight, scans, mean_effort, "
      "mean_hops, mean_distances, spread, relevant, irrelevant, first_seen, last_seen) VALUES "
      "($1, $2, $3::integer, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
      "ON CONFLICT (tbl, index_name, id) DO UPDATE SET (centre, weight, scans, mean_effort, "
      "mean_hops, mean_distances, spread, relevant, irrelevant, first_seen, last_seen) = "
      "(excluded.centre, excluded.weight, excluded.scans, excluded.mean_effort, "
      "excluded.mean_hops, excluded.mean_distances, excluded.spread, excluded.relevant, "
      "excluded.irrelevant, excluded.first_seen, excluded.last_seen)",
      {sql_regclass(table),
       sql_name(index),
       sql_int(id),
       sql_real_array({p.centre.begin(), p.centre.end()}),
       sql_real(p.weight),
       sql_int(p.scans),
       sql_real(p.effort),
       sql_real(p.hops),
       sql_real(p.distances),
       sql_real(p.spread),
       sql_real(p.relevant),
       sql_real(p.irrelevant),
       {TIMESTAMPTZOID, TimestampTzGetDatum(p.first_seen), false},
       {TIMESTAMPTZOID, TimestampTzGetDatum(p.last_seen), false}});
}

struct Stored {
  std::vector<std::int64_t> id;
  std::vector<Pattern> pattern;
};
Stored read_patterns(SqlSession& sql, Oid table, const std::string& index) {
  const SqlRows r = sql.run(
      "SELECT id::bigint, centre, weight, scans, mean_effort, mean_hops, mean_distances, spread, "
      "relevant, irrelevant, first_seen, last_seen FROM @.ruvector_pattern "
      "WHERE tbl = $1 AND index_name = $2 ORDER BY weight DESC, id LIMIT $3 FOR UPDATE",
      {sql_regclass(table), sql_name(index),
       sql_int(static_cast<std::int64_t>(learning::kMostPatterns))});
  Stored s;
  for (std::size_t i = 0; i < r.size(); ++i) {
    bool null = true;
    Pattern p;
    const Datum centre = r.datum(i, 1, &null);
    const auto* a = call([centre] { return DatumGetArrayTypeP(centre); });
    if (ARR_NDIM(a) == 1 && ARR_DIMS(a)[0] == static_cast<int>(kSketch) && !ARR_HASNULL(a))
      std::memcpy(p.centre.data(), ARR_DATA_PTR(a), sizeof p.centre);
    read_columns(r, i, 2, p.weight, p.scans, p.effort, p.hops, p.distances, p.spread, p.relevant,
                 p.irrelevant, p.first_seen, p.last_seen);
    s.id.push_back(r.integer(i, 0));
    s.pattern.push_back(p);
  }
  return s;
}

Datum name_datum(const std::string& s) {
  const char* c = s.c_str();
  return call([c] { return DirectFunctionCall1(namein, CStringGetDatum(c)); });
}

}  // namespace

RV_FUNCTION(rv_extract_patterns)
{
  const Oid table = PG_GETARG_OID(0);
  const int count = PG_GETARG_INT32(1);
  const double half_life = DatumGetFloat8(call([fcinfo] {
    return DirectFunctionCall2(interval_part, CStringGetTextDatum("epoch"), PG_GETARG_DATUM(2));
  }));
  if (count < 1 || count > static_cast<int>(learning::kMostPatterns))
    throw Error(ErrorCode::invalid_argument, "num_clusters must be between 1 and " +
                                                 std::to_string(learning::kMostPatterns) +
                                                 ", not " + std::to_string(count));
  if (!(half_life > 0))
    throw Error(ErrorCode::invalid_argument, "half_life must be longer than nothing");
  std::map<std::string, std::vector<Pattern>> found;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const Work work(nullptr, [] { check_interrupts(); });
    for (const std::string& index : indexes_of(sql, table)) {
      const auto scans = read_scans(sql, table, index, half_life);
      auto patterns = learning::extract_patterns(scans, static_cast<std::size_t>(count), 42, work);
      sql.run("DELETE FROM @.ruvector_pattern WHERE tbl = $1 AND index_name = $2",
              {sql_regclass(table), sql_name(index)});
      for (std::size_t i = 0; i < patterns.size(); ++i)
        write_pattern(sql, table, index, static_cast<std::int64_t>(i) + 1, patterns[i]);
      found[index] = std::move(patterns);
    }
  }
  call([&] { rv_init_materialized_srf(fcinfo); });
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const auto& [index, patterns] : found)
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const Pattern& p = patterns[i];
      Datum values[10] = {name_datum(index),
                          Int32GetDatum(static_cast<int>(i) + 1),
                          Int64GetDatum(p.scans),
                          Float8GetDatum(p.weight),
                          Float8GetDatum(p.effort),
                          Float8GetDatum(p.hops),
                          Float8GetDatum(p.distances),
                          Float8GetDatum(p.spread),
                          Float8GetDatum(p.relevant / std::max(1.0, p.relevant + p.irrelevant)),
                          TimestampTzGetDatum(p.last_seen)};
      bool nulls[10] = {};
      nulls[8] = p.relevant + p.irrelevant <= 0;
      call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
    }
  return Datum(0);
}

RV_FUNCTION(rv_consolidate_patterns)
{
  const Oid table = PG_GETARG_OID(0);
  const double similarity = PG_GETARG_FLOAT8(1);
  const bool dry_run = PG_GETARG_BOOL(2);
  if (!(similarity >= -1 && similarity <= 1))
    throw Error(ErrorCode::invalid_argument,
                "similarity_threshold must be between -1 and 1, not " + json_number(similarity));
  struct Merge {
    std::string index;
    std::int64_t from, to;
    double similarity;
  };
  std::vector<Merge> merges;
  {
    SqlSession sql(schema_of_function(fcinfo));
    for (const std::string& index : indexes_of(sql, table)) {
      Stored s = read_patterns(sql, table, index);
      const std::vector<Pattern> before = s.pattern;
      const auto into = learning::consolidate_patterns(s.pattern, similarity);
      for (std::size_t i = 0; i < into.size(); ++i) {
        if (into[i] == i) continue;
        merges.push_back({index, s.id[i], s.id[into[i]],
                          learning::cosine_similarity(before[i], before[into[i]])});
        if (dry_run) continue;
        sql.run(
            "DELETE FROM @.ruvector_pattern WHERE tbl = $1 AND index_name = $2 AND id = "
            "$3::integer",
            {sql_regclass(table), sql_name(index), sql_int(s.id[i])});
        write_pattern(sql, table, index, s.id[into[i]], s.pattern[into[i]]);
      }
    }
  }
  call([&] { rv_init_materialized_srf(fcinfo); });
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const Merge& m : merges) {
    Datum values[4] = {name_datum(m.index), Int32GetDatum(static_cast<int>(m.from)),
                       Int32GetDatum(static_cast<int>(m.to)), Float8GetDatum(m.similarity)};
    bool nulls[4] = {};
    call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
  }
  return Datum(0);
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
