// ruvector_enable_feature(), ruvector_disable_feature(), and two functions that the SQL of several
// features stands on: ruvector_tenant_visible() and ruvector_assert().
#include <string>

#include "pg/base/datum.h"
#include "pg/base/spi.h"
#include "pg/feature_list.h"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/syscache.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

// A feature that has something to switch brings a function <verb>_<feature>(regclass, third), whose
// third argument is the caller's; the others are on wherever they are built in.
void switch_feature(FunctionCallInfo fcinfo, const char* verb, Oid third) {
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "feature must not be NULL");
  const std::string name(text_argument(fcinfo, 0));
  const Feature* feature = nullptr;
  std::string known;
  for (const Feature& f : kFeatures) {
    if (name == f.name) feature = &f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  if (feature == nullptr)
    throw Error(ErrorCode::invalid_argument, "unknown feature \"" + name + "\"", {},
                "The features are " + known + ".");
  if (!feature->built)
    throw Error(ErrorCode::not_supported, "feature \"" + name + "\" is not part of this build");
  const bool has_table = !PG_ARGISNULL(1);
  const Oid schema = schema_of_function(fcinfo);
  const std::string function = std::string("ruvector_") + verb + "_" + name;
  const char* function_name = function.c_str();
  const bool exists = call([&] {
    const Oid types[2] = {REGCLASSOID, third};
    oidvector* v = buildoidvector(types, 2);
    return SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(function_name),
                                 PointerGetDatum(v), ObjectIdGetDatum(schema));
  });
  if (!exists) {
    if (has_table)
      throw Error(ErrorCode::invalid_argument, "feature \"" + name + "\" is not switched by table");
    return;
  }
  const SqlValue table{REGCLASSOID, has_table ? PG_GETARG_DATUM(1) : Datum(0), !has_table};
  const SqlValue value{third, PG_ARGISNULL(2) ? Datum(0) : PG_GETARG_DATUM(2), PG_ARGISNULL(2)};
  SqlSession sql(schema);
  sql.run_once("SELECT " + sql.qualified(function_name) + "($1, $2)", {table, value});
}

}  // namespace

RV_FUNCTION(rv_enable_feature)
{
  switch_feature(fcinfo, "enable", JSONBOID);
  return Datum(0);
}

RV_FUNCTION(rv_disable_feature)
{
  switch_feature(fcinfo, "disable", BOOLOID);
  return Datum(0);
}

// Row security by role: NULL belongs to everybody, a role's rows to its members.
RV_FUNCTION(rv_tenant_visible)
{
  if (PG_ARGISNULL(0)) PG_RETURN_BOOL(true);
  const char* name = NameStr(*PG_GETARG_NAME(0));
  return call([name] {
    const Oid role = get_role_oid(name, true);
    return BoolGetDatum(OidIsValid(role) && has_privs_of_role(GetUserId(), role));
  });
}

// ruvector_assert(ok, sqlstate, message, hint): raises when ok is not true. For SQL-language
// bodies, which have no RAISE.
RV_FUNCTION(rv_assert)
{
  if (!PG_ARGISNULL(0) && PG_GETARG_BOOL(0)) PG_RETURN_BOOL(true);
  call([fcinfo] {
    const char* state = PG_ARGISNULL(1) ? "22023" : text_to_cstring(PG_GETARG_TEXT_PP(1));
    if (strlen(state) != 5) elog(ERROR, "SQLSTATE must have five characters");
    const char* message =
        PG_ARGISNULL(2) ? "invalid argument" : text_to_cstring(PG_GETARG_TEXT_PP(2));
    const char* hint = PG_ARGISNULL(3) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(3));
    ereport(ERROR, (errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
                    errmsg("%s", message), hint != nullptr ? errhint("%s", hint) : 0));
  });
  return Datum(0);
}
