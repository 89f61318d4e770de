// Casts of vector and halfvec to each other, to their own type modifiers and from and to arrays.
#include <algorithm>
#include <vector>

#include "core/simd/distance.h"
#include "pg/types/dense_datum.h"

namespace rv::pg {
namespace {

// The cast that only applies a type modifier returns its argument as it is.
template <class T>
Datum same_type(FunctionCallInfo fcinfo) {
  check_expected_dim(PG_GETARG_INT32(1), DenseArg<T>(fcinfo, 0).dim());
  return PG_GETARG_DATUM(0);
}

template <class T>
Datum from_array(FunctionCallInfo fcinfo) {
  const FloatArray a = float_array_argument(fcinfo, 0);
  check_dim(a.count, kMaxDim, T::kName);
  check_expected_dim(PG_GETARG_INT32(1), a.count);
  auto* out = make_dense<T>(a.count);
  for (int i = 0; i < a.count; ++i) out->x[i] = checked_element<T>(a.values[i], write_float);
  return PointerGetDatum(out);
}

template <class T>
Datum to_array(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  std::vector<float> values(static_cast<std::size_t>(a.dim()));
  std::transform(a.x(), a.x() + a.dim(), values.begin(), [](auto x) { return to_float(x); });
  return float4_array_datum(values.data(), a.dim());
}

}  // namespace
}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_vector)
{ return same_type<Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec)
{ return same_type<Halfvec>(fcinfo); }
RV_FUNCTION(rv_array_to_vector)
{ return from_array<Vector>(fcinfo); }
RV_FUNCTION(rv_array_to_halfvec)
{ return from_array<Halfvec>(fcinfo); }
RV_FUNCTION(rv_vector_to_float4)
{ return to_array<Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_to_float4)
{ return to_array<Halfvec>(fcinfo); }

RV_FUNCTION(rv_halfvec_to_vector)
{
  const DenseArg<Halfvec> a(fcinfo, 0);
  check_expected_dim(PG_GETARG_INT32(1), a.dim());
  auto* out = make_dense<Vector>(a.dim());
  simd::kernels().half_to_float(a.x(), out->x, static_cast<std::size_t>(a.dim()));
  return PointerGetDatum(out);
}

RV_FUNCTION(rv_vector_to_halfvec)
{
  const DenseArg<Vector> a(fcinfo, 0);
  check_expected_dim(PG_GETARG_INT32(1), a.dim());
  auto* out = make_dense<Halfvec>(a.dim());
  for (int i = 0; i < a.dim(); ++i) out->x[i] = checked_element<Halfvec>(a.x()[i], write_float);
  return PointerGetDatum(out);
}
