// ruvector_route_feedback(), and what it shares with ruvector_route_next().
#include "pg/routing/outcome.h"

#include "pg/base/datum.h"
#include "pg/base/row_reader.h"

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::route;

namespace {

constexpr const char* kErrors[] = {"timeout", "rate_limit", "server_error", "auth",
                                   "content", "context",    "other"};

void check_error_class(const std::string& error) {
  for (const char* known : kErrors)
    if (error == known) return;
  throw Error(ErrorCode::invalid_argument, "unknown error class \"" + error + "\"", {},
              "Use timeout, rate_limit, server_error, auth, content, context or other.");
}

void note_circuit(SqlSession& sql, const Outcome& o) {
  if (o.success) {
    if (sql.run("SELECT FROM @.ruvector_agent_circuit WHERE agent = $1 AND (failures > 0 OR "
                "open_until IS NOT NULL)",
                {sql_text(o.agent)})
            .size() > 0)
      sql.run(
          "UPDATE @.ruvector_agent_circuit SET failures = 0, openings = 0, open_until = NULL, "
          "probe_until = NULL "
          "WHERE agent = $1",
          {sql_text(o.agent)});
    return;
  }
  if (o.error == "content" || o.error == "context") return;  // the request's fault, not the agent's
  sql.run(
      "INSERT INTO @.ruvector_agent_circuit AS c (agent, failures, openings, open_until, "
      "last_error, last_failure) "
      "SELECT a.name, 1, s.opens::integer, CASE WHEN s.opens THEN clock_timestamp() + "
      "greatest(s.wait, coalesce($3, interval '0')) END, $2, clock_timestamp() "
      "FROM @.ruvector_agent a CROSS JOIN LATERAL (SELECT $3 IS NOT NULL OR $2 = 'auth' OR "
      "a.allowed_failures <= 1 "
      "AS opens, CASE WHEN $2 = 'auth' THEN interval '10 minutes' ELSE a.cooldown * (1 + 0.1 * "
      "random()) END AS wait) s "
      "WHERE a.name = $1 "
      "ON CONFLICT (agent) DO UPDATE SET (failures, openings, open_until, probe_until, last_error, "
      "last_failure) = "
      "(SELECT c.failures + 1, c.openings + n.opens::integer, CASE WHEN n.opens THEN "
      "clock_timestamp() + "
      "greatest(CASE WHEN $2 = 'auth' THEN interval '10 minutes' ELSE least(interval '10 minutes', "
      "a.cooldown * power(2, least(c.openings, 20))) * (1 + 0.1 * random()) END, coalesce($3, "
      "interval '0')) "
      "ELSE c.open_until END, NULL::timestamptz, $2, clock_timestamp() "
      "FROM @.ruvector_agent a CROSS JOIN LATERAL (SELECT $3 IS NOT NULL OR $2 = 'auth' OR "
      "c.open_until IS NOT NULL "
      "OR c.failures + 1 >= a.allowed_failures AS opens) n WHERE a.name = $1)",
      {sql_text(o.agent), sql_text(o.error), o.retry_after});
}

void settle(SqlSession& sql, const Outcome& o) {
  // Prices at the time of the outcome; a failure that named no cost cost nothing.
  sql.run(
      "WITH gone AS (DELETE FROM @.ruvector_budget_reservation WHERE decision_id = $1 "
      "RETURNING scope, period_start, amount) "
      "UPDATE @.ruvector_budget_ledger l SET reserved = greatest(0, l.reserved - g.amount), "
      "spent = l.spent + coalesce($2, CASE WHEN $3 THEN g.amount ELSE 0 END) "
      "FROM gone g WHERE l.scope = g.scope AND l.period_start = g.period_start",
      {sql_int(o.decision), sql_real(o.cost), sql_bool(o.success)});
}

}  // namespace

void route::record(SqlSession& sql, Outcome& o, bool settles) {
  if (!o.error.empty()) check_error_class(o.error);
  if (!o.success && o.error.empty()) o.error = "other";
  // A service that could not be reached says nothing of how good its answers are.
  const bool tells_quality =
      o.success || o.error == "content" || o.error == "context" || o.error == "other";
  const SqlRows r = sql.run(
      "INSERT INTO @.ruvector_route_outcome (decision_id, agent, attempt, success, error_class, "
      "latency_ms, "
      "tokens_in, tokens_out, cost, quality, source) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, CASE WHEN $7 IS NOT NULL OR $8 IS NOT "
      "NULL THEN "
      "(SELECT a.cost_per_call + coalesce($7, 0) / 1000.0 * a.cost_per_1k_input + coalesce($8, 0) "
      "/ 1000.0 * "
      "a.cost_per_1k_output FROM @.ruvector_agent a WHERE a.name = $2) END), coalesce($10, CASE "
      "WHEN $12 THEN $4::integer END), $11) "
      "ON CONFLICT (decision_id, agent, attempt, source) DO UPDATE SET success = excluded.success, "
      "error_class = excluded.error_class, latency_ms = coalesce(excluded.latency_ms, "
      "ruvector_route_outcome.latency_ms), "
      "tokens_in = coalesce(excluded.tokens_in, ruvector_route_outcome.tokens_in), "
      "tokens_out = coalesce(excluded.tokens_out, ruvector_route_outcome.tokens_out), "
      "cost = coalesce(excluded.cost, ruvector_route_outcome.cost), quality = excluded.quality "
      "RETURNING cost",
      {sql_int(o.decision),
       sql_text(o.agent),
       {INT4OID, Int32GetDatum(static_cast<int>(o.attempt)), false},
       sql_bool(o.success),
       o.error.empty() ? sql_null(TEXTOID) : sql_text(o.error),
       sql_real(o.latency_ms),
       o.tokens_in,
       o.tokens_out,
       sql_real(o.cost),
       sql_real(o.quality),
       sql_text(o.source),
       sql_bool(tells_quality)});
  o.cost = r.real(0, 0, std::nan(""));
  note_circuit(sql, o);
  if (settles) settle(sql, o);
}

RV_FUNCTION(rv_route_feedback)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "decision_id must not be NULL");
  if (PG_ARGISNULL(1)) throw Error(ErrorCode::null_not_allowed, "success must not be NULL");
  Outcome o;
  o.decision = PG_GETARG_INT64(0);
  o.success = PG_GETARG_BOOL(1);
  if (!PG_ARGISNULL(2)) o.latency_ms = PG_GETARG_FLOAT8(2);
  if (!PG_ARGISNULL(3)) o.tokens_in = {INT4OID, PG_GETARG_DATUM(3), false};
  if (!PG_ARGISNULL(4)) o.tokens_out = {INT4OID, PG_GETARG_DATUM(4), false};
  if (!PG_ARGISNULL(5)) o.cost = PG_GETARG_FLOAT8(5);
  if (!PG_ARGISNULL(6)) o.quality = PG_GETARG_FLOAT8(6);
  if (!PG_ARGISNULL(7)) o.source = std::string(text_argument(fcinfo, 7));
  if (!PG_ARGISNULL(8)) o.error = std::string(text_argument(fcinfo, 8));
  if (!PG_ARGISNULL(9)) o.retry_after = {INTERVALOID, PG_GETARG_DATUM(9), false};
  SqlSession sql(schema_of_function(fcinfo));
  const SqlRows r = sql.run(
      "SELECT l.current_agent, l.attempt::bigint FROM @.ruvector_route_log l WHERE l.id = $1",
      {sql_int(o.decision)});
  if (r.size() == 0 || r.is_null(0, 0))
    throw Error(ErrorCode::undefined_object,
                "decision " + std::to_string(o.decision) + " does not exist");
  read_columns(r, 0, 0, o.agent, o.attempt);
  record(sql, o, true);
  return Datum(0);
}
