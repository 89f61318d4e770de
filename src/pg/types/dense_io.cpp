// Text, binary and type-modifier functions of vector and halfvec.
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
  auto* buf = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const auto next16 = [buf] {
    return call([buf] { return static_cast<int16>(pq_getmsgint(buf, 2)); });
  };
  const int dim = next16();
  const int unused = next16();
  check_dim(dim, kMaxDim, T::kName);
  check_expected_dim(PG_GETARG_INT32(2), dim);
  if (unused != 0)
    throw Error(ErrorCode::data_exception,
                "expected unused to be 0, not " + std::to_string(unused));
  auto* v = make_dense<T>(dim);
  call([buf, v, dim] {
    for (int i = 0; i < dim; ++i) {
      if constexpr (sizeof(typename T::Element) == 4)
        v->x[i] = pq_getmsgfloat4(buf);
      else
        v->x[i] = static_cast<uint16>(pq_getmsgint(buf, 2));
    }
  });
  for (int i = 0; i < dim; ++i) check_finite(to_float(v->x[i]), T::kName);
  return PointerGetDatum(v);
}

template <class T>
Datum dense_send(FunctionCallInfo fcinfo) {
  const DenseArg<T> v(fcinfo, 0);
  return call([&v] {
    StringInfoData buf;
    pq_begintypsend(&buf);
    pq_sendint16(&buf, static_cast<uint16>(v.dim()));
    pq_sendint16(&buf, 0);
    for (int i = 0; i < v.dim(); ++i) {
      if constexpr (sizeof(typename T::Element) == 4)
        pq_sendfloat4(&buf, v.x()[i]);
      else
        pq_sendint16(&buf, v.x()[i]);
    }
    return PointerGetDatum(pq_endtypsend(&buf));
  });
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
