// sparsevec as PostgreSQL sees it. The layout is public (include/ruvector/ruvector.h).
#pragma once

#include "core/types/sparse.h"
#include "pg/base/datum.h"
#include "pg/base/varlena_arg.h"
#include "ruvector/ruvector.h"

namespace rv::pg {

class SparseArg {
 public:
  SparseArg(FunctionCallInfo fcinfo, int n);
  const SparseView& view() const noexcept { return view_; }

 private:
  VarlenaArg bytes_;
  SparseView view_;
};

// Two arguments of equal dimension.
struct SparsePair {
  SparseArg a, b;
  explicit SparsePair(FunctionCallInfo fcinfo);
};

// A new datum with room for nnz entries.
struct SparseResult {
  RuvectorSparsevec* datum;
  std::int32_t* indices;
  float* values;
};
SparseResult make_sparse(int dim, int nnz);
Datum sparse_datum(const SparseBuffer& from);

}  // namespace rv::pg
