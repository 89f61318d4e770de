// ruvector_embed_text() and ruvector_text_idf().
#include "core/text/embed.h"
#include "pg/base/memory.h"
#include "pg/types/dense_datum.h"

using namespace rv;
using namespace rv::pg;

namespace {

int dimension_argument(FunctionCallInfo fcinfo, int n, const char* what) {
  const int value = PG_GETARG_INT32(n);
  if (value < 1 || value > kMaxDim)
    throw Error(ErrorCode::invalid_argument, std::string(what) + " must be between 1 and " +
                                                 std::to_string(kMaxDim) + ", not " +
                                                 std::to_string(value));
  return value;
}

}  // namespace

// Not strict: a NULL idf means unweighted.
RV_FUNCTION(rv_embed_text)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const int dim = dimension_argument(fcinfo, 1, "number of dimensions");
  const auto input = text_argument(fcinfo, 0);
  auto* out = make_dense<Vector>(dim);
  if (PG_ARGISNULL(2)) {
    rv::text::embed(input, {}, out->x, static_cast<std::size_t>(dim));
  } else {
    const Datum d = PG_GETARG_DATUM(2);
    const auto* idf =
        call([d] { return reinterpret_cast<DenseVarlena<Vector>*>(PG_DETOAST_DATUM(d)); });
    rv::text::embed(input, {idf->x, static_cast<std::size_t>(idf->dim)}, out->x,
                    static_cast<std::size_t>(dim));
  }
  return PointerGetDatum(out);
}

RV_FUNCTION(rv_text_idf_accum)
{
  const MemoryContext context = aggregate_context(fcinfo, "rv_text_idf_accum");
  auto* state = PG_ARGISNULL(0)
                    ? nullptr
                    : reinterpret_cast<rv::text::DocumentFrequencies*>(PG_GETARG_POINTER(0));
  if (state == nullptr) {
    const int buckets = PG_NARGS() > 2 ? dimension_argument(fcinfo, 2, "number of buckets") : 8192;
    state =
        make_owned_by<rv::text::DocumentFrequencies>(context, static_cast<std::size_t>(buckets));
  }
  if (!PG_ARGISNULL(1)) state->add(text_argument(fcinfo, 1));
  return PointerGetDatum(state);
}

RV_FUNCTION(rv_text_idf_final)
{
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const auto* state = reinterpret_cast<rv::text::DocumentFrequencies*>(PG_GETARG_POINTER(0));
  auto* out = make_dense<Vector>(static_cast<int>(state->buckets()));
  state->idf(out->x);
  return PointerGetDatum(out);
}
