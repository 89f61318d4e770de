// sum(sparsevec) and avg(sparsevec), parallel.
#include "core/sparse/algebra.h"
#include "pg/base/memory.h"
#include "pg/types/sparse_datum.h"

using namespace rv;
using namespace rv::pg;

namespace {

sparse::Sums* state_argument(FunctionCallInfo fcinfo, int n) {
  return PG_ARGISNULL(n) ? nullptr : reinterpret_cast<sparse::Sums*>(PG_GETARG_POINTER(n));
}

}  // namespace

RV_FUNCTION(rv_sparsevec_accum)
{
  const MemoryContext context = aggregate_context(fcinfo, "sparsevec aggregate");
  auto* state = state_argument(fcinfo, 0);
  if (state == nullptr) state = make_owned_by<sparse::Sums>(context);
  if (!PG_ARGISNULL(1)) state->add(SparseArg(fcinfo, 1).view());
  return PointerGetDatum(state);
}

RV_FUNCTION(rv_sparsevec_combine)
{
  const MemoryContext context = aggregate_context(fcinfo, "sparsevec aggregate");
  auto* state = state_argument(fcinfo, 0);
  const auto* other = state_argument(fcinfo, 1);
  if (state == nullptr) state = make_owned_by<sparse::Sums>(context);
  if (other != nullptr) state->add(*other);
  return PointerGetDatum(state);
}

RV_FUNCTION(rv_sparsevec_serial)
{
  aggregate_context(fcinfo, "sparsevec aggregate");
  const auto bytes = state_argument(fcinfo, 0)->serialize();
  auto* out = static_cast<bytea*>(palloc_varlena(VARHDRSZ + bytes.size()));
  std::memcpy(VARDATA(out), bytes.data(), bytes.size());
  return PointerGetDatum(out);
}

RV_FUNCTION(rv_sparsevec_deserial)
{
  const MemoryContext context = aggregate_context(fcinfo, "sparsevec aggregate");
  const auto bytes = text_argument(fcinfo, 0);
  return PointerGetDatum(make_owned_by<sparse::Sums>(
      context,
      sparse::Sums::deserialize({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()})));
}

RV_FUNCTION(rv_sparsevec_sum_final)
{
  const auto* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->count() == 0) PG_RETURN_NULL();
  return sparse_datum(state->divided(1).view());
}

RV_FUNCTION(rv_sparsevec_avg_final)
{
  const auto* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->count() == 0) PG_RETURN_NULL();
  return sparse_datum(state->divided(static_cast<double>(state->count())).view());
}
