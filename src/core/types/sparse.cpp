#include "core/types/sparse.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/types/dense.h"

namespace rv {
namespace {

// `previous` is -1 before the first entry.
void check_index(std::int32_t index, std::int32_t previous, int dim) {
  if (index < 0 || index >= dim)
    throw Error(ErrorCode::data_exception, "sparsevec index out of bounds");
  if (index < previous)
    throw Error(ErrorCode::data_exception, "sparsevec indices must be in ascending order");
  if (index == previous)
    throw Error(ErrorCode::data_exception, "sparsevec indices must not contain duplicates");
}

void check_indices(const std::int32_t* indices, std::size_t nnz, int dim) {
  for (std::size_t i = 0; i < nnz; ++i) check_index(indices[i], i > 0 ? indices[i - 1] : -1, dim);
}

void check_values(const float* values, std::size_t nnz) {
  for (std::size_t i = 0; i < nnz; ++i) {
    check_finite(values[i], kSparseName);
    if (values[i] == 0)
      throw Error(ErrorCode::data_exception,
                  "binary representation of sparsevec cannot contain zero values");
  }
}

// Reads "1:1.5,3:2}" behind the opening brace; appends what is not zero.
void parse_entries(LiteralReader& in, SparseBuffer& out) {
  in.skip_space();
  if (in.take('}')) return;
  for (;;) {
    in.skip_space();
    const std::int32_t index = in.read_int();
    in.skip_space();
    if (!in.take(':')) in.fail();
    in.skip_space();
    const auto number = in.read_float();
    // pgvector refuses a value that vanishes here, though it accepts it in a dense vector.
    if (number.overflow || number.underflow) in.fail_out_of_range();
    check_finite(number.value, kSparseName);
    if (number.value != 0) {
      out.indices.push_back(index - 1);
      out.values.push_back(number.value);
    }
    in.skip_space();
    if (in.take('}')) return;
    if (!in.take(',')) in.fail();
  }
}

void sort_entries(SparseBuffer& b) {
  if (std::is_sorted(b.indices.begin(), b.indices.end())) return;
  std::vector<std::pair<std::int32_t, float>> entries(b.indices.size());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = {b.indices[i], b.values[i]};
  // Equal indices are an error in any order, so nothing depends on which comes first.
  std::sort(entries.begin(), entries.end());
  for (std::size_t i = 0; i < entries.size(); ++i) std::tie(b.indices[i], b.values[i]) = entries[i];
}

}  // namespace

void check_sparse_nnz(std::int64_t nnz, int dim) {
  if (nnz < 0)
    throw Error(ErrorCode::data_exception, "sparsevec cannot have negative number of elements");
  if (nnz > kMaxSparseNnz)
    throw Error(
        ErrorCode::limit_exceeded,
        "sparsevec cannot have more than " + std::to_string(kMaxSparseNnz) + " non-zero elements");
  if (nnz > dim)
    throw Error(ErrorCode::limit_exceeded, "sparsevec cannot have more elements than dimensions");
}

void check_sparse(const SparseView& v) {
  check_indices(v.indices, static_cast<std::size_t>(v.nnz), v.dim);
  check_values(v.values, static_cast<std::size_t>(v.nnz));
}

SparseView view_sparse(std::span<const std::byte> stored) {
  std::int32_t head[2] = {0, -1};
  if (stored.size() >= kSparseHeader) std::memcpy(head, stored.data(), sizeof head);
  if (head[1] < 0 || stored.size() != sparse_size(head[1]))
    throw Error(ErrorCode::corrupted_data, "sparsevec value of " + std::to_string(stored.size()) +
                                               " bytes does not have the " +
                                               std::to_string(head[1]) + " elements it claims");
  const auto* indices = reinterpret_cast<const std::int32_t*>(stored.data() + kSparseHeader);
  return {head[0], head[1], indices, reinterpret_cast<const float*>(indices + head[1])};
}

SparseBuffer parse_sparse(std::string_view literal, int expected_dim) {
  const auto commas = std::count(literal.begin(), literal.end(), ',');
  if (commas >= kMaxSparseNnz) check_sparse_nnz(commas + 1, kMaxSparseDim);
  SparseBuffer result;
  result.indices.reserve(static_cast<std::size_t>(commas) + 1);
  result.values.reserve(static_cast<std::size_t>(commas) + 1);

  LiteralReader in(literal, kSparseName);
  in.skip_space();
  if (!in.take('{')) in.fail("Vector contents must start with \"{\".");
  parse_entries(in, result);
  in.skip_space();
  if (!in.take('/')) in.fail("Unexpected end of input.");
  in.skip_space();
  result.dim = in.read_int();
  in.skip_space();
  if (!in.at_end()) in.fail("Junk after closing.");
  check_dim(result.dim, kMaxSparseDim, kSparseName);
  check_expected_dim(expected_dim, result.dim);
  sort_entries(result);
  check_indices(result.indices.data(), result.indices.size(), result.dim);
  return result;
}

std::size_t format_sparse(const SparseView& v, char* out, FloatWriter write) {
  char* p = out;
  *p++ = '{';
  for (int i = 0; i < v.nnz; ++i) {
    if (i > 0) *p++ = ',';
    p = std::to_chars(p, p + 11, static_cast<std::int64_t>(v.indices[i]) + 1).ptr;
    *p++ = ':';
    p += write(v.values[i], p);
  }
  *p++ = '}';
  *p++ = '/';
  p = std::to_chars(p, p + 11, v.dim).ptr;
  *p = '\0';
  return static_cast<std::size_t>(p - out);
}

SparseShape decode_sparse_shape(BinaryReader& in, int expected_dim) {
  const auto dim = in.read<std::int32_t>(), nnz = in.read<std::int32_t>(),
             unused = in.read<std::int32_t>();
  check_dim(dim, kMaxSparseDim, kSparseName);
  check_sparse_nnz(nnz, dim);
  check_expected_dim(expected_dim, dim);
  if (unused != 0)
    throw Error(ErrorCode::data_exception,
                "expected unused to be 0, not " + std::to_string(unused));
  return {dim, nnz};
}

void decode_sparse_entries(BinaryReader& in, SparseShape shape, SparseEntries out) {
  const auto nnz = static_cast<std::size_t>(shape.nnz);
  in.read_array(out.indices, nnz);
  check_indices(out.indices, nnz, shape.dim);
  in.read_array(out.values, nnz);
  check_values(out.values, nnz);
}

void encode_sparse(const SparseView& v, std::span<std::byte> out) {
  BinaryWriter to(out);
  to.write(v.dim);
  to.write(v.nnz);
  to.write(std::int32_t{0});
  to.write_array(v.indices, static_cast<std::size_t>(v.nnz));
  to.write_array(v.values, static_cast<std::size_t>(v.nnz));
}

int count_nonzero(std::span<const float> x) {
  const auto n = std::count_if(x.begin(), x.end(), [](float v) { return v != 0; });
  check_sparse_nnz(n, kMaxSparseDim);
  return static_cast<int>(n);
}

void sparse_from_dense(std::span<const float> x, SparseEntries out) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == 0) continue;
    check_finite(x[i], kSparseName);
    *out.indices++ = static_cast<std::int32_t>(i);
    *out.values++ = x[i];
  }
}

void sparse_to_dense(const SparseView& v, std::span<float> out) {
  for (int i = 0; i < v.nnz; ++i) {
    const auto at = static_cast<std::size_t>(v.indices[i]);  // negative: beyond every size
    if (at >= out.size())
      throw Error(ErrorCode::corrupted_data, "sparsevec index " + std::to_string(v.indices[i]) +
                                                 " is not below its dimension " +
                                                 std::to_string(v.dim));
    out[at] = v.values[i];
  }
}

int sparse_l2_normalize(const SparseView& a, SparseEntries out) {
  const double norm = sparse_l2_norm(a);
  int kept = 0;
  for (int i = 0; i < a.nnz && norm > 0; ++i) {
    const auto x = static_cast<float>(a.values[i] / norm);
    if (std::isinf(x)) fail_overflow();
    if (x == 0) continue;  // a value that vanished may not be stored
    out.indices[kept] = a.indices[i];
    out.values[kept++] = x;
  }
  return kept;
}

int sparse_compare(const SparseView& a, const SparseView& b) noexcept {
  int i = 0, j = 0;
  const std::int32_t common = std::min(a.dim, b.dim);
  for (;;) {
    const std::int32_t x = i < a.nnz ? a.indices[i] : common;
    const std::int32_t y = j < b.nnz ? b.indices[j] : common;
    if (x >= common && y >= common) break;
    const float u = x <= y ? a.values[i] : 0.0f, v = y <= x ? b.values[j] : 0.0f;
    if (u < v) return -1;
    if (u > v) return 1;
    i += x <= y;
    j += y <= x;
  }
  return a.dim < b.dim ? -1 : a.dim > b.dim ? 1 : 0;
}

std::uint64_t sparse_hash(const SparseView& a, std::uint64_t seed) noexcept {
  std::uint64_t h = mix64(seed ^ static_cast<std::uint64_t>(a.dim));
  for (int i = 0; i < a.nnz; ++i)
    h = mix64(h ^ (static_cast<std::uint64_t>(static_cast<std::uint32_t>(a.indices[i])) << 32) ^
              std::bit_cast<std::uint32_t>(a.values[i]));
  return h;
}

}  // namespace rv
