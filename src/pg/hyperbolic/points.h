// Points of hyperbolic space as vector arguments and results.
#pragma once

#include "core/geometry/poincare.h"
#include "pg/types/dense_datum.h"

namespace rv::pg {

// Argument n, widened to float64.
geometry::Point point_argument(FunctionCallInfo fcinfo, int n);
// Argument n, a curvature, as c = -curvature; 22023 unless negative.
double curvature_argument(FunctionCallInfo fcinfo, int n);

// A point of the ball. float32 rounding could put it on the boundary, where no function takes it:
// its norm is kept at or below (1 - 2^-20) / sqrt(c).
Datum ball_datum(geometry::View x, double c);

}  // namespace rv::pg
