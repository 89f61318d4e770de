// The readers of the macro bench: every format, packing and kind of damage.
#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "data.h"
#include "files.h"

namespace rv::bench {
namespace {

class Readers : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("rv-readers-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string plain(const std::string& name, const std::string& bytes) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string gzip(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_ / name;
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path;
  }
  std::string xz(const std::string& name, const std::string& bytes) const {
    std::string packed(lzma_stream_buffer_bound(bytes.size()), '\0');
    std::size_t length = 0;
    EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                      reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      bytes.size(), reinterpret_cast<std::uint8_t*>(packed.data()),
                                      &length, packed.size()),
              LZMA_OK);
    return plain(name, packed.substr(0, length));
  }

  std::filesystem::path folder_;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class T>
std::string row(const std::vector<T>& values) {
  return bytes_of(std::vector<std::int32_t>{static_cast<std::int32_t>(values.size())}) +
         bytes_of(values);
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data,
                const std::string& order = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.resize(118, ' ');
  const auto length = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + bytes_of(std::vector{length}) + header + data;
}

std::string message(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

const std::string kTwoRows = row<float>({1.5f, -2, 3e-30f}) + row<float>({4, 5, 6});
const std::vector<float> kTwoRowValues = {1.5f, -2, 3e-30f, 4, 5, 6};

TEST_F(Readers, FvecsPlainGzipAndXzAreTheSame) {
  for (const auto& path : {plain("a.fvecs", kTwoRows), gzip("a.fvecs.gz", kTwoRows),
                           xz("a.fvecs.xz", kTwoRows), xz("misnamed.fvecs", kTwoRows)}) {
    const Matrix m = read_vectors(path);
    EXPECT_EQ(m.dim, 3u) << path;
    EXPECT_EQ(m.rows(), 2u) << path;
    EXPECT_EQ(m.values, kTwoRowValues) << path;
  }
}

TEST_F(Readers, LimitStopsEarlyAndDoesNotLookFurther) {
  const Matrix m = read_vectors(plain("a.fvecs", kTwoRows + "damaged"), 1);
  EXPECT_EQ(m.rows(), 1u);
}

TEST_F(Readers, BvecsAndIvecsAreNumbers) {
  EXPECT_EQ(read_vectors(plain("a.bvecs", row<std::uint8_t>({0, 127, 255}))).values,
            (std::vector<float>{0, 127, 255}));
  const Ids ids =
      read_ids(plain("a.ivecs", row<std::int32_t>({7, -1}) + row<std::int32_t>({1, 2})));
  EXPECT_EQ(ids.dim, 2u);
  EXPECT_EQ(ids.values, (std::vector<std::int64_t>{7, -1, 1, 2}));
}

TEST_F(Readers, NpyOfEveryElementType) {
  EXPECT_EQ(read_vectors(plain("a.npy", npy("<f4", "(2, 3)", bytes_of(kTwoRowValues)))).values,
            kTwoRowValues);
  EXPECT_EQ(read_vectors(plain("b.npy", npy("<f8", "(1, 2)", bytes_of<double>({0.25, -7})))).values,
            (std::vector<float>{0.25f, -7}));
  EXPECT_EQ(
      read_vectors(plain("c.npy", npy("<f2", "(1,2)", bytes_of<std::uint16_t>({0x3C00, 0xC100}))))
          .values,
      (std::vector<float>{1, -2.5f}));
  EXPECT_EQ(read_vectors(plain("d.npy", npy("|u1", "(2, 1)", std::string("\x00\xff", 2)))).values,
            (std::vector<float>{0, 255}));
  EXPECT_EQ(
      read_ids(plain("e.npy", npy("<i8", "(1, 2)", bytes_of<std::int64_t>({1L << 40, -1})))).values,
      (std::vector<std::int64_t>{1L << 40, -1}));
  EXPECT_EQ(read_ids(gzip("f.npy.gz", npy("<i4", "(1, 1)", bytes_of<std::int32_t>({5})))).values,
            (std::vector<std::int64_t>{5}));
}

TEST_F(Readers, DamageIsToldAndNeverRead) {
  const auto fails = [&](const std::string& path, const std::string& why) {
    const std::string got = message([&] { read_vectors(path); });
    EXPECT_NE(got.find(why), std::string::npos) << path << ": " << got;
  };
  fails("/nowhere.fvecs", "cannot open");
  fails(plain("a.txt", "1"), "unknown kind");
  fails(plain("a.fvecs", ""), "no rows");
  fails(plain("a.fvecs", kTwoRows.substr(0, kTwoRows.size() - 1)), "middle of a row");
  fails(plain("a.fvecs", kTwoRows + "ab"), "middle of a row");
  fails(plain("a.fvecs", row<float>({1, 2}) + row<float>({1})), "row 1 of 1 elements");
  fails(plain("a.fvecs", row<float>({})), "row 0 of 0 elements");
  fails(plain("a.fvecs", std::string("\xff\xff\xff\x7f", 4)), "elements");
  fails(plain("a.npy", "not numpy at all"), "not an npy file");
  fails(plain("a.npy", npy("<f4", "(2, 3)", "short")), "middle of a row");
  fails(plain("a.npy", npy(">f4", "(1, 1)", "abcd")), "element type '>f4'");
  fails(plain("a.npy", npy("<f4", "(4,)", "abcdabcdabcdabcd")), "not two-dimensional");
  fails(plain("a.npy", npy("<f4", "(1, 1)", "abcd", "True")), "C order");
  std::string broken = std::ifstream(xz("b.fvecs.xz", kTwoRows)).good() ? "" : "unwritten";
  {
    std::ifstream in(folder_ / "b.fvecs.xz", std::ios::binary);
    broken.assign(std::istreambuf_iterator<char>(in), {});
  }
  fails(plain("c.fvecs.xz", broken.substr(0, broken.size() - 10)), "damaged");
  broken[30] = static_cast<char>(broken[30] ^ 0x55);
  fails(plain("c.fvecs.xz", broken), "damaged");
}

TEST_F(Readers, IdsFromFloatsAreRefused) {
  EXPECT_NE(message([&] { read_ids(plain("a.fvecs", kTwoRows)); }).find("whole numbers"),
            std::string::npos);
}

TEST_F(Readers, CsvTypesQuotesAndErrors) {
  const auto columns =
      read_csv(plain("a.csv", "id,label,name,ink\r\n0,5,\"a,\"\"b\"\"\",0.5\n1,-6,,2\n"));
  ASSERT_EQ(columns.size(), 4u);
  EXPECT_STREQ(columns[0].sql_type(), "bigint");
  EXPECT_STREQ(columns[1].sql_type(), "bigint");
  EXPECT_STREQ(columns[2].sql_type(), "text");
  EXPECT_STREQ(columns[3].sql_type(), "float8");
  EXPECT_EQ(columns[2].values, (std::vector<std::string>{"a,\"b\"", ""}));
  EXPECT_EQ(columns[1].values, (std::vector<std::string>{"5", "-6"}));
  EXPECT_EQ(read_csv(plain("a.csv", "x\n1\n2\n3\n"), 2)[0].values.size(), 2u);
  EXPECT_NE(message([&] { read_csv(plain("a.csv", "x,y\n1\n")); }).find("line 2 has 1 fields"),
            std::string::npos);
  EXPECT_NE(message([&] { read_csv(plain("a.csv", "x\n\"1\n")); }).find("quote"),
            std::string::npos);
  EXPECT_NE(message([&] { read_csv(plain("a.csv", "x\n")); }).find("no rows"), std::string::npos);
}

TEST(SharedData, EveryDenseSetIsReadWhole) {
  const char* given = std::getenv("RUVECTOR_SHARED");
  const std::filesystem::path dense =
      std::filesystem::path(given != nullptr ? given : RUVECTOR_DEFAULT_SHARED) / "data/dense";
  if (!std::filesystem::is_directory(dense)) GTEST_SKIP() << dense << " does not exist";
  const Matrix sift = read_vectors(dense / "sift_128_5k/base.fvecs.gz");
  EXPECT_EQ(sift.rows(), 4800u);
  EXPECT_EQ(sift.dim, 128u);
  const Matrix fashion = read_vectors(dense / "fashion_mnist_784/query.bvecs.xz");
  EXPECT_EQ(fashion.rows(), 1000u);
  EXPECT_EQ(fashion.dim, 784u);
  const Ids truth = read_ids(dense / "bge_base_768/gt_filter_same_source_cosine.ivecs");
  EXPECT_EQ(truth.rows(), 1000u);
  EXPECT_EQ(truth.dim, 100u);
  const auto attributes = read_csv(dense / "fashion_mnist_784/base_attrs.csv");
  ASSERT_EQ(attributes.size(), 3u);
  EXPECT_STREQ(attributes[1].sql_type(), "bigint");
  EXPECT_STREQ(attributes[2].sql_type(), "float8");
  EXPECT_EQ(attributes[1].values.size(), 60000u);
}

}  // namespace
}  // namespace rv::bench
