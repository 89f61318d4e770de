// Stored values as a damaged page might hold them: whatever the bytes are, looking at them and
// computing with them ends, stays inside the value, and raises nothing but XX001.
//
// Byte 0 is where the rest is cut into two values.
#include <cmath>

#include "core/types/bits.h"
#include "core/types/dense.h"
#include "sparse_properties.h"

namespace {

using rv::SparseView;
using rv::fuzz::accepted;

void compute(const SparseView& a, const SparseView& b) {
  rv::sparse_l1_distance(a, b);
  rv::sparse_l2_squared(a, b);
  rv::sparse_inner_product(a, b);
  rv::sparse_cosine_distance(a, b);
  FUZZ_CHECK(std::abs(rv::sparse_compare(a, b)) <= 1);
  FUZZ_CHECK(rv::sparse_hash(a, 1) == rv::sparse_hash(a, 1));
  rv::fuzz::format(a);
  if (a.dim >= 1 && a.dim <= rv::kMaxDim) {
    auto dense = rv::fuzz::exact<float>(static_cast<std::size_t>(a.dim));
    accepted(
        [&] {
          rv::sparse_to_dense(a, dense);
          return true;
        },
        {rv::ErrorCode::corrupted_data});
  }
  auto indices = rv::fuzz::exact<std::int32_t>(static_cast<std::size_t>(a.nnz));
  auto values = rv::fuzz::exact<float>(static_cast<std::size_t>(a.nnz));
  accepted(
      [&] {
        return rv::sparse_l2_normalize(a, {indices.data(), values.data()});
      },
      {rv::ErrorCode::out_of_range});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = std::min<std::size_t>(data[0], size - 1);
  std::vector<std::byte> first(cut), second(size - 1 - cut);
  if (cut > 0) std::memcpy(first.data(), data + 1, cut);
  if (!second.empty()) std::memcpy(second.data(), data + 1 + cut, second.size());

  const auto damaged = {rv::ErrorCode::corrupted_data};
  const auto a = accepted([&] { return rv::view_sparse(first); }, damaged);
  const auto b = accepted([&] { return rv::view_sparse(second); }, damaged);
  if (a && b) {
    compute(*a, *b);
    compute(*b, *a);
  }
  const auto x = accepted([&] { return rv::view_bits(first); }, damaged);
  const auto y = accepted([&] { return rv::view_bits(second); }, damaged);
  if (x && y && x->length == y->length) {
    FUZZ_CHECK(rv::hamming_distance(*x, *y) <= static_cast<double>(8 * x->size));
    const double jaccard = rv::jaccard_distance(*x, *y);
    FUZZ_CHECK(jaccard >= 0 && jaccard <= 1);
  }
  return 0;
}
