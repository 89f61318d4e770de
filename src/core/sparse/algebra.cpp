#include "core/sparse/algebra.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "core/base/error.h"
#include "core/types/dense.h"

namespace rv::sparse {
namespace {

void append(SparseBuffer& out, std::int32_t index, float value) {
  if (std::isinf(value)) fail_overflow();
  if (value == 0) return;
  out.indices.push_back(index);
  out.values.push_back(value);
}

SparseBuffer checked(SparseBuffer b) {
  check_sparse_nnz(static_cast<std::int64_t>(b.indices.size()), kMaxSparseDim);
  return b;
}

// f(a_i, b_i) over the union of the indices.
template <class F>
SparseBuffer over_union(const SparseView& a, const SparseView& b, F f) {
  SparseBuffer out;
  out.dim = a.dim;
  int i = 0, j = 0;
  while (i < a.nnz || j < b.nnz) {
    if (j == b.nnz || (i < a.nnz && a.indices[i] < b.indices[j])) {
      append(out, a.indices[i], f(a.values[i], 0.0f));
      ++i;
    } else if (i == a.nnz || b.indices[j] < a.indices[i]) {
      append(out, b.indices[j], f(0.0f, b.values[j]));
      ++j;
    } else {
      append(out, a.indices[i], f(a.values[i], b.values[j]));
      ++i;
      ++j;
    }
  }
  return checked(std::move(out));
}

// f(index, a_i, b_i) where both have an entry.
template <class F>
void over_intersection(const SparseView& a, const SparseView& b, F f) {
  for (int i = 0, j = 0; i < a.nnz && j < b.nnz;) {
    if (a.indices[i] == b.indices[j]) {
      f(a.indices[i], a.values[i], b.values[j]);
      ++i;
      ++j;
    } else if (a.indices[i] < b.indices[j]) {
      ++i;
    } else {
      ++j;
    }
  }
}

template <class Keep>
SparseBuffer filtered(const SparseView& a, Keep keep) {
  SparseBuffer out;
  out.dim = a.dim;
  for (int i = 0; i < a.nnz; ++i)
    if (keep(i)) append(out, a.indices[i], a.values[i]);
  return out;
}

}  // namespace

SparseBuffer add(const SparseView& a, const SparseView& b) {
  check_same_dim(a.dim, b.dim, kSparseName);
  return over_union(a, b, [](float x, float y) { return x + y; });
}

SparseBuffer subtract(const SparseView& a, const SparseView& b) {
  check_same_dim(a.dim, b.dim, kSparseName);
  return over_union(a, b, [](float x, float y) { return x - y; });
}

SparseBuffer multiply(const SparseView& a, const SparseView& b) {
  check_same_dim(a.dim, b.dim, kSparseName);
  SparseBuffer out;
  out.dim = a.dim;
  over_intersection(a, b, [&out](std::int32_t index, float x, float y) {
    const float product = x * y;
    if (product == 0) fail_underflow();
    append(out, index, product);
  });
  return out;
}

SparseBuffer scale(const SparseView& a, double factor) {
  if (!std::isfinite(factor))
    throw Error(ErrorCode::data_exception, "factor must be a finite number");
  SparseBuffer out;
  out.dim = a.dim;
  for (int i = 0; i < a.nnz; ++i)
    append(out, a.indices[i], static_cast<float>(a.values[i] * factor));
  return out;
}

SparseBuffer top_k(const SparseView& a, int k) {
  if (k < 0)
    throw Error(ErrorCode::invalid_argument, "k must not be negative, not " + std::to_string(k));
  if (k >= a.nnz) return filtered(a, [](int) { return true; });
  std::vector<int> order(static_cast<std::size_t>(a.nnz));
  std::iota(order.begin(), order.end(), 0);
  std::nth_element(order.begin(), order.begin() + k, order.end(), [&a](int x, int y) {
    const float u = std::fabs(a.values[x]), v = std::fabs(a.values[y]);
    return u != v ? u > v : x < y;
  });
  order.resize(static_cast<std::size_t>(k));
  std::sort(order.begin(), order.end());
  SparseBuffer out;
  out.dim = a.dim;
  for (const int i : order) append(out, a.indices[i], a.values[i]);
  return out;
}

SparseBuffer prune(const SparseView& a, double threshold) {
  if (!(threshold >= 0)) throw Error(ErrorCode::invalid_argument, "threshold must not be negative");
  return filtered(a,
                  [&](int i) { return std::fabs(static_cast<double>(a.values[i])) >= threshold; });
}

SparseBuffer intersection(const SparseView& a, const SparseView& b) {
  check_same_dim(a.dim, b.dim, kSparseName);
  SparseBuffer out;
  out.dim = a.dim;
  over_intersection(a, b, [&out](std::int32_t index, float x, float) { append(out, index, x); });
  return out;
}

SparseBuffer from_coordinates(std::span<const std::int32_t> indices, std::span<const float> values,
                              int dim) {
  check_dim(dim, kMaxSparseDim, kSparseName);
  if (indices.size() != values.size())
    throw Error(ErrorCode::data_exception, "number of indices (" + std::to_string(indices.size()) +
                                               ") must equal number of values (" +
                                               std::to_string(values.size()) + ")");
  std::vector<std::size_t> order(indices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t x, std::size_t y) { return indices[x] < indices[y]; });
  SparseBuffer out;
  out.dim = dim;
  for (std::size_t n = 0; n < order.size(); ++n) {
    const std::size_t i = order[n];
    if (indices[i] < 1 || indices[i] > dim)
      throw Error(ErrorCode::data_exception, "sparsevec index " + std::to_string(indices[i]) +
                                                 " is not between 1 and " + std::to_string(dim));
    if (n > 0 && indices[order[n - 1]] == indices[i])
      throw Error(ErrorCode::data_exception,
                  "sparsevec index " + std::to_string(indices[i]) + " is given twice");
    check_finite(values[i], kSparseName);
    append(out, indices[i] - 1, values[i]);
  }
  return checked(std::move(out));
}

SparseBuffer from_dense(std::span<const float> x, double threshold) {
  if (!(threshold >= 0)) throw Error(ErrorCode::invalid_argument, "threshold must not be negative");
  SparseBuffer out;
  out.dim = static_cast<std::int32_t>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    check_finite(x[i], kSparseName);
    if (std::fabs(static_cast<double>(x[i])) > threshold)
      append(out, static_cast<std::int32_t>(i), x[i]);
  }
  return checked(std::move(out));
}

SparseBuffer tf_idf(const SparseView& tf, const SparseView& df, double documents) {
  check_same_dim(tf.dim, df.dim, kSparseName);
  SparseBuffer out;
  out.dim = tf.dim;
  over_intersection(tf, df, [&](std::int32_t index, float f, float d) {
    if (!(d > 0) || static_cast<double>(d) > documents)
      throw Error(ErrorCode::out_of_range, "document frequency at index " +
                                               std::to_string(index + 1) +
                                               " must be between 1 and the number of documents");
    append(out, index, static_cast<float>(f * std::log(documents / d)));
  });
  return out;
}

void Sums::add(const SparseView& v) {
  if (count_ == 0) dim_ = v.dim;
  check_expected_dim(dim_, v.dim);
  ++count_;
  // Mostly the indices are all known already: count the new ones first.
  std::size_t i = 0, fresh = 0;
  for (int j = 0; j < v.nnz; ++j) {
    while (i < indices_.size() && indices_[i] < v.indices[j]) ++i;
    if (i == indices_.size() || indices_[i] != v.indices[j]) ++fresh;
  }
  std::size_t from = indices_.size(), to = from + fresh;
  indices_.resize(to);
  sums_.resize(to);
  // Merge from the end, in place.
  for (int j = v.nnz; j > 0;) {
    if (from > 0 && indices_[from - 1] > v.indices[j - 1]) {
      --from, --to;
      indices_[to] = indices_[from];
      sums_[to] = sums_[from];
      continue;
    }
    double sum = v.values[j - 1];
    if (from > 0 && indices_[from - 1] == v.indices[j - 1]) sum += sums_[--from];
    --to, --j;
    indices_[to] = v.indices[j];
    sums_[to] = sum;
  }
}

void Sums::add(const Sums& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  check_expected_dim(dim_, other.dim_);
  std::vector<std::int32_t> indices;
  std::vector<double> sums;
  std::size_t i = 0, j = 0;
  while (i < indices_.size() || j < other.indices_.size()) {
    const bool left =
        i < indices_.size() && (j == other.indices_.size() || indices_[i] <= other.indices_[j]);
    const bool right =
        j < other.indices_.size() && (i == indices_.size() || other.indices_[j] <= indices_[i]);
    indices.push_back(left ? indices_[i] : other.indices_[j]);
    sums.push_back((left ? sums_[i] : 0.0) + (right ? other.sums_[j] : 0.0));
    i += left;
    j += right;
  }
  indices_ = std::move(indices);
  sums_ = std::move(sums);
  count_ += other.count_;
}

SparseBuffer Sums::divided(double divisor) const {
  SparseBuffer out;
  out.dim = dim_;
  for (std::size_t i = 0; i < indices_.size(); ++i)
    append(out, indices_[i], static_cast<float>(sums_[i] / divisor));
  return checked(std::move(out));
}

std::vector<std::byte> Sums::serialize() const {
  const std::uint64_t n = indices_.size();
  std::vector<std::byte> bytes(24 + n * 12);
  std::byte* p = bytes.data();
  const auto put = [&p](const void* from, std::size_t size) {
    if (size > 0) std::memcpy(p, from, size);
    p += size;
  };
  const std::int64_t dim = dim_;
  put(&dim, 8);
  put(&count_, 8);
  put(&n, 8);
  put(sums_.data(), n * 8);
  put(indices_.data(), n * 4);
  return bytes;
}

Sums Sums::deserialize(std::span<const std::byte> bytes) {
  std::int64_t head[3] = {0, 0, -1};
  if (bytes.size() >= 24) std::memcpy(head, bytes.data(), 24);
  const auto n = static_cast<std::uint64_t>(head[2]);
  if (head[2] < 0 || (bytes.size() - 24) / 12 != n || bytes.size() != 24 + n * 12)
    throw Error(ErrorCode::protocol_violation, "malformed state of a sparsevec sum");
  Sums s;
  s.dim_ = static_cast<int>(head[0]);
  s.count_ = head[1];
  s.indices_.resize(n);
  s.sums_.resize(n);
  if (n > 0) {
    std::memcpy(s.sums_.data(), bytes.data() + 24, n * 8);
    std::memcpy(s.indices_.data(), bytes.data() + 24 + n * 8, n * 4);
  }
  for (std::size_t i = 0; i < n; ++i)
    if (s.indices_[i] < 0 || (i > 0 && s.indices_[i] <= s.indices_[i - 1]))
      throw Error(ErrorCode::protocol_violation, "malformed state of a sparsevec sum");
  return s;
}

}  // namespace rv::sparse
