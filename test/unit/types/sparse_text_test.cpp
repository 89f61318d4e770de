// Text form of sparsevec: what is accepted, what is refused and with which words.
#include <bit>
#include <cmath>

#include "sparse_samples.h"

namespace rv {
namespace {

using test::formatted;
using test::parsed;
using test::sparse;

std::string again(const std::string& text) { return formatted(parsed(text).view()); }

TEST(SparseText, PrintsWhatItReads) {
  for (const char* text :
       {"{}/1", "{1:1.5,3:3.5}/5", "{1:-2,3:-4}/5", "{1:1.5e+38,2:-1.5e+38}/2", "{}/1000000000",
        "{1000000000:1}/1000000000", "{1:1e-45}/1", "{1:3.4028235e+38}/1"})
    EXPECT_EQ(again(text), text);
}

TEST(SparseText, AcceptsWhatPgvectorAccepts) {
  EXPECT_EQ(again(" { 1 : 1.5 ,  3  :  3.5  } / 5 "), "{1:1.5,3:3.5}/5");
  EXPECT_EQ(again("\t\n\r\v\f{\v1\t:\n2\r}\f/\v3\t"), "{1:2}/3");
  EXPECT_EQ(again("{1:2.,3:.5}/5"), "{1:2,3:0.5}/5");
  EXPECT_EQ(again("{+1:+2,3:0x10}/+5"), "{1:2,3:16}/5");
  EXPECT_EQ(again("{ }/1"), "{}/1");
}

TEST(SparseText, SortsEntriesAndDropsZeros) {
  EXPECT_EQ(again("{5:5,1:1,3:3}/5"), "{1:1,3:3,5:5}/5");
  EXPECT_EQ(again("{1:0,2:1,3:0,4:-0}/4"), "{2:1}/4");
  // A dropped entry may even lie outside.
  EXPECT_EQ(again("{9:0}/1"), "{}/1");
}

TEST(SparseText, RefusesBrokenSyntax) {
  for (const char* text : {"{", "{ ", "{:", "{,", "{}/", "{:}/1", "{,}/1", "{1,}/1", "{:1}/1",
                           "{1:}/1", "{1a:1}/1", "{1:1a}/1", "{1:1,}/1", "{1:1,,2:1}/2",
                           "{1:hello,2:1}/2", "{1.5:1}/2", "{1:1 2:1}/2", "{}/a", "{1:1"})
    EXPECT_THROWN(parsed(text), ErrorCode::invalid_text,
                  "invalid input syntax for type sparsevec: \"" + std::string(text) + "\"");
}

TEST(SparseText, SaysWhereItStopped) {
  const auto detail = [](const char* text) {
    return test::thrown_by([&] { parsed(text); }).detail;
  };
  EXPECT_EQ(detail(""), "Vector contents must start with \"{\".");
  EXPECT_EQ(detail("[1]"), "Vector contents must start with \"{\".");
  EXPECT_EQ(detail("{}"), "Unexpected end of input.");
  EXPECT_EQ(detail("{1:1}x"), "Unexpected end of input.");
  EXPECT_EQ(detail("{}/1a"), "Junk after closing.");
  EXPECT_EQ(detail("{}/1.5"), "Junk after closing.");
  EXPECT_EQ(detail("{1:x}/1"), "");
}

TEST(SparseText, RefusesValuesThatDoNotFit) {
  for (const char* value : {"4e38", "-4e38", "1e-46", "-1e-46", "1e999999"})
    EXPECT_THROWN(parsed("{1:" + std::string(value) + ",2:1}/2"), ErrorCode::out_of_range,
                  "\"" + std::string(value) + "\" is out of range for type sparsevec");
  EXPECT_THROWN(parsed("{1:NaN}/1"), ErrorCode::data_exception, "NaN not allowed in sparsevec");
  for (const char* value : {"inf", "-Infinity"})
    EXPECT_THROWN(parsed("{1:" + std::string(value) + "}/1"), ErrorCode::data_exception,
                  "infinite value not allowed in sparsevec");
}

TEST(SparseText, RefusesIndicesOutsideAndTwice) {
  for (const char* index : {"0", "2", "-1", "2147483647", "2147483648", "-2147483648",
                            "-2147483649", "99999999999999999999"})
    EXPECT_THROWN(parsed("{" + std::string(index) + ":1}/1"), ErrorCode::data_exception,
                  "sparsevec index out of bounds");
  EXPECT_THROWN(parsed("{1:1,1:1}/2"), ErrorCode::data_exception,
                "sparsevec indices must not contain duplicates");
  EXPECT_THROWN(parsed("{1:1,2:1,1:2}/2"), ErrorCode::data_exception,
                "sparsevec indices must not contain duplicates");
}

TEST(SparseText, ChecksTheDimension) {
  for (const char* dim : {"0", "-1", "-2147483649", "-9223372036854775809"})
    EXPECT_THROWN(parsed("{}/" + std::string(dim)), ErrorCode::data_exception,
                  "sparsevec must have at least 1 dimension");
  for (const char* dim : {"1000000001", "2147483648", "9223372036854775808"})
    EXPECT_THROWN(parsed("{}/" + std::string(dim)), ErrorCode::limit_exceeded,
                  "sparsevec cannot have more than 1000000000 dimensions");
  EXPECT_EQ(parsed("{}/3", 3).dim, 3);
  EXPECT_THROWN(parsed("{}/3", 2), ErrorCode::data_exception, "expected 2 dimensions, not 3");
}

std::string with_entries(int n) {
  std::string text = "{";
  for (int i = 1; i <= n; ++i) text += (i > 1 ? "," : "") + std::to_string(i) + ":1";
  return text + "}/1000000";
}

TEST(SparseText, HoldsSixteenThousandEntries) {
  const auto most = parsed(with_entries(kMaxSparseNnz));
  EXPECT_EQ(most.view().nnz, kMaxSparseNnz);
  EXPECT_EQ(again(with_entries(kMaxSparseNnz)), with_entries(kMaxSparseNnz));
  EXPECT_THROWN(parsed(with_entries(kMaxSparseNnz + 1)), ErrorCode::limit_exceeded,
                "sparsevec cannot have more than 16000 non-zero elements");
}

TEST(SparseText, FitsItsBound) {
  const float longest = -1.17549435e-38f;
  const auto v = sparse(kMaxSparseDim, {kMaxSparseDim - 2, kMaxSparseDim - 1}, {longest, longest});
  EXPECT_LT(formatted(v.view()).size(), sparse_text_bound(2));
}

TEST(SparseText, EveryFloatComesBack) {
  Rng rng(11);
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(rng.next());
    const float value = std::bit_cast<float>(bits);
    if (!std::isfinite(value) || value == 0) continue;
    const auto back = parsed(formatted(sparse(7, {3}, {value}).view()));
    ASSERT_EQ(back.values.size(), 1u);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(back.values[0]), bits);
  }
}

}  // namespace
}  // namespace rv
