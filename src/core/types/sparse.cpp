#include "core/types/sparse.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/types/dense.h"

namespace rv {
namespace {

void check_index(std::int32_t index, std::int32_t previous, int dim) {
  if (index < 0 || index >= dim)
    throw Error(ErrorCode::data_exception, "sparsevec index out of bounds");
  if (index < previous)
    throw Error(ErrorCode::data_exception, "sparsevec indices must be in ascending order");
  if (index == previous)
    throw Error(ErrorCode::data_exception, "sparsevec indices must not contain duplicates");
}

// Where a list is this many times longer, search it instead of walking it.
constexpr int kGallop = 24;

float dot_by_search(const SparseView& few, const SparseView& many) noexcept {
  float sum = 0;
  const std::int32_t* at = many.indices;
  const std::int32_t* const end = many.indices + many.nnz;
  for (int i = 0; i < few.nnz && at != end; ++i) {
    std::ptrdiff_t step = 1;
    while (end - at > step && at[step] < few.indices[i]) step *= 2;
    at = std::lower_bound(at + step / 2, at + std::min(step + 1, end - at), few.indices[i]);
    if (at != end && *at == few.indices[i]) sum += few.values[i] * many.values[at - many.indices];
  }
  return sum;
}

// Feeds op(a_i, b_i) over the union of the indices. Comparisons become flags, not branches.
template <class Op>
void merge(const SparseView& a, const SparseView& b, Op op) noexcept {
  int i = 0, j = 0;
  while (i < a.nnz && j < b.nnz) {
    const std::int32_t x = a.indices[i], y = b.indices[j];
    op(x <= y ? a.values[i] : 0.0f, y <= x ? b.values[j] : 0.0f);
    i += x <= y;
    j += y <= x;
  }
  for (; i < a.nnz; ++i) op(a.values[i], 0.0f);
  for (; j < b.nnz; ++j) op(0.0f, b.values[j]);
}

float squares(const SparseView& a) noexcept {
  float sum = 0;
  for (int i = 0; i < a.nnz; ++i) sum += a.values[i] * a.values[i];
  return sum;
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
  for (int i = 0; i < v.nnz; ++i) check_index(v.indices[i], i > 0 ? v.indices[i - 1] : -1, v.dim);
  for (int i = 0; i < v.nnz; ++i) {
    check_finite(v.values[i], kSparseName);
    if (v.values[i] == 0)
      throw Error(ErrorCode::data_exception,
                  "binary representation of sparsevec cannot contain zero values");
  }
}

SparseBuffer parse_sparse(std::string_view literal, int expected_dim) {
  const auto commas = std::count(literal.begin(), literal.end(), ',');
  if (commas >= kMaxSparseNnz) check_sparse_nnz(commas + 1, kMaxSparseDim);
  SparseBuffer result;
  result.entries.reserve(static_cast<std::size_t>(commas) + 1);

  LiteralReader in(literal, kSparseName);
  in.skip_space();
  if (!in.take('{')) in.fail("Vector contents must start with \"{\".");
  in.skip_space();
  if (!in.take('}')) {
    for (;;) {
      in.skip_space();
      if (in.at_end()) in.fail();
      const std::int32_t index = in.read_int();
      in.skip_space();
      if (!in.take(':')) in.fail();
      in.skip_space();
      const auto number = in.read_float();
      if (number.overflow || number.underflow) in.fail_out_of_range();
      check_finite(number.value, kSparseName);
      if (number.value != 0) result.entries.push_back({index - 1, number.value});
      in.skip_space();
      if (in.take(',')) continue;
      if (in.take('}')) break;
      in.fail();
    }
  }
  in.skip_space();
  if (!in.take('/')) in.fail("Unexpected end of input.");
  in.skip_space();
  result.dim = in.read_int();
  in.skip_space();
  if (!in.at_end()) in.fail("Junk after closing.");
  check_dim(result.dim, kMaxSparseDim, kSparseName);
  check_expected_dim(expected_dim, result.dim);

  auto& e = result.entries;
  const auto by_index = [](const SparseEntry& a, const SparseEntry& b) {
    return a.index < b.index;
  };
  if (!std::is_sorted(e.begin(), e.end(), by_index)) std::sort(e.begin(), e.end(), by_index);
  for (std::size_t i = 0; i < e.size(); ++i)
    check_index(e[i].index, i > 0 ? e[i - 1].index : std::numeric_limits<std::int32_t>::min(),
                result.dim);
  return result;
}

std::size_t format_sparse(const SparseView& v, char* out, FloatWriter write) {
  char* p = out;
  *p++ = '{';
  for (int i = 0; i < v.nnz; ++i) {
    if (i > 0) *p++ = ',';
    p = std::to_chars(p, p + 11, v.indices[i] + 1).ptr;
    *p++ = ':';
    p += write(v.values[i], p);
  }
  *p++ = '}';
  *p++ = '/';
  p = std::to_chars(p, p + 11, v.dim).ptr;
  *p = '\0';
  return static_cast<std::size_t>(p - out);
}

double sparse_inner_product(const SparseView& a, const SparseView& b) noexcept {
  if (a.nnz > static_cast<std::int64_t>(b.nnz) * kGallop) return dot_by_search(b, a);
  if (b.nnz > static_cast<std::int64_t>(a.nnz) * kGallop) return dot_by_search(a, b);
  float sum = 0;
  int i = 0, j = 0;
  while (i < a.nnz && j < b.nnz) {
    const std::int32_t x = a.indices[i], y = b.indices[j];
    if (x == y) sum += a.values[i] * b.values[j];
    i += x <= y;
    j += y <= x;
  }
  return sum;
}

double sparse_l2_squared(const SparseView& a, const SparseView& b) noexcept {
  float sum = 0;
  merge(a, b, [&](float x, float y) { sum += (x - y) * (x - y); });
  return sum;
}

double sparse_l1_distance(const SparseView& a, const SparseView& b) noexcept {
  float sum = 0;
  merge(a, b, [&](float x, float y) { sum += std::fabs(x - y); });
  return sum;
}

double sparse_cosine_distance(const SparseView& a, const SparseView& b) noexcept {
  return cosine_from_sums(sparse_inner_product(a, b), squares(a), squares(b));
}

double sparse_l2_norm(const SparseView& a) noexcept {
  double sum = 0;
  for (int i = 0; i < a.nnz; ++i) {
    const double x = a.values[i];
    sum += x * x;
  }
  return std::sqrt(sum);
}

int sparse_l2_normalize(const SparseView& a, std::int32_t* indices, float* values) {
  const double norm = sparse_l2_norm(a);
  int kept = 0;
  for (int i = 0; i < a.nnz && norm > 0; ++i) {
    const auto x = static_cast<float>(a.values[i] / norm);
    if (std::isinf(x)) fail_overflow();
    if (x == 0) continue;  // a value that vanished may not be stored
    indices[kept] = a.indices[i];
    values[kept++] = x;
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
    h = mix64(h ^ (static_cast<std::uint64_t>(a.indices[i]) << 32) ^
              std::bit_cast<std::uint32_t>(a.values[i]));
  return h;
}

}  // namespace rv
