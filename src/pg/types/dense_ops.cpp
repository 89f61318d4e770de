// Arithmetic, comparison and hashing of vector and halfvec.
#include <algorithm>

#include "pg/types/dense_datum.h"

extern "C" {
#include "utils/varbit.h"
}

namespace rv::pg {
namespace {

template <class T, class F>
Datum elementwise(FunctionCallInfo fcinfo, F f) {
  const DensePair<T> p(fcinfo);
  auto* out = make_dense<T>(p.dim());
  f(p.a.x(), p.b.x(), p.dim(), out->x);
  return PointerGetDatum(out);
}

template <class T>
Datum concat(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0), b(fcinfo, 1);
  check_dim(a.dim() + b.dim(), kMaxDim, T::kName);
  auto* out = make_dense<T>(a.dim() + b.dim());
  std::copy_n(a.x(), a.dim(), out->x);
  std::copy_n(b.x(), b.dim(), out->x + a.dim());
  return PointerGetDatum(out);
}

template <class T>
Datum subvector(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  const Range r = subvector_range(PG_GETARG_INT32(1), PG_GETARG_INT32(2), a.dim(), T::kName);
  auto* out = make_dense<T>(r.count);
  std::copy_n(a.x() + r.first, r.count, out->x);
  return PointerGetDatum(out);
}

template <class T>
Datum normalized(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  auto* out = make_dense<T>(a.dim());
  l2_normalize<T>(a.x(), a.dim(), out->x);
  return PointerGetDatum(out);
}

template <class T>
Datum scaled(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  auto* out = make_dense<T>(a.dim());
  scale<T>(a.x(), PG_GETARG_FLOAT8(1), a.dim(), out->x);
  return PointerGetDatum(out);
}

template <class T>
Datum quantized(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0);
  auto* out = static_cast<VarBit*>(palloc_varlena(VARBITTOTALLEN(a.dim())));
  VARBITLEN(out) = a.dim();
  binary_quantize<T>(a.x(), a.dim(), VARBITS(out));
  return PointerGetDatum(out);
}

template <class T>
int compared(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0), b(fcinfo, 1);
  return compare<T>(a.x(), a.dim(), b.x(), b.dim());
}

template <class T>
uint64 hashed(FunctionCallInfo fcinfo, uint64 seed) {
  const DenseArg<T> a(fcinfo, 0);
  return hash<T>(a.x(), a.dim(), seed);
}

}  // namespace
}  // namespace rv::pg

#define RV_OPERATIONS(prefix, T)                                                    \
  RV_FUNCTION(rv_##prefix##_add)                                                    \
  { return rv::pg::elementwise<rv::T>(fcinfo, rv::add<rv::T>); }                    \
  RV_FUNCTION(rv_##prefix##_sub)                                                    \
  { return rv::pg::elementwise<rv::T>(fcinfo, rv::sub<rv::T>); }                    \
  RV_FUNCTION(rv_##prefix##_mul)                                                    \
  { return rv::pg::elementwise<rv::T>(fcinfo, rv::mul<rv::T>); }                    \
  RV_FUNCTION(rv_##prefix##_concat)                                                 \
  { return rv::pg::concat<rv::T>(fcinfo); }                                         \
  RV_FUNCTION(rv_##prefix##_subvector)                                              \
  { return rv::pg::subvector<rv::T>(fcinfo); }                                      \
  RV_FUNCTION(rv_##prefix##_l2_normalize)                                           \
  { return rv::pg::normalized<rv::T>(fcinfo); }                                     \
  RV_FUNCTION(rv_##prefix##_scalar_mul)                                             \
  { return rv::pg::scaled<rv::T>(fcinfo); }                                         \
  RV_FUNCTION(rv_##prefix##_binary_quantize)                                        \
  { return rv::pg::quantized<rv::T>(fcinfo); }                                      \
  RV_FUNCTION(rv_##prefix##_cmp)                                                    \
  { return Int32GetDatum(rv::pg::compared<rv::T>(fcinfo)); }                        \
  RV_FUNCTION(rv_##prefix##_lt)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) < 0); }                     \
  RV_FUNCTION(rv_##prefix##_le)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) <= 0); }                    \
  RV_FUNCTION(rv_##prefix##_eq)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) == 0); }                    \
  RV_FUNCTION(rv_##prefix##_ne)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) != 0); }                    \
  RV_FUNCTION(rv_##prefix##_ge)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) >= 0); }                    \
  RV_FUNCTION(rv_##prefix##_gt)                                                     \
  { return BoolGetDatum(rv::pg::compared<rv::T>(fcinfo) > 0); }                     \
  RV_FUNCTION(rv_##prefix##_hash)                                                   \
  { return UInt32GetDatum(static_cast<uint32>(rv::pg::hashed<rv::T>(fcinfo, 0))); } \
  RV_FUNCTION(rv_##prefix##_hash_extended)                                          \
  {                                                                                 \
    const auto seed = static_cast<uint64>(PG_GETARG_INT64(1));                      \
    return UInt64GetDatum(rv::pg::hashed<rv::T>(fcinfo, seed));                     \
  }

RV_OPERATIONS(vector, Vector)
RV_OPERATIONS(halfvec, Halfvec)
