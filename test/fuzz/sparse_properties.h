// The properties of sparsevec's text and binary forms.
#pragma once

#include <cmath>

#include "core/types/sparse.h"
#include "fuzz.h"

namespace rv::fuzz {

inline bool same(const SparseBuffer& a, const SparseBuffer& b) {
  return a.dim == b.dim && same_bytes(a.indices, b.indices) && same_bytes(a.values, b.values);
}

inline std::string format(const SparseView& v) {
  auto out = exact<char>(sparse_text_bound(v.nnz));
  const std::size_t length = format_sparse(v, out.data(), write_float_shortest);
  FUZZ_CHECK(length < out.size() && out[length] == '\0');
  return std::string(out.data(), length);
}

inline SparseBuffer decode(BinaryReader& in, int expected_dim = -1) {
  const SparseShape shape = decode_sparse_shape(in, expected_dim);
  SparseBuffer v;
  v.dim = shape.dim;
  v.indices = exact<std::int32_t>(static_cast<std::size_t>(shape.nnz));
  v.values = exact<float>(static_cast<std::size_t>(shape.nnz));
  decode_sparse_entries(in, shape, {v.indices.data(), v.values.data()});
  return v;
}

inline std::vector<std::byte> encode(const SparseView& v) {
  auto out = exact<std::byte>(sparse_size(v.nnz));
  encode_sparse(v, out);
  return out;
}

// Of every value that was accepted in either form.
inline void check_value(const SparseBuffer& value) {
  const SparseView v = value.view();
  FUZZ_CHECK(v.dim >= 1 && v.dim <= kMaxSparseDim);
  FUZZ_CHECK(v.nnz >= 0 && v.nnz <= kMaxSparseNnz && v.nnz <= v.dim);
  for (int i = 0; i < v.nnz; ++i) {
    FUZZ_CHECK(v.indices[i] > (i > 0 ? v.indices[i - 1] : -1) && v.indices[i] < v.dim);
    FUZZ_CHECK(std::isfinite(v.values[i]) && v.values[i] != 0);
  }

  const std::string text = format(v);
  FUZZ_CHECK(same(parse_sparse(text, v.dim), value));
  if (v.nnz < kLong)
    FUZZ_CHECK(
        !accepted([&] { return parse_sparse(text, v.dim + 1).dim; }, {ErrorCode::data_exception}));

  const auto bytes = encode(v);
  BinaryReader in(bytes);
  FUZZ_CHECK(same(decode(in, v.dim), value));
  FUZZ_CHECK(in.remaining() == 0);

  FUZZ_CHECK(sparse_compare(v, v) == 0);
  FUZZ_CHECK(sparse_l2_squared(v, v) == 0 && sparse_l1_distance(v, v) == 0);
}

}  // namespace rv::fuzz
