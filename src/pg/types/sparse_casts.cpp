// Casts of sparsevec from and to vector, halfvec and arrays.
#include <algorithm>
#include <vector>

#include "core/simd/distance.h"
#include "pg/types/dense_datum.h"
#include "pg/types/sparse_datum.h"

namespace rv::pg {
namespace {

Datum sparse_from(std::span<const float> values) {
  const NewSparse result(static_cast<int>(values.size()), count_nonzero(values));
  sparse_from_dense(values, result.entries);
  return result.datum;
}

// The elements of `v` as float32; halves are widened into `room`.
std::span<const float> as_floats(const DenseArg<Vector>& v, std::vector<float>&) {
  return {v.x(), static_cast<std::size_t>(v.dim())};
}
std::span<const float> as_floats(const DenseArg<Halfvec>& v, std::vector<float>& room) {
  room.resize(static_cast<std::size_t>(v.dim()));
  simd::kernels().half_to_float(v.x(), room.data(), room.size());
  return room;
}

template <class T>
Datum dense_to_sparse(FunctionCallInfo fcinfo) {
  const DenseArg<T> v(fcinfo, 0);
  check_expected_dim(PG_GETARG_INT32(1), v.dim());
  std::vector<float> room;
  return sparse_from(as_floats(v, room));
}

template <class T>
Datum sparse_to_dense_datum(FunctionCallInfo fcinfo) {
  const SparseArg arg(fcinfo, 0);
  const SparseView& v = arg.view();
  check_dim(v.dim, kMaxDim, T::kName);
  check_expected_dim(PG_GETARG_INT32(1), v.dim);
  std::vector<float> values(static_cast<std::size_t>(v.dim));
  sparse_to_dense(v, values);
  auto* out = make_dense<T>(v.dim);
  std::transform(values.begin(), values.end(), out->x,
                 [](float x) { return checked_element<T>(x, write_float); });
  return PointerGetDatum(out);
}

}  // namespace
}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

// The cast that only applies a type modifier returns its argument as it is.
RV_FUNCTION(rv_sparsevec)
{
  check_expected_dim(PG_GETARG_INT32(1), SparseArg(fcinfo, 0).view().dim);
  return PG_GETARG_DATUM(0);
}
RV_FUNCTION(rv_vector_to_sparsevec)
{ return dense_to_sparse<Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_to_sparsevec)
{ return dense_to_sparse<Halfvec>(fcinfo); }
RV_FUNCTION(rv_sparsevec_to_vector)
{ return sparse_to_dense_datum<Vector>(fcinfo); }
RV_FUNCTION(rv_sparsevec_to_halfvec)
{ return sparse_to_dense_datum<Halfvec>(fcinfo); }

RV_FUNCTION(rv_array_to_sparsevec)
{
  const FloatArray a = float_array_argument(fcinfo, 0);
  check_dim(a.count, kMaxSparseDim, kSparseName);
  check_expected_dim(PG_GETARG_INT32(1), a.count);
  return sparse_from({a.values, static_cast<std::size_t>(a.count)});
}
