// Text, binary and type-modifier functions of vector and halfvec.
#include "core/types/dense_binary.h"
#include "pg/base/message.h"
#include "pg/types/dense_datum.h"

namespace rv::pg {
namespace {

template <class T>
Datum dense_in(FunctionCallInfo fcinfo) {
  const auto literal = cstring_argument(fcinfo, 0);
  const int capacity = count_elements(literal);
  auto* v = make_dense<T>(capacity);
  const int dim = parse_dense<T>(literal, PG_GETARG_INT32(2), v->x, capacity);
  v->dim = static_cast<int16>(dim);
  SET_VARSIZE(v, offsetof(DenseVarlena<T>, x) + sizeof(typename T::Element) * std::size_t(dim));
  return PointerGetDatum(v);
}

template <class T>
Datum dense_out(FunctionCallInfo fcinfo) {
  const DenseArg<T> v(fcinfo, 0);
  const std::size_t bound = dense_text_bound(v.dim());
  char* out = call([bound] { return static_cast<char*>(palloc(bound)); });
  format_dense<T>(v.x(), v.dim(), out, write_float);
  return CStringGetDatum(out);
}

template <class T>
Datum dense_recv(FunctionCallInfo fcinfo) {
  MessageArg message(fcinfo, 0);
  const int dim = decode_dense_dim<T>(message.reader(), PG_GETARG_INT32(2));
  auto* v = make_dense<T>(dim);
  decode_dense<T>(message.reader(), dim, v->x);
  return PointerGetDatum(v);
}

template <class T>
Datum dense_send(FunctionCallInfo fcinfo) {
  const DenseArg<T> v(fcinfo, 0);
  const NewBytea result(dense_binary_size<T>(v.dim()));
  encode_dense<T>(v.x(), v.dim(), result.bytes);
  return result.datum;
}

template <class T>
Datum dense_typmod_in(FunctionCallInfo fcinfo) {
  const auto t = typmods_argument(fcinfo, 0);
  return Int32GetDatum(check_typmod(t.values, t.count, kMaxDim, T::kName));
}

}  // namespace
}  // namespace rv::pg

using rv::Halfvec;
using rv::Vector;

RV_FUNCTION(rv_vector_in)
{ return rv::pg::dense_in<Vector>(fcinfo); }
RV_FUNCTION(rv_vector_out)
{ return rv::pg::dense_out<Vector>(fcinfo); }
RV_FUNCTION(rv_vector_recv)
{ return rv::pg::dense_recv<Vector>(fcinfo); }
RV_FUNCTION(rv_vector_send)
{ return rv::pg::dense_send<Vector>(fcinfo); }
RV_FUNCTION(rv_vector_typmod_in)
{ return rv::pg::dense_typmod_in<Vector>(fcinfo); }
RV_FUNCTION(rv_halfvec_in)
{ return rv::pg::dense_in<Halfvec>(fcinfo); }
RV_FUNCTION(rv_halfvec_out)
{ return rv::pg::dense_out<Halfvec>(fcinfo); }
RV_FUNCTION(rv_halfvec_recv)
{ return rv::pg::dense_recv<Halfvec>(fcinfo); }
RV_FUNCTION(rv_halfvec_send)
{ return rv::pg::dense_send<Halfvec>(fcinfo); }
RV_FUNCTION(rv_halfvec_typmod_in)
{ return rv::pg::dense_typmod_in<Halfvec>(fcinfo); }
