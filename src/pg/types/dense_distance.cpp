// Distances and norms of vector and halfvec.
#include <cmath>

#include "pg/types/dense_datum.h"

namespace rv::pg {
namespace {

template <class T, class F>
Datum distance(FunctionCallInfo fcinfo, F f) {
  const DensePair<T> p(fcinfo);
  return Float8GetDatum(f(p.a.x(), p.b.x(), p.dim()));
}

}  // namespace
}  // namespace rv::pg

#define RV_DISTANCES(prefix, T)                                                                   \
  RV_FUNCTION(rv_##prefix##_l2_distance)                                                          \
  {                                                                                               \
    return rv::pg::distance<rv::T>(                                                               \
        fcinfo, [](auto a, auto b, int n) { return std::sqrt(rv::l2_squared<rv::T>(a, b, n)); }); \
  }                                                                                               \
  RV_FUNCTION(rv_##prefix##_l2_squared_distance)                                                  \
  { return rv::pg::distance<rv::T>(fcinfo, rv::l2_squared<rv::T>); }                              \
  RV_FUNCTION(rv_##prefix##_inner_product)                                                        \
  { return rv::pg::distance<rv::T>(fcinfo, rv::inner_product<rv::T>); }                           \
  RV_FUNCTION(rv_##prefix##_negative_inner_product)                                               \
  {                                                                                               \
    return rv::pg::distance<rv::T>(                                                               \
        fcinfo, [](auto a, auto b, int n) { return -rv::inner_product<rv::T>(a, b, n); });        \
  }                                                                                               \
  RV_FUNCTION(rv_##prefix##_cosine_distance)                                                      \
  { return rv::pg::distance<rv::T>(fcinfo, rv::cosine_distance<rv::T>); }                         \
  RV_FUNCTION(rv_##prefix##_l1_distance)                                                          \
  { return rv::pg::distance<rv::T>(fcinfo, rv::l1_distance<rv::T>); }                             \
  RV_FUNCTION(rv_##prefix##_spherical_distance)                                                   \
  { return rv::pg::distance<rv::T>(fcinfo, rv::spherical_distance<rv::T>); }                      \
  RV_FUNCTION(rv_##prefix##_l2_norm)                                                              \
  {                                                                                               \
    const rv::pg::DenseArg<rv::T> v(fcinfo, 0);                                                   \
    return Float8GetDatum(rv::l2_norm<rv::T>(v.x(), v.dim()));                                    \
  }                                                                                               \
  RV_FUNCTION(rv_##prefix##_dims)                                                                 \
  { return Int32GetDatum(rv::pg::DenseArg<rv::T>(fcinfo, 0).dim()); }

RV_DISTANCES(vector, Vector)
RV_DISTANCES(halfvec, Halfvec)
