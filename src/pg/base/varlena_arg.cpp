#include "pg/base/varlena_arg.h"

#include "pg/base/memory.h"
#include "pg/base/toast_reader.h"

namespace rv::pg {
namespace {

// One reader per argument of a call site: the two columns of `a.v <-> b.v` are two sequences.
struct Readers {
  explicit Readers(MemoryContext context) : of{ToastReader(context), ToastReader(context)} {}
  ToastReader of[2];
};

}  // namespace

void VarlenaArg::detoast(FunctionCallInfo fcinfo, int n) {
  const auto* toasted = reinterpret_cast<const varlena*>(DatumGetPointer(fcinfo->args[n].value));
  const varlena* flat;
  FmgrInfo* const info = fcinfo->flinfo;
  // Called directly, from C code without a call site to remember: nothing to cache in.
  if (info == nullptr || info->fn_mcxt == nullptr || n > 1) {
    flat = call([toasted] { return pg_detoast_datum(const_cast<varlena*>(toasted)); });
  } else {
    if (info->fn_extra == nullptr)
      info->fn_extra = make_owned_by<Readers>(info->fn_mcxt, info->fn_mcxt);
    flat = static_cast<Readers*>(info->fn_extra)->of[n].read(toasted);
  }
  data_ = reinterpret_cast<const std::byte*>(VARDATA(flat));
  size_ = VARSIZE(flat) - VARHDRSZ;
}

}  // namespace rv::pg
