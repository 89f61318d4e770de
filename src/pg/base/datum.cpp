#include "pg/base/datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {

MemoryContext aggregate_context(FunctionCallInfo fcinfo, const char* what) {
  MemoryContext context;
  if (AggCheckCallContext(fcinfo, &context) == 0)
    throw Error(ErrorCode::wrong_state, std::string(what) + " called outside an aggregate");
  return context;
}

Datum record_datum(FunctionCallInfo fcinfo, const Datum* values, const bool* nulls) {
  return call([&] {
    TupleDesc description;
    if (get_call_result_type(fcinfo, nullptr, &description) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description),
                                             const_cast<Datum*>(values), const_cast<bool*>(nulls)));
  });
}

ArrayType* plain_array(Datum datum) {
  ArrayType* array = DatumGetArrayTypeP(datum);
  if (ARR_NDIM(array) > 1)
    ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("array must be 1-D")));
  if (ARR_HASNULL(array) && array_contains_nulls(array))
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));
  return array;
}

FloatArray float_array_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  return call([d] {
    ArrayType* array = plain_array(d);
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
    Datum* elements;
    int count;
    deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &elements, nullptr,
                      &count);
    auto* values = static_cast<float*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * (Size(count) + 1)));
    for (int i = 0; i < count; ++i) {
      switch (ARR_ELEMTYPE(array)) {
        case INT4OID:
          values[i] = static_cast<float>(DatumGetInt32(elements[i]));
          break;
        case FLOAT4OID:
          values[i] = DatumGetFloat4(elements[i]);
          break;
        case FLOAT8OID:
          values[i] = static_cast<float>(DatumGetFloat8(elements[i]));
          break;
        case NUMERICOID:
          values[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, elements[i]));
          break;
        default:
          ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("unsupported array type")));
      }
    }
    pfree(elements);
    return FloatArray{values, count};
  });
}

Datum float4_array_datum(const float* values, int count) {
  return call([values, count] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * Size(count)));
    for (int i = 0; i < count; ++i) elements[i] = Float4GetDatum(values[i]);
    ArrayType* array =
        construct_array(elements, count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
    pfree(elements);
    return PointerGetDatum(array);
  });
}

std::vector<std::string> text_array(Datum array) {
  int n = 0;
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  call([&] {
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
                      &nulls, &n);
  });
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) {
    if (nulls[i]) continue;
    const Datum e = elements[i];
    const char* t = call([e] { return TextDatumGetCString(e); });
    out.emplace_back(t);
  }
  return out;
}

}  // namespace rv::pg
