#include "pg/attention/models.h"

#include "core/attention/initialise.h"
#include "core/attention/types.h"
#include "pg/attention/json_params.h"
#include "pg/base/datum.h"
#include "pg/base/spi.h"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

struct Numbers {
  const float4* floats;
  const int32* integers;
  int count;
};

Numbers numbers_of(Datum d, bool null, Oid type) {
  if (null) throw Error(ErrorCode::corrupted_data, "stored attention parameter is NULL");
  return call([d, type] {
    ArrayType* a = DatumGetArrayTypeP(d);
    if (ARR_NDIM(a) != 1 || ARR_HASNULL(a) || ARR_ELEMTYPE(a) != type)
      ereport(ERROR,
              (errcode(ERRCODE_DATA_CORRUPTED), errmsg("stored attention parameter is malformed")));
    return Numbers{reinterpret_cast<float4*>(ARR_DATA_PTR(a)),
                   reinterpret_cast<int32*>(ARR_DATA_PTR(a)), ARR_DIMS(a)[0]};
  });
}

attention::Tensor tensor_of(const SqlRows& rows, std::size_t r) {
  bool null_shape, null_data;
  const Datum shape = rows.datum(r, 1, &null_shape), data = rows.datum(r, 2, &null_data);
  const Numbers s = numbers_of(shape, null_shape, INT4OID),
                x = numbers_of(data, null_data, FLOAT4OID);
  attention::Tensor t;
  std::size_t size = 1;
  for (int i = 0; i < s.count; ++i) {
    if (s.integers[i] < 1)
      throw Error(ErrorCode::corrupted_data, "stored attention parameter is malformed");
    t.shape.push_back(static_cast<std::size_t>(s.integers[i]));
    size *= t.shape.back();
  }
  if (size != static_cast<std::size_t>(x.count))
    throw Error(ErrorCode::corrupted_data, "stored attention parameter is malformed");
  t.data.assign(x.floats, x.floats + x.count);
  return t;
}

SqlValue int_array(const std::vector<std::size_t>& v) {
  const std::size_t* numbers = v.data();
  const int n = static_cast<int>(v.size());
  const Datum d = call([numbers, n] {
    auto* e = static_cast<Datum*>(palloc(sizeof(Datum) * Size(n + 1)));
    for (int i = 0; i < n; ++i) e[i] = Int32GetDatum(static_cast<int32>(numbers[i]));
    return PointerGetDatum(construct_array(e, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
  });
  return {INT4ARRAYOID, d, false};
}

std::string json_string(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// The scalars as JSON; arrays have a table of their own.
std::string scalars_as_json(const attention::Params& params) {
  std::string out = "{";
  for (const auto& [name, value] : params.values()) {
    std::string text;
    if (const double* x = std::get_if<double>(&value)) {
      char number[32];
      std::snprintf(number, sizeof number, "%.17g", *x);
      text = number;
    } else if (const bool* b = std::get_if<bool>(&value)) {
      text = *b ? "true" : "false";
    } else if (const std::string* w = std::get_if<std::string>(&value)) {
      text = json_string(*w);
    } else {
      continue;
    }
    out += (out.size() > 1 ? ", " : "") + json_string(name) + ": " + text;
  }
  return out + "}";
}

}  // namespace

std::string rv::pg::load_attention_model(FunctionCallInfo fcinfo, const std::string& name,
                                         attention::Params& params) {
  SqlSession session(schema_of_function(fcinfo));
  const SqlRows found =
      session.run("SELECT type, params FROM @.ruvector_attention_models WHERE name = $1",
                  {sql_text(name)}, true);
  if (found.size() == 0) return {};
  std::string type = found.text(0, 0);
  attention::Params stored;
  bool null;
  const Datum d = found.datum(0, 1, &null);
  if (!null) read_params(d, stored);
  const SqlRows arrays =
      session.run("SELECT name, shape, data FROM @.ruvector_attention_parameters WHERE model = $1",
                  {sql_text(name)}, true);
  for (std::size_t r = 0; r < arrays.size(); ++r)
    stored.set(arrays.text(r, 0), tensor_of(arrays, r));
  for (const auto& [key, value] : stored.values()) params.set_default(key, value);
  return type;
}

// (name, type, params, weights, seed): replaces what had the name.
RV_FUNCTION(rv_attention_create)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
    throw Error(ErrorCode::null_not_allowed, "name and type must not be null");
  const std::string name(text_argument(fcinfo, 0)), given(text_argument(fcinfo, 1));
  if (name.empty() || name.size() > 200)
    throw Error(ErrorCode::invalid_argument, "name must have 1 to 200 bytes");
  attention::Params params, unused;
  if (!PG_ARGISNULL(2)) read_params(PG_GETARG_DATUM(2), params);
  if (!PG_ARGISNULL(3)) read_params(PG_GETARG_DATUM(3), params);
  bool taken = attention::find_type(name) != nullptr;
  for (const attention::Alias& a : attention::aliases()) taken = taken || name == a.alias;
  if (taken)
    throw Error(ErrorCode::duplicate_object, "\"" + name + "\" is the name of an attention type");
  const attention::TypeInfo& type = attention::resolve(given, params);
  if (PG_ARGISNULL(3) && (!PG_ARGISNULL(4) || params.has("dim")))
    attention::initialise(type, params,
                          PG_ARGISNULL(4) ? 0 : static_cast<std::uint64_t>(PG_GETARG_INT64(4)));
  attention::check_parameters(type, params);
  for (const auto& [key, value] : params.values())
    if (const auto* t = std::get_if<attention::Tensor>(&value))
      for (const double x : t->data)
        if (!std::isfinite(static_cast<float>(x)))
          throw Error(ErrorCode::out_of_range, "parameter \"" + key + "\" does not fit real");
  SqlSession session(schema_of_function(fcinfo));
  session.run("DELETE FROM @.ruvector_attention_models WHERE name = $1", {sql_text(name)});
  session.run("INSERT INTO @.ruvector_attention_models (name, type, params) VALUES ($1, $2, $3)",
              {sql_text(name), sql_text(type.name), sql_json(scalars_as_json(params))});
  for (const auto& [key, value] : params.values())
    if (const auto* t = std::get_if<attention::Tensor>(&value))
      session.run(
          "INSERT INTO @.ruvector_attention_parameters (model, name, shape, data) VALUES ($1, $2, "
          "$3, $4)",
          {sql_text(name), sql_text(key), int_array(t->shape), sql_real_array(t->data)});
  PG_RETURN_VOID();
}

RV_FUNCTION(rv_attention_drop)
{
  SqlSession session(schema_of_function(fcinfo));
  const SqlRows gone = session.run("DELETE FROM @.ruvector_attention_models WHERE name = $1",
                                   {sql_text(text_argument(fcinfo, 0))});
  return BoolGetDatum(gone.affected() > 0);
}
