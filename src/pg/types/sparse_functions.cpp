// I/O, distances, comparison and hashing of sparsevec.
#include <cmath>

#include "core/types/sparse_lookup.h"
#include "pg/base/message.h"
#include "pg/base/row_prefetch.h"
#include "pg/types/sparse_datum.h"

using namespace rv;
using namespace rv::pg;

namespace {

// The second argument, prepared when it is the same in a row of calls: a scan's query. One for the
// backend: a scan mostly has one query, and comparing it with the last costs a few nanoseconds.
double inner_product_of(const SparsePair& p) {
  static auto* const query =
      new SparseLookup();  // never destroyed, like all of a backend's statics
  static constinit RowPrefetch rows;
  rows.expect_next(p.a().indices, sparse_size(p.a().nnz));
  if (!query->holds(p.b())) {
    query->remember(p.b());
    return sparse_inner_product(p.a(), p.b());
  }
  if (!query->prepared()) query->prepare();
  return query->ready() ? query->inner_product(p.a()) : sparse_inner_product(p.a(), p.b());
}

}  // namespace

RV_FUNCTION(rv_sparsevec_in)
{ return sparse_datum(parse_sparse(cstring_argument(fcinfo, 0), PG_GETARG_INT32(2)).view()); }

RV_FUNCTION(rv_sparsevec_out)
{
  const SparseArg v(fcinfo, 0);
  const std::size_t bound = sparse_text_bound(v.view().nnz);
  char* out = call([bound] { return static_cast<char*>(palloc(bound)); });
  format_sparse(v.view(), out, write_float);
  return CStringGetDatum(out);
}

RV_FUNCTION(rv_sparsevec_typmod_in)
{
  const auto t = typmods_argument(fcinfo, 0);
  return Int32GetDatum(check_typmod(t.values, t.count, kMaxSparseDim, kSparseName));
}

RV_FUNCTION(rv_sparsevec_recv)
{
  MessageArg message(fcinfo, 0);
  const SparseShape shape = decode_sparse_shape(message.reader(), PG_GETARG_INT32(2));
  const NewSparse result(shape.dim, shape.nnz);
  decode_sparse_entries(message.reader(), shape, result.entries);
  return result.datum;
}

RV_FUNCTION(rv_sparsevec_send)
{
  const SparseArg v(fcinfo, 0);
  const NewBytea result(sparse_size(v.view().nnz));
  encode_sparse(v.view(), result.bytes);
  return result.datum;
}

RV_FUNCTION(rv_sparsevec_l2_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(std::sqrt(sparse_l2_squared(p.a(), p.b())));
}
RV_FUNCTION(rv_sparsevec_l2_squared_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_l2_squared(p.a(), p.b()));
}
RV_FUNCTION(rv_sparsevec_inner_product)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(inner_product_of(p));
}
RV_FUNCTION(rv_sparsevec_negative_inner_product)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(-inner_product_of(p));
}
RV_FUNCTION(rv_sparsevec_cosine_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_cosine_distance(p.a(), p.b()));
}
RV_FUNCTION(rv_sparsevec_cosine_similarity)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(1 - sparse_cosine_distance(p.a(), p.b()));
}
RV_FUNCTION(rv_sparsevec_l1_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_l1_distance(p.a(), p.b()));
}
RV_FUNCTION(rv_sparsevec_l2_norm)
{ return Float8GetDatum(sparse_l2_norm(SparseArg(fcinfo, 0).view())); }

RV_FUNCTION(rv_sparsevec_l2_normalize)
{
  const SparseArg v(fcinfo, 0);
  const NewSparse all(v.view().dim, v.view().nnz);
  const int kept = sparse_l2_normalize(v.view(), all.entries);
  if (kept == v.view().nnz) return all.datum;
  return sparse_datum({v.view().dim, kept, all.entries.indices, all.entries.values});
}

namespace {

int compared(FunctionCallInfo fcinfo) {
  const SparseArg a(fcinfo, 0), b(fcinfo, 1);
  return sparse_compare(a.view(), b.view());
}

}  // namespace

RV_FUNCTION(rv_sparsevec_cmp)
{ return Int32GetDatum(compared(fcinfo)); }
RV_FUNCTION(rv_sparsevec_lt)
{ return BoolGetDatum(compared(fcinfo) < 0); }
RV_FUNCTION(rv_sparsevec_le)
{ return BoolGetDatum(compared(fcinfo) <= 0); }
RV_FUNCTION(rv_sparsevec_eq)
{ return BoolGetDatum(compared(fcinfo) == 0); }
RV_FUNCTION(rv_sparsevec_ne)
{ return BoolGetDatum(compared(fcinfo) != 0); }
RV_FUNCTION(rv_sparsevec_ge)
{ return BoolGetDatum(compared(fcinfo) >= 0); }
RV_FUNCTION(rv_sparsevec_gt)
{ return BoolGetDatum(compared(fcinfo) > 0); }

RV_FUNCTION(rv_sparsevec_hash)
{ return UInt32GetDatum(static_cast<uint32>(sparse_hash(SparseArg(fcinfo, 0).view(), 0))); }
RV_FUNCTION(rv_sparsevec_hash_extended)
{
  const auto seed = static_cast<uint64>(PG_GETARG_INT64(1));
  return UInt64GetDatum(sparse_hash(SparseArg(fcinfo, 0).view(), seed));
}
