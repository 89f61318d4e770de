#include "pg/base/varlena_arg.h"

namespace rv::pg {

void VarlenaArg::detoast(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  const varlena* flat =
      call([d] { return pg_detoast_datum(reinterpret_cast<varlena*>(DatumGetPointer(d))); });
  data_ = reinterpret_cast<const std::byte*>(VARDATA_4B(flat));
  size_ = VARSIZE_4B(flat) - VARHDRSZ;
}

}  // namespace rv::pg
