// Varlena arguments of the hot functions (distances): no copy when the value is inline, no
// allocation when it is packed with a one-byte header, and a fast path when it is out of line.
#pragma once

#include <cstddef>

#include "pg/base/guard.h"

namespace rv::pg {

// The bytes of argument `n` after the length word, aligned to 4. Valid for the life of this
// object. The argument must not be NULL (STRICT functions).
//
// An out-of-line value is read into a buffer cached in flinfo->fn_extra, which this class owns:
// a function that uses VarlenaArg must not use fn_extra for anything else.
class VarlenaArg {
 public:
  VarlenaArg(FunctionCallInfo fcinfo, int n) {
    auto* v = reinterpret_cast<const varlena*>(DatumGetPointer(fcinfo->args[n].value));
    if (likely(VARATT_IS_4B_U(v))) {
      data_ = reinterpret_cast<const std::byte*>(VARDATA_4B(v));
      size_ = VARSIZE_4B(v) - VARHDRSZ;
    } else if (VARATT_IS_1B(v) && !VARATT_IS_1B_E(v)) {  // a TOAST pointer is 1B_E
      size_ = VARSIZE_1B(v) - VARHDRSZ_SHORT;
      std::memcpy(packed_, VARDATA_1B(v), size_);
      data_ = packed_;
    } else {
      detoast(fcinfo, n);
    }
  }
  VarlenaArg(const VarlenaArg&) = delete;
  VarlenaArg& operator=(const VarlenaArg&) = delete;

  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  void detoast(FunctionCallInfo fcinfo, int n);  // compressed or out of line

  const std::byte* data_;
  std::size_t size_;
  alignas(8) std::byte packed_[128];
};

}  // namespace rv::pg
