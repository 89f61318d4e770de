#include "pg/types/dense_datum.h"

#include <cmath>

namespace rv::pg {

Datum vector_datum(std::span<const double> x) {
  check_dim(static_cast<int>(x.size()), kMaxDim, Vector::kName);
  auto* out = make_dense<Vector>(static_cast<int>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    out->x[i] = static_cast<float>(x[i]);
    if (!std::isfinite(out->x[i])) fail_overflow();
  }
  return PointerGetDatum(out);
}

}  // namespace rv::pg
