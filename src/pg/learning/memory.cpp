// What the SQL of the ReasoningBank needs beyond SQL: Wilson's bound and judges that are functions.
#include "core/stats/intervals.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/spi.h"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_wilson_lower)
{
  const double wins = PG_GETARG_FLOAT8(0);
  const double n = PG_GETARG_FLOAT8(1);
  const double z = PG_GETARG_FLOAT8(2);
  if (!(wins >= 0 && wins <= n && std::isfinite(n)))
    throw Error(ErrorCode::invalid_argument,
                "wins must be between 0 and n, not " + json_number(wins) + " of " + json_number(n));
  if (!(z >= 0 && std::isfinite(z)))
    throw Error(ErrorCode::invalid_argument, "z must be 0 or more, not " + json_number(z));
  PG_RETURN_FLOAT8(stats::wilson_lower(wins, n, z));
}

// Lets every rule of the trajectory's bank judge it; returns how many did (a rule that returns NULL
// abstains). The rules run with the caller's rights.
RV_FUNCTION(rv_memory_apply_rules)
{
  const std::int64_t id = PG_GETARG_INT64(0);
  SqlSession sql(schema_of_function(fcinfo));
  const SqlRows rules = sql.run(
      "SELECT r.name, r.judge FROM @.ruvector_memory_rule r JOIN @.ruvector_memory_trajectory t "
      "ON t.bank = r.bank WHERE t.id = $1 ORDER BY r.name",
      {sql_int(id)});
  std::vector<std::pair<std::string, std::string>> all;
  for (std::size_t i = 0; i < rules.size(); ++i)
    all.emplace_back(rules.text(i, 0), rules.text(i, 1));
  std::int32_t judged = 0;
  for (const auto& [name, function] : all) {
    const SqlRows r = sql.run_once(
        "SELECT (" + function +
            "(t.request, t.steps))::float8 FROM @.ruvector_memory_trajectory t WHERE t.id = $1",
        {sql_int(id)});
    if (r.size() == 0 || r.is_null(0, 0)) continue;
    const double score = r.real(0, 0);
    if (!(score >= 0 && score <= 1))
      throw Error(ErrorCode::data_exception,
                  "rule \"" + name + "\" must return 0 to 1, not " + json_number(score));
    sql.run("SELECT @.ruvector_memory_judge($1, NULL, $2, $3, 'rule')",
            {sql_int(id), sql_real(score), sql_text("rule:" + name)});
    ++judged;
  }
  PG_RETURN_INT32(judged);
}
