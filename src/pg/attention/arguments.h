// Arguments of the attention functions: vectors, arrays of vectors, the type with its parameters.
#pragma once

#include <span>
#include <string>

#include "core/attention/attend.h"
#include "core/attention/types.h"
#include "pg/base/memory.h"
#include "pg/base/toast_reader.h"
#include "pg/types/dense_datum.h"

namespace rv::pg {

// A type ready to be used.
struct Prepared {
  std::string type;  // canonical
  attention::Params params;
};

// A vector datum's elements; out-of-line values are read through `reader` and valid until its next
// use, others as long as the datum or the current memory context.
std::span<const float> vector_elements(Datum vector, ToastReader& reader);

// The elements of a vector[] without NULLs (22004), all of one dimension (22000).
struct VectorArray {
  const varlena* const* items = nullptr;
  std::size_t count = 0;
  std::size_t dim = 0;
  std::span<const float> operator[](std::size_t i) const noexcept {
    return {reinterpret_cast<const DenseVarlena<Vector>*>(items[i])->x, dim};
  }
};
VectorArray vector_array_argument(FunctionCallInfo fcinfo, int n, const char* what);

attention::Matrix matrix_of(const VectorArray& rows);
attention::Matrix matrix_of(std::span<const float> row);

// As the server's type named `vector` in the extension's schema: the element type of vector[].
Oid vector_type_of_array_argument(FunctionCallInfo fcinfo, int n);

// Type (a name, NULL: the setting ruvector.attention_type) and parameters (jsonb, NULL: none) of
// arguments n and m; m < 0: no parameters. Kept in fn_extra for calls with the same two, and read
// again when a stored type could have changed.
const Prepared& prepared_argument(FunctionCallInfo fcinfo, int n, int m);
// One reader per argument of the call site, 4 of them.
ToastReader& toast_reader(FunctionCallInfo fcinfo, int n);

// Without cache.
Prepared prepare(FunctionCallInfo fcinfo, const std::string& type, Datum params, bool has_params,
                 bool* stored = nullptr);

const char* default_attention_type();

}  // namespace rv::pg
