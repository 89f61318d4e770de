// Small conversions between Datums and C++. Everything that may ereport goes through call().
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
}

namespace rv::pg {

// palloc in the current context, as a varlena of `size` bytes in all, zeroed.
inline void* palloc_varlena(std::size_t size) {
  return call([size] {
    void* p = palloc0(size);
    SET_VARSIZE(p, size);
    return p;
  });
}

inline std::string_view cstring_argument(FunctionCallInfo fcinfo, int n) {
  return {DatumGetCString(fcinfo->args[n].value)};
}

inline Datum text_datum(std::string_view s) {
  return call([&s] {
    return PointerGetDatum(cstring_to_text_with_len(s.data(), static_cast<int>(s.size())));
  });
}

// A text argument's bytes; a detoasted copy lives in the current memory context.
inline std::string_view text_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  const varlena* t = call([d]() -> const varlena* { return PG_DETOAST_DATUM_PACKED(d); });
  return {VARDATA_ANY(t), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(t))};
}

// The memory that an aggregate's state lives in. `what` begins the message of the error (55000)
// that a call outside an aggregate gives.
MemoryContext aggregate_context(FunctionCallInfo fcinfo, const char* what);

// A row of the function's declared result type.
Datum record_datum(FunctionCallInfo fcinfo, const Datum* values, const bool* nulls);
template <std::size_t N>
Datum record_datum(FunctionCallInfo fcinfo, const std::array<Datum, N>& values,
                   const std::array<bool, N>& nulls = {}) {
  return record_datum(fcinfo, values.data(), nulls.data());
}

// How vectors print their elements: as the server prints real.
inline int write_float(float value, char* out) {
  return float_to_shortest_decimal_bufn(value, out);
}

// The typmod list of a type modifier.
struct Typmods {
  const int32* values;
  int count;
};
inline Typmods typmods_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  return call([d] {
    Typmods t{nullptr, 0};
    t.values = ArrayGetIntegerTypmods(DatumGetArrayTypeP(d), &t.count);
    return t;
  });
}

// An array of at most one dimension without NULLs; 22000 and 22004 otherwise. To be used inside
// call().
ArrayType* plain_array(Datum array);

// A numeric array (int4, float4, float8, numeric) widened to float4; 1-D, without NULLs.
struct FloatArray {
  const float* values;
  int count;
};
FloatArray float_array_argument(FunctionCallInfo fcinfo, int n);
Datum float4_array_datum(const float* values, int count);
// The elements of a text[] that are not NULL.
std::vector<std::string> text_array(Datum array);

}  // namespace rv::pg
