#include "core/types/dense_binary.h"

#include <string>

#include "core/base/error.h"

namespace rv {

template <class T>
int decode_dense_dim(BinaryReader& in, int expected_dim) {
  const int dim = in.read<std::int16_t>(), unused = in.read<std::int16_t>();
  check_dim(dim, kMaxDim, T::kName);
  check_expected_dim(expected_dim, dim);
  if (unused != 0)
    throw Error(ErrorCode::data_exception,
                "expected unused to be 0, not " + std::to_string(unused));
  return dim;
}

template <class T>
void decode_dense(BinaryReader& in, int dim, typename T::Element* out) {
  in.read_array(out, static_cast<std::size_t>(dim));
  for (int i = 0; i < dim; ++i) check_finite(to_float(out[i]), T::kName);
}

template <class T>
void encode_dense(const typename T::Element* x, int dim, std::span<std::byte> out) {
  BinaryWriter to(out);
  to.write(static_cast<std::int16_t>(dim));
  to.write(std::int16_t{0});
  to.write_array(x, static_cast<std::size_t>(dim));
}

#define RV_INSTANTIATE(T)                                         \
  template int decode_dense_dim<T>(BinaryReader&, int);           \
  template void decode_dense<T>(BinaryReader&, int, T::Element*); \
  template void encode_dense<T>(const T::Element*, int, std::span<std::byte>);
RV_INSTANTIATE(Vector)
RV_INSTANTIATE(Halfvec)
#undef RV_INSTANTIATE

}  // namespace rv
