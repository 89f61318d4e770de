// I/O, distances, comparison and hashing of sparsevec.
#include <algorithm>
#include <cmath>

#include "core/types/dense.h"
#include "pg/types/sparse_datum.h"

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_sparsevec_in)
{ return sparse_datum(parse_sparse(cstring_argument(fcinfo, 0), PG_GETARG_INT32(2))); }

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
  auto* buf = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const auto next = [buf] {
    return call([buf] { return static_cast<int32>(pq_getmsgint(buf, 4)); });
  };
  const int32 dim = next(), nnz = next(), unused = next();
  check_dim(dim, kMaxSparseDim, kSparseName);
  check_sparse_nnz(nnz, dim);
  check_expected_dim(PG_GETARG_INT32(2), dim);
  if (unused != 0)
    throw Error(ErrorCode::data_exception,
                "expected unused to be 0, not " + std::to_string(unused));
  const auto r = make_sparse(dim, nnz);
  call([&] {
    for (int i = 0; i < nnz; ++i) r.indices[i] = static_cast<int32>(pq_getmsgint(buf, 4));
    for (int i = 0; i < nnz; ++i) r.values[i] = pq_getmsgfloat4(buf);
  });
  check_sparse({dim, nnz, r.indices, r.values});
  return PointerGetDatum(r.datum);
}

RV_FUNCTION(rv_sparsevec_send)
{
  const SparseArg arg(fcinfo, 0);
  const SparseView& v = arg.view();
  return call([&v] {
    StringInfoData buf;
    pq_begintypsend(&buf);
    pq_sendint32(&buf, static_cast<uint32>(v.dim));
    pq_sendint32(&buf, static_cast<uint32>(v.nnz));
    pq_sendint32(&buf, 0);
    for (int i = 0; i < v.nnz; ++i) pq_sendint32(&buf, static_cast<uint32>(v.indices[i]));
    for (int i = 0; i < v.nnz; ++i) pq_sendfloat4(&buf, v.values[i]);
    return PointerGetDatum(pq_endtypsend(&buf));
  });
}

RV_FUNCTION(rv_sparsevec_l2_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(std::sqrt(sparse_l2_squared(p.a.view(), p.b.view())));
}
RV_FUNCTION(rv_sparsevec_l2_squared_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_l2_squared(p.a.view(), p.b.view()));
}
RV_FUNCTION(rv_sparsevec_inner_product)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_inner_product(p.a.view(), p.b.view()));
}
RV_FUNCTION(rv_sparsevec_negative_inner_product)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(-sparse_inner_product(p.a.view(), p.b.view()));
}
RV_FUNCTION(rv_sparsevec_cosine_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_cosine_distance(p.a.view(), p.b.view()));
}
RV_FUNCTION(rv_sparsevec_l1_distance)
{
  const SparsePair p(fcinfo);
  return Float8GetDatum(sparse_l1_distance(p.a.view(), p.b.view()));
}
RV_FUNCTION(rv_sparsevec_l2_norm)
{ return Float8GetDatum(sparse_l2_norm(SparseArg(fcinfo, 0).view())); }

RV_FUNCTION(rv_sparsevec_l2_normalize)
{
  const SparseArg arg(fcinfo, 0);
  const SparseView& v = arg.view();
  const auto all = make_sparse(v.dim, v.nnz);
  const int kept = sparse_l2_normalize(v, all.indices, all.values);
  if (kept == v.nnz) return PointerGetDatum(all.datum);
  const auto rest = make_sparse(v.dim, kept);  // some values vanished
  std::copy_n(all.indices, kept, rest.indices);
  std::copy_n(all.values, kept, rest.values);
  return PointerGetDatum(rest.datum);
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
