// vector and halfvec as PostgreSQL sees them. The layout is public (include/ruvector/ruvector.h).
#pragma once

#include <span>
#include <string>

#include "core/types/dense.h"
#include "pg/base/datum.h"
#include "pg/base/varlena_arg.h"
#include "ruvector/ruvector.h"

namespace rv::pg {

template <class T>
struct DenseVarlena {
  int32 vl_len_;
  int16 dim;
  int16 unused;
  typename T::Element x[1];  // dim of them
};
static_assert(offsetof(DenseVarlena<Vector>, x) == offsetof(RuvectorVector, x));
static_assert(offsetof(DenseVarlena<Halfvec>, x) == offsetof(RuvectorHalfvec, x));

// Argument n of the function, checked to be as long as its dimension says.
template <class T>
class DenseArg {
 public:
  using Element = typename T::Element;
  DenseArg(FunctionCallInfo fcinfo, int n) : bytes_(fcinfo, n) {
    int16 dim = 0;
    if (bytes_.size() >= 4) std::memcpy(&dim, bytes_.data(), sizeof dim);
    dim_ = dim;
    if (dim < 1 || bytes_.size() != 4 + sizeof(Element) * static_cast<std::size_t>(dim_))
      throw Error(ErrorCode::corrupted_data,
                  std::string(T::kName) + " value of " + std::to_string(bytes_.size()) +
                      " bytes does not have the " + std::to_string(dim_) + " dimensions it claims");
  }
  int dim() const noexcept { return dim_; }
  const Element* x() const noexcept { return reinterpret_cast<const Element*>(bytes_.data() + 4); }

 private:
  VarlenaArg bytes_;
  int dim_;
};

// Two arguments of equal dimension.
template <class T>
struct DensePair {
  DenseArg<T> a, b;
  explicit DensePair(FunctionCallInfo fcinfo) : a(fcinfo, 0), b(fcinfo, 1) {
    if (unlikely(a.dim() != b.dim())) check_same_dim(a.dim(), b.dim(), T::kName);
  }
  int dim() const noexcept { return a.dim(); }
};

template <class T>
DenseVarlena<T>* make_dense(int dim) {
  const auto size = offsetof(DenseVarlena<T>, x) + sizeof(typename T::Element) * std::size_t(dim);
  auto* v = static_cast<DenseVarlena<T>*>(palloc_varlena(size));
  v->dim = static_cast<int16>(dim);
  return v;
}

// A vector of the elements rounded to float; 22003 where one does not fit.
Datum vector_datum(std::span<const double> x);

}  // namespace rv::pg
