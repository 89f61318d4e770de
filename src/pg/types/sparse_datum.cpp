#include "pg/types/sparse_datum.h"

#include <algorithm>

namespace rv::pg {

NewSparse::NewSparse(int dim, int nnz) {
  auto* v = static_cast<RuvectorSparsevec*>(palloc_varlena(VARHDRSZ + sparse_size(nnz)));
  v->dim = dim;
  v->nnz = nnz;
  datum = PointerGetDatum(v);
  entries = {v->indices, reinterpret_cast<float*>(v->indices + nnz)};
}

Datum sparse_datum(const SparseView& v) {
  const NewSparse to(v.dim, v.nnz);
  std::copy_n(v.indices, v.nnz, to.entries.indices);
  std::copy_n(v.values, v.nnz, to.entries.values);
  return to.datum;
}

}  // namespace rv::pg
