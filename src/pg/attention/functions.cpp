// Attention over arrays of vectors.
#include "core/attention/kernels.h"
#include "core/attention/online.h"
#include "pg/attention/arguments.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/jsonb.h"
}

using namespace rv;
using namespace rv::pg;
using attention::Evaluated;
using attention::Inputs;
using attention::Matrix;
using attention::Want;

namespace {

attention::Options options_for(Want want) {
  attention::Options options;
  options.want = static_cast<unsigned>(want);
  options.poll = [] { check_interrupts(); };
  return options;
}

// One query: types that need one pass over the keys take it without copies.
Datum attend_one(const Prepared& p, std::span<const float> query, const VectorArray& keys,
                 const VectorArray& values) {
  if (keys.count != values.count)
    throw Error(ErrorCode::data_exception, std::to_string(keys.count) + " keys but " +
                                               std::to_string(values.count) + " values");
  if (attention::OnlineAttention::covers(p.type, p.params)) {
    attention::OnlineAttention online(p.type, p.params);
    online.set_query(query);
    for (std::size_t i = 0; i < keys.count; ++i) {
      if (i % 256 == 0) check_interrupts();
      online.add(keys[i], values[i]);
    }
    return vector_datum(online.result());
  }
  const Evaluated e =
      attention::attend(p.type, {matrix_of(query), matrix_of(keys), matrix_of(values)}, p.params,
                        options_for(Want::output));
  return vector_datum(e.output.data);
}

}  // namespace

// (query, keys, values, type, params)
RV_FUNCTION(rv_attention)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const Prepared& p = prepared_argument(fcinfo, 3, 4);
  const auto query = vector_elements(PG_GETARG_DATUM(0), toast_reader(fcinfo, 0));
  const VectorArray keys = vector_array_argument(fcinfo, 1, "keys");
  return attend_one(p, query, keys, vector_array_argument(fcinfo, 2, "values"));
}

// (type, query, keys, values, params)
RV_FUNCTION(rv_attention_of_type)
{
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) PG_RETURN_NULL();
  const Prepared& p = prepared_argument(fcinfo, 0, 4);
  const auto query = vector_elements(PG_GETARG_DATUM(1), toast_reader(fcinfo, 1));
  const VectorArray keys = vector_array_argument(fcinfo, 2, "keys");
  return attend_one(p, query, keys, vector_array_argument(fcinfo, 3, "values"));
}

RV_FUNCTION(rv_attention_score)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const Prepared& p = prepared_argument(fcinfo, 2, 3);
  const auto a = vector_elements(PG_GETARG_DATUM(0), toast_reader(fcinfo, 0));
  const auto b = vector_elements(PG_GETARG_DATUM(1), toast_reader(fcinfo, 1));
  return Float8GetDatum(attention::pair_score(p.type, matrix_of(a), matrix_of(b), p.params));
}

RV_FUNCTION(rv_attention_weights)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const Prepared& p = prepared_argument(fcinfo, 2, 3);
  const auto query = vector_elements(PG_GETARG_DATUM(0), toast_reader(fcinfo, 0));
  Matrix keys = matrix_of(vector_array_argument(fcinfo, 1, "keys"));
  const Evaluated e = attention::attend(p.type, {matrix_of(query), keys, keys}, p.params,
                                        options_for(Want::weights));
  if (e.weights.empty())
    throw Error(ErrorCode::invalid_argument,
                "attention type \"" + p.type + "\" has no weights of single keys");
  const std::vector<float> weights(e.weights.data.begin(), e.weights.data.end());
  return float4_array_datum(weights.data(), static_cast<int>(weights.size()));
}

// (queries, keys, values, type, params) -> vector[]
RV_FUNCTION(rv_attention_batch)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const Prepared& p = prepared_argument(fcinfo, 3, 4);
  const Oid vector = vector_type_of_array_argument(fcinfo, 0);
  const Evaluated e = attention::attend(p.type,
                                        {matrix_of(vector_array_argument(fcinfo, 0, "queries")),
                                         matrix_of(vector_array_argument(fcinfo, 1, "keys")),
                                         matrix_of(vector_array_argument(fcinfo, 2, "values"))},
                                        p.params, options_for(Want::output));
  const int rows = static_cast<int>(e.output.rows);
  auto* elements = call([rows] { return static_cast<Datum*>(palloc(sizeof(Datum) * Size(rows))); });
  for (std::size_t i = 0; i < e.output.rows; ++i) elements[i] = vector_datum(e.output.row_view(i));
  return call([elements, rows, vector] {
    return PointerGetDatum(construct_array(elements, rows, vector, -1, false, TYPALIGN_INT));
  });
}

// (x, type, params, causal) -> rows
RV_FUNCTION(rv_self_attention)
{
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  if (PG_ARGISNULL(0)) return Datum(0);
  Prepared p = prepared_argument(fcinfo, 1, 2);
  if (!PG_ARGISNULL(3) && PG_GETARG_BOOL(3)) p.params.set("causal", true);
  const Evaluated e =
      attention::attend(p.type, {matrix_of(vector_array_argument(fcinfo, 0, "x")), {}, {}},
                        p.params, options_for(Want::output));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (std::size_t i = 0; i < e.output.rows; ++i) {
    Datum values[2] = {Int32GetDatum(static_cast<int32>(i + 1)),
                       vector_datum(e.output.row_view(i))};
    bool nulls[2] = {false, false};
    call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
  }
  return Datum(0);
}

RV_FUNCTION(rv_softmax)
{
  const FloatArray x = float_array_argument(fcinfo, 0);
  const double temperature = PG_GETARG_FLOAT8(1);
  if (!(temperature > 0) || !std::isfinite(temperature))
    throw Error(ErrorCode::invalid_argument, "temperature must be positive");
  std::vector<double> row(x.values, x.values + x.count);
  for (double& v : row) {
    if (std::isnan(v)) throw Error(ErrorCode::data_exception, "NaN not allowed in softmax");
    if (v > 0 && std::isinf(v))
      throw Error(ErrorCode::data_exception, "infinite value not allowed in softmax");
    v /= temperature;
  }
  attention::softmax(row.data(), row.size());
  const std::vector<float> out(row.begin(), row.end());
  return float4_array_datum(out.data(), static_cast<int>(out.size()));
}

RV_FUNCTION(rv_maxsim)
{
  const VectorArray q = vector_array_argument(fcinfo, 0, "queries");
  const VectorArray d = vector_array_argument(fcinfo, 1, "documents");
  if (q.dim != d.dim)
    check_same_dim(static_cast<int>(q.dim), static_cast<int>(d.dim), Vector::kName);
  std::vector<const float*> queries, documents;
  for (std::size_t i = 0; i < q.count; ++i) queries.push_back(q[i].data());
  for (std::size_t i = 0; i < d.count; ++i) documents.push_back(d[i].data());
  return Float8GetDatum(attention::maxsim(queries, documents, q.dim, [] { check_interrupts(); }));
}

namespace {

Datum put_gates(FunctionCallInfo fcinfo, std::span<const float> x, const Matrix& gating,
                int top_k) {
  if (top_k < 1)
    throw Error(ErrorCode::invalid_argument,
                "top_k must be at least 1, not " + std::to_string(top_k));
  if (gating.cols != x.size())
    check_same_dim(static_cast<int>(x.size()), static_cast<int>(gating.cols), Vector::kName);
  const std::vector<double> wide(x.begin(), x.end());
  const attention::Gates g = attention::route(wide, gating, static_cast<std::size_t>(top_k));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (std::size_t i = 0; i < g.experts.size(); ++i) {
    Datum values[2] = {Int32GetDatum(static_cast<int32>(g.experts[i] + 1)),
                       Float8GetDatum(g.gates[i])};
    bool nulls[2] = {false, false};
    call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
  }
  return Datum(0);
}

}  // namespace

// (embedding, experts vector[], top_k)
RV_FUNCTION(rv_moe_route)
{
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) return Datum(0);
  return put_gates(fcinfo, vector_elements(PG_GETARG_DATUM(0), toast_reader(fcinfo, 0)),
                   matrix_of(vector_array_argument(fcinfo, 1, "experts")), PG_GETARG_INT32(2));
}

// (embedding, name of a stored moe type, top_k)
RV_FUNCTION(rv_moe_route_model)
{
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return Datum(0);
  const Prepared& p = prepared_argument(fcinfo, 1, -1);
  if (p.type != "moe")
    throw Error(ErrorCode::invalid_argument, "attention type \"" + p.type + "\" has no experts", {},
                "Create one with ruvector_attention_create(name, 'moe', ...).");
  const int top_k =
      PG_ARGISNULL(2) ? static_cast<int>(p.params.count("top_k", 2)) : PG_GETARG_INT32(2);
  return put_gates(fcinfo, vector_elements(PG_GETARG_DATUM(0), toast_reader(fcinfo, 0)),
                   p.params.need_matrix("W_g", 0, 0), top_k);
}

RV_FUNCTION(rv_attention_types)
{
  call([fcinfo] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (const attention::TypeInfo& t : attention::types()) {
      Datum also[16];
      int count = 0;
      for (const attention::Alias& a : attention::aliases())
        if (strcmp(a.name, t.name) == 0 && count < 16) also[count++] = CStringGetTextDatum(a.alias);
      Datum values[9] = {
          CStringGetTextDatum(t.name),
          CStringGetTextDatum(t.family),
          CStringGetTextDatum(t.complexity),
          CStringGetTextDatum(t.best_for),
          DirectFunctionCall1(jsonb_in, CStringGetDatum(t.parameters)),
          CStringGetTextDatum(t.reference),
          CStringGetTextDatum(t.formula),
          CStringGetTextDatum(t.weights),
          PointerGetDatum(construct_array(also, count, TEXTOID, -1, false, TYPALIGN_INT))};
      bool nulls[9] = {false, false, false, false, false, false, false, false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  });
  return Datum(0);
}
