// sparsevec: validation, text and binary form, distances and conversions over index/value arrays.
//
// A valid value has 1 <= dim <= kMaxSparseDim, at most kMaxSparseNnz entries, 0-based strictly
// ascending indices below dim, and finite values that are not zero. Semantics are pgvector's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/binary_reader.h"
#include "core/types/text_format.h"

namespace rv {

inline constexpr int kMaxSparseDim = 1'000'000'000;
inline constexpr int kMaxSparseNnz = 16000;
inline constexpr const char* kSparseName = "sparsevec";

struct SparseView {
  std::int32_t dim;
  std::int32_t nnz;
  const std::int32_t* indices;
  const float* values;
};

// Where a function puts the entries of its result.
struct SparseEntries {
  std::int32_t* indices;
  float* values;
};

void check_sparse_nnz(std::int64_t nnz, int dim);  // 22000, 54000
// Bounds, order, duplicates, and finite non-zero values: 22000.
void check_sparse(const SparseView& v);

// Stored form, after the length word: int32 dim, nnz, 0; int32 indices[nnz]; float values[nnz], in
// the machine's byte order and aligned to 4.
inline constexpr std::size_t kSparseHeader = 12;
constexpr std::size_t sparse_size(int nnz) noexcept {
  return kSparseHeader + 8 * static_cast<std::size_t>(nnz);
}
// Looks at a stored value. Checks that it is as long as it says (XX001), which is all that memory
// safety needs; the entries were checked when the value was made.
SparseView view_sparse(std::span<const std::byte> stored);

// Text form: "{1:1.5,3:2}/5", 1-based.
struct SparseBuffer {
  std::int32_t dim = 0;
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  SparseView view() const noexcept {
    return {dim, static_cast<std::int32_t>(indices.size()), indices.data(), values.data()};
  }
};
// Entries may come in any order, zeros are dropped; 22P02, 22003, 22000, 54000. expected_dim -1:
// any. `literal` must be followed by a NUL byte.
SparseBuffer parse_sparse(std::string_view literal, int expected_dim);
constexpr std::size_t sparse_text_bound(int nnz) noexcept {
  return static_cast<std::size_t>(nnz) * (kMaxFloatText + 13) + 16;
}
// Writes the text and a NUL into `out`, which has room for sparse_text_bound(nnz) bytes; returns
// the length without the NUL.
std::size_t format_sparse(const SparseView& v, char* out, FloatWriter write);

// Binary form: as stored, big endian. Reading is in two steps, so that the caller can make room.
struct SparseShape {
  int dim;
  int nnz;
};
SparseShape decode_sparse_shape(BinaryReader& in, int expected_dim);  // 08P01, 22000, 54000
void decode_sparse_entries(BinaryReader& in, SparseShape shape, SparseEntries out);
// `out` has sparse_size(nnz) bytes.
void encode_sparse(const SparseView& v, std::span<std::byte> out);

// From and to dense arrays. The count of the non-zero among n values (54000 when they are too
// many), then the entries themselves; 22000 for NaN and infinity.
int count_nonzero(std::span<const float> x);
void sparse_from_dense(std::span<const float> x, SparseEntries out);
// out[indices[i]] = values[i]; `out` has dim elements, zeroed. XX001 for an index outside.
void sparse_to_dense(const SparseView& v, std::span<float> out);

// Distances; dimensions must be equal. Float32 sums, as pgvector's; in several accumulators but for
// the inner product, which adds in the order of the indices.
double sparse_inner_product(const SparseView& a, const SparseView& b) noexcept;
double sparse_l2_squared(const SparseView& a, const SparseView& b) noexcept;
double sparse_l1_distance(const SparseView& a, const SparseView& b) noexcept;
// 1 - cosine similarity, in [0, 2]; NaN when a norm is zero.
double sparse_cosine_distance(const SparseView& a, const SparseView& b) noexcept;
double sparse_l2_norm(const SparseView& a) noexcept;

// a / |a| into `out`, which has room for nnz entries; returns how many did not vanish. 22003 when
// a value overflows.
int sparse_l2_normalize(const SparseView& a, SparseEntries out);

// Compares as the dense vectors would compare, in O(nnz): -1, 0, 1.
int sparse_compare(const SparseView& a, const SparseView& b) noexcept;
// Equal values hash equal, on every machine.
std::uint64_t sparse_hash(const SparseView& a, std::uint64_t seed) noexcept;

}  // namespace rv
