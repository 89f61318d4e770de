// ruvector's functions on sparsevec, and the formulae of ranking.
#include <vector>

#include "core/simd/distance.h"
#include "core/sparse/algebra.h"
#include "core/sparse/ranking.h"
#include "pg/types/dense_datum.h"
#include "pg/types/sparse_datum.h"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

Datum result(const SparseBuffer& b) { return sparse_datum(b.view()); }

struct IntArray {
  const int32* values;
  int count;
};

IntArray int_array_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  return call([d] {
    ArrayType* array = plain_array(d);
    return IntArray{reinterpret_cast<const int32*>(ARR_DATA_PTR(array)),
                    ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))};
  });
}

// A float8[] argument.
std::span<const double> double_array_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  const ArrayType* array = call([d] { return plain_array(d); });
  const int count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
  return {reinterpret_cast<const double*>(ARR_DATA_PTR(array)), static_cast<std::size_t>(count)};
}

}  // namespace

RV_FUNCTION(rv_to_sparse)
{
  const IntArray indices = int_array_argument(fcinfo, 0);
  const FloatArray values = float_array_argument(fcinfo, 1);
  return result(sparse::from_coordinates({indices.values, static_cast<std::size_t>(indices.count)},
                                         {values.values, static_cast<std::size_t>(values.count)},
                                         PG_GETARG_INT32(2)));
}

RV_FUNCTION(rv_sparse_from_vector)
{
  const DenseArg<Vector> v(fcinfo, 0);
  return result(
      sparse::from_dense({v.x(), static_cast<std::size_t>(v.dim())}, PG_GETARG_FLOAT4(1)));
}
RV_FUNCTION(rv_sparse_from_halfvec)
{
  const DenseArg<Halfvec> v(fcinfo, 0);
  std::vector<float> x(static_cast<std::size_t>(v.dim()));
  simd::kernels().half_to_float(v.x(), x.data(), x.size());
  return result(sparse::from_dense(x, PG_GETARG_FLOAT4(1)));
}

#define RV_SPARSE_BINARY(name, function)           \
  RV_FUNCTION(rv_sparsevec_##name)                 \
  {                                                \
    const SparsePair p(fcinfo);                    \
    return result(sparse::function(p.a(), p.b())); \
  }
RV_SPARSE_BINARY(add, add)
RV_SPARSE_BINARY(sub, subtract)
RV_SPARSE_BINARY(mul, multiply)
RV_SPARSE_BINARY(intersection, intersection)

RV_FUNCTION(rv_sparsevec_scale)
{ return result(sparse::scale(SparseArg(fcinfo, 0).view(), PG_GETARG_FLOAT8(1))); }
RV_FUNCTION(rv_sparsevec_top_k)
{ return result(sparse::top_k(SparseArg(fcinfo, 0).view(), PG_GETARG_INT32(1))); }
RV_FUNCTION(rv_sparsevec_prune)
{ return result(sparse::prune(SparseArg(fcinfo, 0).view(), PG_GETARG_FLOAT4(1))); }
RV_FUNCTION(rv_sparsevec_nnz)
{ return Int32GetDatum(SparseArg(fcinfo, 0).view().nnz); }
RV_FUNCTION(rv_sparsevec_dim)
{ return Int32GetDatum(SparseArg(fcinfo, 0).view().dim); }

RV_FUNCTION(rv_sparsevec_tf_idf)
{
  const SparsePair p(fcinfo);
  return result(sparse::tf_idf(p.a(), p.b(), static_cast<double>(PG_GETARG_INT64(2))));
}
RV_FUNCTION(rv_tf_idf)
{
  return Float8GetDatum(sparse::tf_idf(PG_GETARG_FLOAT8(0), static_cast<double>(PG_GETARG_INT64(1)),
                                       static_cast<double>(PG_GETARG_INT64(2))));
}
RV_FUNCTION(rv_bm25_score)
{
  const sparse::Bm25 p{PG_GETARG_FLOAT8(5), PG_GETARG_FLOAT8(6)};
  return Float8GetDatum(sparse::bm25_score(
      double_array_argument(fcinfo, 0), double_array_argument(fcinfo, 1), PG_GETARG_FLOAT8(2),
      PG_GETARG_FLOAT8(3), static_cast<double>(PG_GETARG_INT64(4)), p));
}

// Not strict: a row that a list lacks has no rank there and gets nothing from it.
RV_FUNCTION(rv_rrf_score)
{
  if (PG_ARGISNULL(1)) PG_RETURN_NULL();
  if (PG_ARGISNULL(0)) return Float8GetDatum(0);
  return Float8GetDatum(sparse::rrf_score(PG_GETARG_INT64(0), PG_GETARG_INT32(1)));
}
