// Sparse vectors for the tests: owned arrays, random ones, and their dense form.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/types/sparse.h"

namespace rv::test {

inline SparseBuffer sparse(int dim, std::vector<std::int32_t> indices, std::vector<float> values) {
  SparseBuffer b;
  b.dim = dim;
  b.indices = std::move(indices);
  b.values = std::move(values);
  return b;
}

inline SparseBuffer parsed(const std::string& text, int expected_dim = -1) {
  return parse_sparse(text, expected_dim);
}

inline std::string formatted(const SparseView& v) {
  std::string out(sparse_text_bound(v.nnz), '?');
  out.resize(format_sparse(v, out.data(), write_float_shortest));
  return out;
}

// nnz entries anywhere below dim, with small whole values: their sums are exact in float32.
inline SparseBuffer random_sparse(Rng& rng, int dim, int nnz) {
  SparseBuffer b;
  b.dim = dim;
  for (std::int32_t i = 0, left = nnz; left > 0; ++i) {
    // Selection sampling keeps every subset equally likely.
    if (rng.below(static_cast<std::uint64_t>(dim - i)) >= static_cast<std::uint64_t>(left))
      continue;
    const auto magnitude = static_cast<float>(1 + rng.below(8));
    b.indices.push_back(i);
    b.values.push_back(rng.below(2) == 0 ? magnitude : -magnitude);
    --left;
  }
  return b;
}

inline std::vector<float> dense(const SparseView& v) {
  std::vector<float> out(static_cast<std::size_t>(v.dim));
  sparse_to_dense(v, out);
  return out;
}

// What `f` throws, as "code message"; empty when it throws nothing.
struct Thrown {
  bool any = false;
  ErrorCode code = ErrorCode::internal;
  std::string message, detail;
};
template <class F>
Thrown thrown_by(F f) {
  try {
    f();
  } catch (const Error& e) {
    return {true, e.code(), e.what(), e.detail()};
  }
  return {};
}

}  // namespace rv::test

#define EXPECT_THROWN(expression, expected_code, expected_message)          \
  do {                                                                      \
    const auto thrown = ::rv::test::thrown_by([&] { (void)(expression); }); \
    EXPECT_TRUE(thrown.any) << "nothing thrown by " #expression;            \
    EXPECT_EQ(thrown.code, expected_code);                                  \
    EXPECT_EQ(thrown.message, expected_message);                            \
  } while (false)
