#include "pg/learning/store.h"

#include "pg/base/row_reader.h"
#include "pg/learning/models.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
}

namespace rv::pg::learn {

SqlValue sql_regclass(Oid oid) { return {REGCLASSOID, ObjectIdGetDatum(oid), false}; }

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

IndexConfig read_config(SqlSession& sql, Oid table, const std::string& index_name) {
  IndexConfig c;
  c.recall_target = recall_target();
  c.latency_target_ms = latency_target_ms();
  c.audit_budget_ms = audit_budget_ms();
  const SqlRows r = sql.run(
      "SELECT mode, recall_target, k::bigint, latency_target_ms, store_query, audit_budget_ms FROM "
      "@.ruvector_learning_config WHERE tbl = $1 AND index_name = $2",
      {sql_regclass(table), sql_name(index_name)});
  if (r.size() == 0) return c;
  c.exists = true;
  read_columns(r, 0, 0, c.mode, c.recall_target, c.k, c.latency_target_ms, c.store_query,
               c.audit_budget_ms);
  return c;
}

void add_version(SqlSession& sql, const AuditedIndex& index, const learning::EffortModel& model,
                 const std::string& metrics) {
  sql.run(
      "UPDATE @.ruvector_search_model SET active = false WHERE tbl = $1 AND index_name = $2 AND "
      "active",
      {sql_regclass(index.table()), sql_name(index.name())});
  sql.run(
      "INSERT INTO @.ruvector_search_model (tbl, index_name, version, params, metrics, active) "
      "SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, true FROM @.ruvector_search_model "
      "WHERE tbl = $1 AND index_name = $2",
      {sql_regclass(index.table()), sql_name(index.name()), sql_doubles(model.flatten()),
       sql_json(metrics)});
}

}  // namespace rv::pg::learn
