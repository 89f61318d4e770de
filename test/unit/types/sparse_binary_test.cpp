// Stored and binary form of sparsevec, and its conversions from and to dense arrays.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "sparse_samples.h"

namespace rv {
namespace {

using test::formatted;
using test::parsed;

std::vector<std::byte> encoded(const SparseView& v) {
  std::vector<std::byte> out(sparse_size(v.nnz));
  encode_sparse(v, out);
  return out;
}

SparseBuffer decoded(std::span<const std::byte> bytes, int expected_dim = -1) {
  BinaryReader in(bytes);
  const SparseShape shape = decode_sparse_shape(in, expected_dim);
  SparseBuffer out;
  out.dim = shape.dim;
  out.indices.resize(static_cast<std::size_t>(shape.nnz));
  out.values.resize(static_cast<std::size_t>(shape.nnz));
  decode_sparse_entries(in, shape, {out.indices.data(), out.values.data()});
  return out;
}

// dim, nnz, unused, indices, then the bits of the values.
std::vector<std::byte> message(const std::vector<std::int32_t>& head,
                               const std::vector<float>& values = {}) {
  std::vector<std::byte> out(4 * (head.size() + values.size()));
  BinaryWriter to(out);
  to.write_array(head.data(), head.size());
  to.write_array(values.data(), values.size());
  return out;
}

TEST(SparseBinary, HasPgvectorsLayout) {
  const unsigned char expected[] = {0, 0, 0, 5, 0, 0, 0,    2,    0, 0, 0,    0, 0, 0,
                                    0, 0, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
  const auto bytes = encoded(parsed("{1:1,3:-2}/5").view());
  ASSERT_EQ(bytes.size(), sizeof expected);
  EXPECT_EQ(std::memcmp(bytes.data(), expected, sizeof expected), 0);
}

TEST(SparseBinary, ComesBack) {
  Rng rng(31);
  for (const int nnz : {0, 1, 3, 100, kMaxSparseNnz}) {
    const auto v = test::random_sparse(rng, 20000, nnz);
    const auto back = decoded(encoded(v.view()));
    EXPECT_EQ(back.dim, v.dim);
    EXPECT_EQ(back.indices, v.indices);
    EXPECT_EQ(back.values, v.values);
  }
}

TEST(SparseBinary, RefusesEveryCutMessage) {
  const auto whole = encoded(parsed("{1:1,3:-2}/5").view());
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_THROWN(decoded(std::span(whole).first(n)), ErrorCode::protocol_violation,
                  "insufficient data left in message");
}

TEST(SparseBinary, LeavesWhatFollowsToTheCaller) {
  auto bytes = encoded(parsed("{1:1}/5").view());
  bytes.resize(bytes.size() + 3);
  BinaryReader in(bytes);
  const auto shape = decode_sparse_shape(in, -1);
  std::int32_t index;
  float value;
  decode_sparse_entries(in, shape, {&index, &value});
  EXPECT_EQ(in.remaining(), 3u);
}

TEST(SparseBinary, RefusesWhatIsNotAValue) {
  const auto data = ErrorCode::data_exception, limit = ErrorCode::limit_exceeded;
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = HUGE_VALF;
  EXPECT_THROWN(decoded(message({0, 0, 0})), data, "sparsevec must have at least 1 dimension");
  EXPECT_THROWN(decoded(message({1000000001, 0, 0})), limit,
                "sparsevec cannot have more than 1000000000 dimensions");
  EXPECT_THROWN(decoded(message({3, -1, 0})), data,
                "sparsevec cannot have negative number of elements");
  EXPECT_THROWN(decoded(message({20000, 16001, 0})), limit,
                "sparsevec cannot have more than 16000 non-zero elements");
  EXPECT_THROWN(decoded(message({1, 2, 0})), limit,
                "sparsevec cannot have more elements than dimensions");
  EXPECT_THROWN(decoded(message({3, 0, 0}), 2), data, "expected 2 dimensions, not 3");
  EXPECT_THROWN(decoded(message({3, 0, 7})), data, "expected unused to be 0, not 7");
  EXPECT_THROWN(decoded(message({3, 1, 0, 3}, {1})), data, "sparsevec index out of bounds");
  EXPECT_THROWN(decoded(message({3, 1, 0, -1}, {1})), data, "sparsevec index out of bounds");
  EXPECT_THROWN(decoded(message({3, 2, 0, 1, 0}, {1, 1})), data,
                "sparsevec indices must be in ascending order");
  EXPECT_THROWN(decoded(message({3, 2, 0, 1, 1}, {1, 1})), data,
                "sparsevec indices must not contain duplicates");
  EXPECT_THROWN(decoded(message({3, 1, 0, 0}, {nan})), data, "NaN not allowed in sparsevec");
  EXPECT_THROWN(decoded(message({3, 1, 0, 0}, {-inf})), data,
                "infinite value not allowed in sparsevec");
  for (const float zero : {0.0f, -0.0f})
    EXPECT_THROWN(decoded(message({3, 1, 0, 0}, {zero})), data,
                  "binary representation of sparsevec cannot contain zero values");
}

TEST(SparseBinary, EncodingNeedsItsWholeBuffer) {
  const auto v = parsed("{1:1}/5");
  std::vector<std::byte> small(sparse_size(1) - 1);
  EXPECT_THROWN(encode_sparse(v.view(), small), ErrorCode::internal,
                "binary value is larger than its buffer");
}

std::vector<std::byte> stored_words(const std::vector<std::int32_t>& words) {
  std::vector<std::byte> out(4 * words.size());
  if (!words.empty()) std::memcpy(out.data(), words.data(), out.size());
  return out;
}

TEST(SparseView, ReadsAStoredValue) {
  const auto bytes = stored_words(
      {5, 2, 0, 0, 2, std::bit_cast<std::int32_t>(1.5f), std::bit_cast<std::int32_t>(-2.f)});
  EXPECT_EQ(formatted(view_sparse(bytes)), "{1:1.5,3:-2}/5");
  EXPECT_EQ(formatted(view_sparse(stored_words({7, 0, 0}))), "{}/7");
}

TEST(SparseView, RefusesALengthThatDoesNotFit) {
  for (const auto& words : std::vector<std::vector<std::int32_t>>{
           {}, {5}, {5, 0}, {5, 1, 0}, {5, 1, 0, 0}, {5, 0, 0, 0}, {5, -1, 0}, {5, 1 << 29, 0}}) {
    const auto bytes = stored_words(words);
    const auto thrown = test::thrown_by([&] { view_sparse(bytes); });
    EXPECT_TRUE(thrown.any);
    EXPECT_EQ(thrown.code, ErrorCode::corrupted_data);
  }
}

TEST(SparseConversion, KeepsWhatIsNotZero) {
  const std::vector<float> x = {0, 1.5f, -0.0f, -2, 0};
  EXPECT_EQ(count_nonzero(x), 2);
  SparseBuffer v = test::sparse(5, {0, 0}, {0, 0});
  sparse_from_dense(x, {v.indices.data(), v.values.data()});
  EXPECT_EQ(formatted(v.view()), "{2:1.5,4:-2}/5");
  EXPECT_EQ(test::dense(v.view()), x);  // -0 equals 0
}

TEST(SparseConversion, RefusesNanInfinityAndTooMany) {
  std::int32_t index;
  float value;
  const std::vector<float> nan = {std::numeric_limits<float>::quiet_NaN()}, inf = {HUGE_VALF};
  EXPECT_EQ(count_nonzero(nan), 1);
  EXPECT_THROWN(sparse_from_dense(nan, {&index, &value}), ErrorCode::data_exception,
                "NaN not allowed in sparsevec");
  EXPECT_THROWN(sparse_from_dense(inf, {&index, &value}), ErrorCode::data_exception,
                "infinite value not allowed in sparsevec");
  EXPECT_EQ(count_nonzero(std::vector<float>(16000, 1)), 16000);
  EXPECT_THROWN(count_nonzero(std::vector<float>(16001, 1)), ErrorCode::limit_exceeded,
                "sparsevec cannot have more than 16000 non-zero elements");
}

TEST(SparseConversion, RefusesADamagedIndex) {
  std::vector<float> out(3);
  for (const int index : {3, -1, 1 << 30})
    EXPECT_THROWN(sparse_to_dense(test::sparse(3, {index}, {1}).view(), out),
                  ErrorCode::corrupted_data,
                  "sparsevec index " + std::to_string(index) + " is not below its dimension 3");
}

}  // namespace
}  // namespace rv
