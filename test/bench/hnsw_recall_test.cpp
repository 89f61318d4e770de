// Recall on real data, for every quantisation with its defaults: that of hnswlib at equal m,
// ef_construction and ef_search, less .01. hnswlib's figures were taken once, at commit c1b9b79
// (June 2024), m = 16, ef_construction = 64, L2 distance (of normalised vectors for cosine), built
// by two threads over the same vectors in the same order; ties count as found, here and there.
#include "hnsw_recall.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "core/text/embed.h"

namespace rv::bench {
namespace {

struct Bar {
  int ef;
  double hnswlib;
};

constexpr const char* kNames[] = {"none", "sq8", "rabitq", "binary", "pq"};

void expect_bars(const Matrix& base, const Matrix& queries, const Truth& truth, Metric metric,
                 quant::CodecKind kind, const std::vector<Bar>& bars) {
  MeasuredIndex index(base, {kind, codec_metric(metric), static_cast<int>(base.dim)}, {16, 64}, 2);
  for (const Bar& bar : bars)
    EXPECT_GE(index.measure(queries, truth, metric, 10, bar.ef).recall, bar.hnswlib - 0.01)
        << kNames[static_cast<int>(kind)] << ", ef_search " << bar.ef;
}

std::string shared(const std::string& path) {
  const char* folder = std::getenv("RUVECTOR_SHARED");
  return std::string(folder == nullptr ? RUVECTOR_DEFAULT_SHARED : folder) + "/data/dense/" + path;
}

class RecallBars : public ::testing::TestWithParam<quant::CodecKind> {};

TEST_P(RecallBars, Sift) {
  if (!std::filesystem::exists(shared("sift_128_5k"))) GTEST_SKIP() << "no data at " << shared("");
  const Matrix base = read_vectors(shared("sift_128_5k/base.fvecs.gz"));
  const Matrix queries = read_vectors(shared("sift_128_5k/query.fvecs.gz"));
  const Truth truth =
      given_truth(read_ids(shared("sift_128_5k/gt_l2.ivecs")), base, queries, 10, Metric::l2);
  expect_bars(base, queries, truth, Metric::l2, GetParam(),
              {{10, .8275}, {20, .9120}, {40, .9715}, {64, .9870}, {100, .9925}, {200, .9985}});
}

TEST_P(RecallBars, Bge) {
  if (!std::filesystem::exists(shared("bge_base_768"))) GTEST_SKIP() << "no data at " << shared("");
  const Matrix base = read_vectors(shared("bge_base_768/base.fvecs.gz"));
  const Matrix queries = read_vectors(shared("bge_base_768/query.fvecs.gz"));
  const Truth truth = given_truth(read_ids(shared("bge_base_768/gt_cosine.ivecs")), base, queries,
                                  10, Metric::cosine);
  expect_bars(base, queries, truth, Metric::cosine, GetParam(),
              {{10, .8339}, {20, .9259}, {40, .9681}, {64, .9839}, {100, .9922}, {200, .9976}});
}

// Images, whose neighbours are easy to find, so that the bars are high; the first 10,000.
TEST_P(RecallBars, Fashion) {
  if (!std::filesystem::exists(shared("fashion_mnist_784")))
    GTEST_SKIP() << "no data at " << shared("");
  Matrix base = read_vectors(shared("fashion_mnist_784/base.bvecs.xz"));
  base.values.resize(10000 * base.dim);
  const Matrix queries = read_vectors(shared("fashion_mnist_784/query.bvecs.xz"));
  const Truth truth = given_truth(read_ids(shared("fashion_mnist_784/gt_first10k_l2.ivecs")), base,
                                  queries, 10, Metric::l2);
  expect_bars(base, queries, truth, Metric::l2, GetParam(),
              {{10, .9575}, {20, .9884}, {40, .9972}, {64, .9986}, {100, .9995}, {200, .9999}});
}

std::string kind_name(const ::testing::TestParamInfo<quant::CodecKind>& info) {
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Kinds, RecallBars,
                         ::testing::Values(quant::CodecKind::none, quant::CodecKind::sq8,
                                           quant::CodecKind::rabitq, quant::CodecKind::binary,
                                           quant::CodecKind::pq),
                         kind_name);

// "words: gloss" of every synset, in the order of WordNet's files.
std::vector<std::string> glosses(const std::string& folder) {
  std::vector<std::string> all;
  for (const char* name : {"noun", "verb", "adj", "adv"}) {
    std::ifstream in(folder + "/data." + name);
    std::string line;
    while (std::getline(in, line)) {
      if (line.empty() || line[0] == ' ') continue;
      std::istringstream fields(line);
      std::string field, words;
      for (int i = 0; i < 4; ++i) fields >> field;
      const int count = std::stoi(field, nullptr, 16);
      for (int i = 0; i < count; ++i) {
        fields >> field;
        std::replace(field.begin(), field.end(), '_', ' ');
        words += (i > 0 ? ", " : "") + field.substr(0, field.find('('));
        fields >> field;
      }
      all.push_back(words + ": " + line.substr(line.find("| ") + 2));
    }
  }
  return all;
}

// Hashed words of short texts: most pairs share nothing, the neighbours of a text are in no
// cluster. hnswlib's figures are for the same 20,000 glosses.
TEST(RecallBars, HashedTexts) {
  constexpr const char* kWordNet = "/usr/share/wordnet";
  if (!std::filesystem::exists(kWordNet)) GTEST_SKIP() << "no WordNet";
  auto texts = glosses(kWordNet);
  ASSERT_EQ(texts.size(), 117659u);
  text::DocumentFrequencies frequencies(8192);
  for (const auto& t : texts) frequencies.add(t);
  std::vector<float> idf(8192);
  frequencies.idf(idf.data());
  std::mt19937 random(1);
  std::shuffle(texts.begin(), texts.end(), random);
  constexpr std::size_t kDim = 256, kQueries = 300, kRows = 20000;
  Matrix queries{kDim, std::vector<float>(kQueries * kDim)};
  Matrix base{kDim, std::vector<float>(kRows * kDim)};
  for (std::size_t i = 0; i < kQueries + kRows; ++i)
    text::embed(texts[i], {idf.data(), idf.size()},
                i < kQueries ? queries.values.data() + i * kDim
                             : base.values.data() + (i - kQueries) * kDim,
                kDim);
  const Truth truth = search_truth(base, queries, 10, Metric::cosine, Candidates());
  expect_bars(base, queries, truth, Metric::cosine, quant::CodecKind::rabitq,
              {{10, .3900}, {20, .5273}, {40, .6310}, {64, .7093}, {100, .7770}, {200, .8897}});
}

}  // namespace
}  // namespace rv::bench
