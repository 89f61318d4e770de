// Distances between sparse vectors: how to pair the entries of two ascending index lists.
//
// Lists of similar length are walked in blocks of four: all sixteen pairs of one block are compared
// at once, then the block that ends first is replaced. Schlegel, Willhalm, Lehner, "Fast
// sorted-set intersection using SIMD instructions", ADMS 2011; here the distances of unmatched
// entries are carried along. When one list is much the longer, each entry of the shorter one is
// searched in it: Bentley, Yao, "An almost optimal algorithm for unbounded searching", 1976.
//
// The four-lane vectors are the compilers' own and compile to SSE2 or NEON, the baseline of every
// supported machine; wider registers would only compare more pairs that cannot match.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/types/dense.h"
#include "core/types/sparse.h"

namespace rv {
namespace {

constexpr int kLanes = 4;
using Ints = std::int32_t __attribute__((vector_size(16)));
using Floats = float __attribute__((vector_size(16)));

// The longer list is searched when it has more than this many times the entries of the shorter.
constexpr int kSearchRatio = 16;

Ints load(const std::int32_t* p) noexcept {
  Ints v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
Floats load(const float* p) noexcept {
  Floats v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
Ints bits(Floats x) noexcept { return std::bit_cast<Ints>(x); }
Floats floats(Ints x) noexcept { return std::bit_cast<Floats>(x); }
float total(Floats x) noexcept { return (x[0] + x[1]) + (x[2] + x[3]); }

// Lanes moved down by N, cyclically.
template <int N>
Ints rotated(Ints x) noexcept {
  return __builtin_shufflevector(x, x, N % 4, (N + 1) % 4, (N + 2) % 4, (N + 3) % 4);
}

// What a distance adds for the difference d of two values.
struct Square {
  static Floats of(Floats d) noexcept { return d * d; }
};
struct Magnitude {
  static Floats of(Floats d) noexcept {
    return floats(bits(d) & std::numeric_limits<std::int32_t>::max());
  }
};

// Sum of Term over n values.
template <class Term>
Floats sum_of(const float* x, std::ptrdiff_t n) noexcept {
  Floats s0{}, s1{}, s2{}, s3{};
  std::ptrdiff_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 += Term::of(load(x + i));
    s1 += Term::of(load(x + i + kLanes));
    s2 += Term::of(load(x + i + 2 * kLanes));
    s3 += Term::of(load(x + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) s0 += Term::of(load(x + i));
  for (; i < n; ++i) s1 += Term::of(Floats{x[i], 0, 0, 0});
  return (s0 + s1) + (s2 + s3);
}

// A list in whole blocks: the last one is padded with zeros at an index above every real one.
class Blocks {
 public:
  explicit Blocks(const SparseView& v) noexcept : v_(v), whole_(v.nnz - v.nnz % kLanes) {
    for (int i = whole_; i < v.nnz; ++i) {
      last_indices_[i - whole_] = v.indices[i];
      last_values_[i - whole_] = v.values[i];
    }
  }
  int end() const noexcept { return v_.nnz; }
  const std::int32_t* indices(int i) const noexcept {
    return i < whole_ ? v_.indices + i : last_indices_;
  }
  const float* values(int i) const noexcept { return i < whole_ ? v_.values + i : last_values_; }

 private:
  static constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::max();
  const SparseView& v_;
  int whole_;
  std::int32_t last_indices_[kLanes] = {kNone, kNone, kNone, kNone};
  float last_values_[kLanes] = {};
};

// Matching entries are added one after the other, in the order of their indices, by every way to
// find them: the result does not depend on which way was taken.
float dot_by_blocks(const SparseView& va, const SparseView& vb) noexcept {
  const Blocks a(va), b(vb);
  float sum = 0;
  for (int i = 0, j = 0; i < a.end() && j < b.end();) {
    const std::int32_t *pa = a.indices(i), *pb = b.indices(j);
    const Ints x = load(pa), y = load(pb), v = bits(load(b.values(j)));
    const Ints partner = ((x == y) & v) | ((x == rotated<1>(y)) & rotated<1>(v)) |
                         ((x == rotated<2>(y)) & rotated<2>(v)) |
                         ((x == rotated<3>(y)) & rotated<3>(v));
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(partner);
    if ((halves[0] | halves[1]) != 0) {
      // A lane without a partner adds zero, which changes nothing.
      const float* values = a.values(i);
      const Floats w = floats(partner);
      for (int lane = 0; lane < kLanes; ++lane) sum += values[lane] * w[lane];
    }
    const std::int32_t last_a = pa[kLanes - 1], last_b = pb[kLanes - 1];
    if (last_a <= last_b) i += kLanes;
    if (last_b <= last_a) j += kLanes;
  }
  return sum;
}

// Sum of Term(a_i - b_i) over the union of the indices. A block collects what it met (`partner`:
// the values of b at a's indices; `used`: the lanes of b that were met) until it is replaced.
template <class Term>
float difference_by_blocks(const SparseView& va, const SparseView& vb) noexcept {
  const Blocks a(va), b(vb);
  Floats sum{};
  Ints partner{}, used{};
  int i = 0, j = 0;
  while (i < a.end() && j < b.end()) {
    const std::int32_t *pa = a.indices(i), *pb = b.indices(j);
    const Ints x = load(pa), y = load(pb), v = bits(load(b.values(j)));
    const Ints m0 = x == y, m1 = x == rotated<1>(y), m2 = x == rotated<2>(y),
               m3 = x == rotated<3>(y);
    partner |= (m0 & v) | (m1 & rotated<1>(v)) | (m2 & rotated<2>(v)) | (m3 & rotated<3>(v));
    used |= m0 | rotated<3>(m1) | rotated<2>(m2) | rotated<1>(m3);
    const std::int32_t last_a = pa[kLanes - 1], last_b = pb[kLanes - 1];
    if (last_a <= last_b) {
      sum += Term::of(load(a.values(i)) - floats(partner));
      partner = Ints{};
      i += kLanes;
    }
    if (last_b <= last_a) {
      sum += Term::of(floats(v & ~used));
      used = Ints{};
      j += kLanes;
    }
  }
  if (i < a.end()) {
    sum += Term::of(load(a.values(i)) - floats(partner));
    i = std::min(i + kLanes, a.end());
  }
  if (j < b.end()) {
    sum += Term::of(floats(bits(load(b.values(j))) & ~used));
    j = std::min(j + kLanes, b.end());
  }
  sum += sum_of<Term>(va.values + i, va.nnz - i) + sum_of<Term>(vb.values + j, vb.nnz - j);
  return total(sum);
}

// First of the ascending [at, end) that is not below key, looked for close to `at` first.
const std::int32_t* search(const std::int32_t* at, const std::int32_t* end,
                           std::int32_t key) noexcept {
  constexpr std::ptrdiff_t kRun = 4 * kLanes;
  std::ptrdiff_t n = kRun;
  while (end - at > n && at[n - 1] < key) {
    at += n;
    n *= 2;
  }
  n = std::min(n, end - at);
  while (n > kRun) {
    const std::ptrdiff_t half = n / 2;
    at += at[half - 1] < key ? half : 0;
    n -= half;
  }
  if (end - at < kRun) return std::lower_bound(at, at + n, key);
  const Ints k = {key, key, key, key};
  const Ints below = (load(at) < k) + (load(at + 4) < k) + (load(at + 8) < k) + (load(at + 12) < k);
  return at - (below[0] + below[1] + below[2] + below[3]);
}

float dot_by_search(const SparseView& few, const SparseView& many) noexcept {
  float sum = 0;
  const std::int32_t *at = many.indices, *const end = at + many.nnz;
  for (int i = 0; i < few.nnz && at != end; ++i) {
    at = search(at, end, few.indices[i]);
    if (at != end && *at == few.indices[i]) sum += few.values[i] * many.values[at - many.indices];
  }
  return sum;
}

template <class Term>
float difference_by_search(const SparseView& few, const SparseView& many) noexcept {
  Floats sum{};
  const std::int32_t *at = many.indices, *const end = at + many.nnz;
  std::ptrdiff_t done = 0;  // entries of `many` that are summed
  for (int i = 0; i < few.nnz; ++i) {
    float d = few.values[i];
    at = search(at, end, few.indices[i]);
    if (at != end && *at == few.indices[i]) {
      const std::ptrdiff_t found = at - many.indices;
      sum += sum_of<Term>(many.values + done, found - done);
      done = found + 1;
      d -= many.values[found];
    }
    sum += Term::of(Floats{d, 0, 0, 0});
  }
  sum += sum_of<Term>(many.values + done, many.nnz - done);
  return total(sum);
}

bool much_shorter(const SparseView& few, const SparseView& many) noexcept {
  return few.nnz < many.nnz / kSearchRatio;
}

template <class Term>
float difference(const SparseView& a, const SparseView& b) noexcept {
  if (much_shorter(a, b)) return difference_by_search<Term>(a, b);
  if (much_shorter(b, a)) return difference_by_search<Term>(b, a);
  return difference_by_blocks<Term>(a, b);
}

float squares(const SparseView& a) noexcept { return total(sum_of<Square>(a.values, a.nnz)); }

}  // namespace

double sparse_inner_product(const SparseView& a, const SparseView& b) noexcept {
  if (much_shorter(a, b)) return dot_by_search(a, b);
  if (much_shorter(b, a)) return dot_by_search(b, a);
  return dot_by_blocks(a, b);
}

double sparse_l2_squared(const SparseView& a, const SparseView& b) noexcept {
  return difference<Square>(a, b);
}

double sparse_l1_distance(const SparseView& a, const SparseView& b) noexcept {
  return difference<Magnitude>(a, b);
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

}  // namespace rv
