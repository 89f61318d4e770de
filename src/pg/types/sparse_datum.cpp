#include "pg/types/sparse_datum.h"

#include "core/types/dense.h"

namespace rv::pg {
namespace {
constexpr std::size_t kHeader = 12;  // dim, nnz, unused
}

SparseArg::SparseArg(FunctionCallInfo fcinfo, int n) : bytes_(fcinfo, n) {
  std::int32_t head[2] = {0, -1};
  if (bytes_.size() >= kHeader) std::memcpy(head, bytes_.data(), sizeof head);
  const auto entries = static_cast<std::size_t>(head[1]);
  if (head[1] < 0 || bytes_.size() != kHeader + 8 * entries)
    throw Error(ErrorCode::corrupted_data, "sparsevec value of " + std::to_string(bytes_.size()) +
                                               " bytes does not have the " +
                                               std::to_string(head[1]) + " elements it claims");
  const auto* indices = reinterpret_cast<const std::int32_t*>(bytes_.data() + kHeader);
  view_ = {head[0], head[1], indices, reinterpret_cast<const float*>(indices + head[1])};
}

SparsePair::SparsePair(FunctionCallInfo fcinfo) : a(fcinfo, 0), b(fcinfo, 1) {
  check_same_dim(a.view().dim, b.view().dim, kSparseName);
}

SparseResult make_sparse(int dim, int nnz) {
  const auto size = VARHDRSZ + kHeader + 8 * static_cast<std::size_t>(nnz);
  auto* v = static_cast<RuvectorSparsevec*>(palloc_varlena(size));
  v->dim = dim;
  v->nnz = nnz;
  return {v, v->indices, reinterpret_cast<float*>(v->indices + nnz)};
}

Datum sparse_datum(const SparseBuffer& from) {
  const auto r = make_sparse(from.dim, static_cast<int>(from.entries.size()));
  for (std::size_t i = 0; i < from.entries.size(); ++i) {
    r.indices[i] = from.entries[i].index;
    r.values[i] = from.entries[i].value;
  }
  return PointerGetDatum(r.datum);
}

}  // namespace rv::pg
