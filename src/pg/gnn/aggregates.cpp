// Element-wise extremes of two vectors: the transition functions of ruvector_vector_max and _min,
// which pass messages along edges by GROUP BY.
#include <algorithm>

#include "pg/types/dense_datum.h"

using namespace rv;
using namespace rv::pg;

namespace {

template <class Choose>
Datum element_wise(FunctionCallInfo fcinfo, Choose choose) {
  const DensePair<Vector> args(fcinfo);
  auto* out = make_dense<Vector>(args.dim());
  for (int i = 0; i < args.dim(); ++i) out->x[i] = choose(args.a.x()[i], args.b.x()[i]);
  return PointerGetDatum(out);
}

}  // namespace

RV_FUNCTION(rv_vector_larger)
{
  return element_wise(fcinfo, [](float a, float b) { return std::max(a, b); });
}

RV_FUNCTION(rv_vector_smaller)
{
  return element_wise(fcinfo, [](float a, float b) { return std::min(a, b); });
}
