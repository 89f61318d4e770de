// sparsevec as PostgreSQL sees it. The layout is public (include/ruvector/ruvector.h).
#pragma once

#include "core/types/dense.h"
#include "core/types/sparse.h"
#include "pg/base/datum.h"
#include "pg/base/varlena_arg.h"
#include "ruvector/ruvector.h"

namespace rv::pg {

static_assert(offsetof(RuvectorSparsevec, indices) == VARHDRSZ + kSparseHeader);

// Argument n of the function.
class SparseArg {
 public:
  SparseArg(FunctionCallInfo fcinfo, int n)
      : bytes_(fcinfo, n), view_(view_sparse({bytes_.data(), bytes_.size()})) {}
  const SparseView& view() const noexcept { return view_; }

 private:
  VarlenaArg bytes_;
  SparseView view_;
};

// Arguments 0 and 1, of equal dimension.
class SparsePair {
 public:
  explicit SparsePair(FunctionCallInfo fcinfo) : a_(fcinfo, 0), b_(fcinfo, 1) {
    if (unlikely(a().dim != b().dim)) check_same_dim(a().dim, b().dim, kSparseName);
  }
  const SparseView& a() const noexcept { return a_.view(); }
  const SparseView& b() const noexcept { return b_.view(); }

 private:
  SparseArg a_, b_;
};

// A new datum with room for nnz entries.
struct NewSparse {
  NewSparse(int dim, int nnz);
  Datum datum;
  SparseEntries entries;
};

// A copy of `v` as a new datum.
Datum sparse_datum(const SparseView& v);

}  // namespace rv::pg
