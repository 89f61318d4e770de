#include "core/text/embed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/text/words.h"

namespace rv::text {
namespace {

std::vector<float> vector_of(std::string_view s, std::size_t dim = 256, IdfView idf = {}) {
  std::vector<float> v(dim);
  embed(s, idf, v.data(), dim);
  return v;
}
double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += static_cast<double>(a[i]) * b[i];
  return s;
}

TEST(Words, FoldsCaseAndSplitsAtEverythingElse) {
  EXPECT_EQ(split_words("Der ÄRGER, 3x: ΣΟΦΙΑ-Москва!"),
            (std::vector<std::string>{"der", "ärger", "3x", "σοφια", "москва"}));
  EXPECT_TRUE(split_words(" \t,.;—…").empty());
}

TEST(Words, ToleratesBytesThatAreNoUtf8) {
  EXPECT_EQ(split_words("ab\xFF\xC3"), (std::vector<std::string>{"ab"}));
  EXPECT_EQ(split_words("\xE2\x82x\xED\xA0\x80y"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(split_words("\xC0\x80z"), (std::vector<std::string>{"z"}));
}

TEST(Words, FormsOfAWordMeet) {
  EXPECT_EQ(stem("cities"), stem("city"));
  EXPECT_EQ(stem("boxes"), "box");
  EXPECT_EQ(stem("walking"), stem("walked"));
  EXPECT_EQ(stem("dogs"), "dog");
  EXPECT_EQ(stem("glass"), "glass");
  EXPECT_EQ(stem("virus"), "virus");
  EXPECT_TRUE(is_common("the"));
  EXPECT_TRUE(is_common("a"));
  EXPECT_TRUE(is_common("yours"));
  EXPECT_FALSE(is_common("cat"));
}

TEST(Embed, HasLengthOneOrZero) {
  for (const std::size_t dim : {1u, 2u, 3u, 64u, 256u, 16000u})
    EXPECT_NEAR(dot(vector_of("a small cat", dim), vector_of("a small cat", dim)), 1, 1e-5) << dim;
  for (const float x : vector_of("?!")) EXPECT_EQ(x, 0.0f);
}

// The value is part of the contract: vectors stored by one build are compared with another's.
TEST(Embed, IsTheSameEverywhere) {
  std::uint64_t h = 0;
  for (const Feature& f : features_of("Dogs chase cats; cats chase mice.")) h = h * 31 + f.hash;
  EXPECT_EQ(h, 17809245865226186461ULL);
  EXPECT_EQ(vector_of("dogs chase cats"), vector_of("DOGS, chase -- cats!"));
}

TEST(Embed, RelatedTextsAreNearerThanUnrelatedOnes) {
  const auto cat = vector_of("a feline mammal usually having thick soft fur");
  EXPECT_GT(dot(cat, vector_of("feline mammals with soft furs")),
            dot(cat, vector_of("a written agreement between two states")) + 0.3);
  EXPECT_GT(dot(vector_of("electrical"), vector_of("electricity")), 0.2) << "character n-grams";
}

// Frequencies are those of words alone: a corpus has far more pairs and n-grams than buckets.
TEST(Idf, CountsWordsOnly) {
  DocumentFrequencies df(16000);
  df.add("electrical engineering departments");
  std::vector<float> idf(16000);
  df.idf(idf.data());
  const float unseen = *std::max_element(idf.begin(), idf.end());
  EXPECT_EQ(std::count_if(idf.begin(), idf.end(), [&](float x) { return x < unseen; }), 3);
}

TEST(Idf, RareFeaturesWeighMore) {
  DocumentFrequencies df(4096);
  for (int i = 0; i < 50; ++i) df.add("common topic");
  df.add("rare topic");
  std::vector<float> idf(4096);
  df.idf(idf.data());
  EXPECT_EQ(df.documents(), 51u);
  const IdfView view{idf.data(), idf.size()};
  const auto query = vector_of("common rare", 4096, view);
  EXPECT_GT(dot(query, vector_of("rare", 4096, view)),
            dot(query, vector_of("common", 4096, view)) + 0.5);
}

}  // namespace
}  // namespace rv::text
