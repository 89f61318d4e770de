// sparsevec: validation, text form, distances and conversions over index/value arrays.
// Indices are 0-based and strictly ascending, values are finite and not zero.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

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

struct SparseEntry {
  std::int32_t index;
  float value;
};
struct SparseBuffer {
  std::int32_t dim = 0;
  std::vector<SparseEntry> entries;  // ascending
};

void check_sparse_nnz(std::int64_t nnz, int dim);  // 22000, 54000
// Bounds, order, duplicates and finite non-zero values of what arrived in binary form.
void check_sparse(const SparseView& v);

// "{1:1.5, 3:2}/5" (1-based). `literal` must be followed by a NUL byte.
SparseBuffer parse_sparse(std::string_view literal, int expected_dim);
constexpr std::size_t sparse_text_bound(int nnz) noexcept {
  return static_cast<std::size_t>(nnz) * (kMaxFloatText + 13) + 16;
}
std::size_t format_sparse(const SparseView& v, char* out, FloatWriter write);

// Distances; dimensions must be equal. Float32 sums, as pgvector; one merge of the index lists,
// or a galloping search when one list is much the shorter.
double sparse_inner_product(const SparseView& a, const SparseView& b) noexcept;
double sparse_l2_squared(const SparseView& a, const SparseView& b) noexcept;
double sparse_l1_distance(const SparseView& a, const SparseView& b) noexcept;
double sparse_cosine_distance(const SparseView& a, const SparseView& b) noexcept;
double sparse_l2_norm(const SparseView& a) noexcept;

// a / |a| into `out` (nnz entries); returns how many did not vanish. Zero vector: zero.
int sparse_l2_normalize(const SparseView& a, std::int32_t* indices, float* values);

// As the dense vectors would compare and with equal values hashing equal.
int sparse_compare(const SparseView& a, const SparseView& b) noexcept;
std::uint64_t sparse_hash(const SparseView& a, std::uint64_t seed) noexcept;

}  // namespace rv
