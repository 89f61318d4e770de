// avg(vector) and avg(halfvec). The state is pgvector's: float8[] of the count and the sums.
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
}

namespace rv::pg {
namespace {

// The state array of argument n: dim is 0 for the initial '{0}'.
struct State {
  ArrayType* array;
  double* sums;
  int dim;
};

State state_argument(FunctionCallInfo fcinfo, int n, const char* caller) {
  const Datum d = fcinfo->args[n].value;
  return call([d, caller] {
    ArrayType* a = DatumGetArrayTypeP(d);
    if (ARR_NDIM(a) != 1 || ARR_DIMS(a)[0] < 1 || ARR_HASNULL(a) || ARR_ELEMTYPE(a) != FLOAT8OID)
      elog(ERROR, "%s: expected state array", caller);
    return State{a, reinterpret_cast<double*>(ARR_DATA_PTR(a)), ARR_DIMS(a)[0] - 1};
  });
}

// A state that may be changed: the aggregate's own, or a new one in the current context, which the
// executor copies to where states live.
State writable(FunctionCallInfo fcinfo, const State& from, int dim) {
  return call([&] {
    if (from.dim == dim && AggCheckCallContext(fcinfo, nullptr) != 0) return from;
    const Size bytes = ARR_OVERHEAD_NONULLS(1) + sizeof(double) * Size(dim + 1);
    auto* a = static_cast<ArrayType*>(palloc0(bytes));
    SET_VARSIZE(a, bytes);
    a->ndim = 1;
    a->elemtype = FLOAT8OID;
    ARR_DIMS(a)[0] = dim + 1;
    ARR_LBOUND(a)[0] = 1;
    auto* sums = reinterpret_cast<double*>(ARR_DATA_PTR(a));
    memcpy(sums, from.sums, sizeof(double) * Size(from.dim + 1));
    return State{a, sums, dim};
  });
}

template <class T>
struct Names;
template <>
struct Names<Vector> {
  static constexpr const char* accum = "vector_accum";
  static constexpr const char* avg = "vector_avg";
};
template <>
struct Names<Halfvec> {
  static constexpr const char* accum = "halfvec_accum";
  static constexpr const char* avg = "halfvec_avg";
};

template <class T>
Datum accum(FunctionCallInfo fcinfo) {
  const State old = state_argument(fcinfo, 0, Names<T>::accum);
  const DenseArg<T> v(fcinfo, 1);
  if (old.dim > 0) check_expected_dim(old.dim, v.dim());
  const State s = writable(fcinfo, old, v.dim());
  accumulate<T>(s.sums, v.x(), v.dim());
  return PointerGetDatum(s.array);
}

template <class T>
Datum average_of(FunctionCallInfo fcinfo) {
  const State s = state_argument(fcinfo, 0, Names<T>::avg);
  if (s.sums[0] == 0) PG_RETURN_NULL();
  check_dim(s.dim, kMaxDim, T::kName);
  auto* out = make_dense<T>(s.dim);
  average<T>(s.sums, s.dim, out->x, write_float);
  return PointerGetDatum(out);
}

}  // namespace
}  // namespace rv::pg

RV_FUNCTION(rv_vector_accum)
{ return rv::pg::accum<rv::Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_accum)
{ return rv::pg::accum<rv::Halfvec>(fcinfo); }
RV_FUNCTION(rv_vector_avg)
{ return rv::pg::average_of<rv::Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_avg)
{ return rv::pg::average_of<rv::Halfvec>(fcinfo); }

RV_FUNCTION(rv_vector_combine)
{
  const auto a = rv::pg::state_argument(fcinfo, 0, "vector_combine");
  const auto b = rv::pg::state_argument(fcinfo, 1, "vector_combine");
  // Two workers without a row; a direct call gets pgvector's error from the check below.
  if (b.dim == 0 && a.dim == 0 && AggCheckCallContext(fcinfo, nullptr) != 0)
    return PG_GETARG_DATUM(0);
  const int dim = a.dim > 0 ? a.dim : b.dim;
  rv::check_dim(dim, rv::kMaxDim, rv::Vector::kName);
  if (b.dim > 0) rv::check_expected_dim(dim, b.dim);
  const auto s = rv::pg::writable(fcinfo, a, dim);
  rv::combine_states(s.sums, b.sums, b.dim);
  return PointerGetDatum(s.array);
}
