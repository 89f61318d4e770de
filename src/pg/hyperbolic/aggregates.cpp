// ruvector_einstein_midpoint, ruvector_lorentz_centroid, ruvector_frechet_mean.
#include "core/geometry/lorentz.h"
#include "core/hyperbolic/mean_state.h"
#include "pg/base/memory.h"
#include "pg/base/message.h"
#include "pg/hyperbolic/points.h"

using namespace rv;
using namespace rv::pg;
using hyperbolic::Keep;
using hyperbolic::MeanState;

namespace {

MeanState* state_argument(FunctionCallInfo fcinfo, int n) {
  return PG_ARGISNULL(n) ? nullptr : reinterpret_cast<MeanState*>(PG_GETARG_POINTER(n));
}

// (state, point [, weight [, curvature]])
Datum accumulate(FunctionCallInfo fcinfo, Keep keep, bool lorentz) {
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  MeanState* state = state_argument(fcinfo, 0);
  const bool weighted = PG_NARGS() > 2;
  if (PG_ARGISNULL(1) || (weighted && PG_ARGISNULL(2))) {  // as avg(): NULLs do not count
    if (state == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(state);
  }
  const double c = PG_NARGS() > 3 && !PG_ARGISNULL(3) ? curvature_argument(fcinfo, 3) : 1.0;
  if (state == nullptr) state = make_owned_by<MeanState>(context, keep, c);
  geometry::Point point = point_argument(fcinfo, 1);
  if (lorentz) point = geometry::lorentz_to_poincare(point, c);
  state->add(point, weighted ? PG_GETARG_FLOAT8(2) : 1.0, c);
  if (state->bytes() > std::size_t(work_mem) * 1024)
    throw Error(ErrorCode::out_of_memory, "the points of one group need more than work_mem", {},
                "Increase work_mem, or take ruvector_einstein_midpoint, which keeps sums only.");
  return PointerGetDatum(state);
}

}  // namespace

RV_FUNCTION(rv_einstein_midpoint_accum)
{ return accumulate(fcinfo, Keep::sums, false); }
RV_FUNCTION(rv_lorentz_centroid_accum)
{ return accumulate(fcinfo, Keep::sums, true); }
RV_FUNCTION(rv_frechet_mean_accum)
{ return accumulate(fcinfo, Keep::points, false); }

RV_FUNCTION(rv_hyperbolic_mean_combine)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  MeanState* a = state_argument(fcinfo, 0);
  const MeanState* b = state_argument(fcinfo, 1);
  if (b == nullptr) {
    if (a == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(a);
  }
  if (a == nullptr) return PointerGetDatum(make_owned_by<MeanState>(context, *b));
  a->merge(*b);
  return PointerGetDatum(a);
}

RV_FUNCTION(rv_hyperbolic_mean_serialize)
{
  aggregate_context(fcinfo, "aggregate function");
  const std::vector<double> numbers = state_argument(fcinfo, 0)->numbers();
  const NewBytea out(numbers.size() * sizeof(double));
  BinaryWriter(out.bytes).write_array(numbers.data(), numbers.size());
  return out.datum;
}

RV_FUNCTION(rv_hyperbolic_mean_deserialize)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  const auto bytes = text_argument(fcinfo, 0);
  std::vector<double> numbers(bytes.size() / sizeof(double));
  BinaryReader reader({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  reader.read_array(numbers.data(), numbers.size());
  return PointerGetDatum(make_owned_by<MeanState>(context, MeanState::from_numbers(numbers)));
}

RV_FUNCTION(rv_einstein_midpoint_final)
{
  const MeanState* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->rows() == 0) PG_RETURN_NULL();
  return ball_datum(state->midpoint(), state->c());
}

RV_FUNCTION(rv_lorentz_centroid_final)
{
  const MeanState* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->rows() == 0) PG_RETURN_NULL();
  return vector_datum(geometry::poincare_to_lorentz(state->midpoint(), state->c()));
}

RV_FUNCTION(rv_frechet_mean_final)
{
  const MeanState* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->rows() == 0) PG_RETURN_NULL();
  for (;;) {
    const geometry::Mean mean = state->frechet(interrupt_pending);
    if (mean.finished) return ball_datum(mean.point, state->c());
    check_interrupts();  // not every interrupt is a cancel: start over
  }
}
