// Casts of sparsevec from and to vector, halfvec and arrays.
#include "pg/types/dense_datum.h"
#include "pg/types/sparse_datum.h"

namespace rv::pg {
namespace {

// Keeps what is not zero among `dim` values read through `at`.
template <class At>
Datum sparse_from(int dim, At at) {
  int nnz = 0;
  for (int i = 0; i < dim; ++i) nnz += at(i) != 0;
  check_sparse_nnz(nnz, dim);
  const auto r = make_sparse(dim, nnz);
  int n = 0;
  for (int i = 0; i < dim; ++i) {
    const float x = at(i);
    if (x == 0) continue;
    check_finite(x, kSparseName);
    r.indices[n] = i;
    r.values[n++] = x;
  }
  return PointerGetDatum(r.datum);
}

template <class T>
Datum sparse_from_dense(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  check_expected_dim(PG_GETARG_INT32(1), a.dim());
  return sparse_from(a.dim(), [&a](int i) { return to_float(a.x()[i]); });
}

template <class T>
Datum dense_from_sparse(FunctionCallInfo fcinfo) {
  const SparseArg arg(fcinfo, 0);
  const SparseView& v = arg.view();
  check_dim(v.dim, kMaxDim, T::kName);
  check_expected_dim(PG_GETARG_INT32(1), v.dim);
  auto* out = make_dense<T>(v.dim);
  for (int i = 0; i < v.nnz; ++i)
    out->x[v.indices[i]] = checked_element<T>(v.values[i], write_float);
  return PointerGetDatum(out);
}

}  // namespace
}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_sparsevec)
{
  check_expected_dim(PG_GETARG_INT32(1), SparseArg(fcinfo, 0).view().dim);
  return PG_GETARG_DATUM(0);
}
RV_FUNCTION(rv_vector_to_sparsevec)
{ return sparse_from_dense<Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_to_sparsevec)
{ return sparse_from_dense<Halfvec>(fcinfo); }
RV_FUNCTION(rv_sparsevec_to_vector)
{ return dense_from_sparse<Vector>(fcinfo); }
RV_FUNCTION(rv_sparsevec_to_halfvec)
{ return dense_from_sparse<Halfvec>(fcinfo); }

RV_FUNCTION(rv_array_to_sparsevec)
{
  const FloatArray a = float_array_argument(fcinfo, 0);
  check_dim(a.count, kMaxSparseDim, kSparseName);
  check_expected_dim(PG_GETARG_INT32(1), a.count);
  return sparse_from(a.count, [&a](int i) { return a.values[i]; });
}
