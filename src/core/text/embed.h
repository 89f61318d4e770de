// A text-to-vector function without a model: hashed features, randomly projected.
//
// Features are words (stemmed), pairs of neighbouring words and the character 3- to 5-grams of each
// word, weighted by sublinear term frequency and, when given, by the inverse document frequency of
// the words they come from (a pair takes the mean of its two). Every feature adds its weight with
// pseudo-random signs to kSigns of the vector's components: feature hashing (Weinberger et al.,
// ICML 2009) in its sparse Johnson-Lindenstrauss form (Kane and Nelson, JACM 2014). The sum is
// normalised to length 1.
//
// Integer hashing and a fixed order of summation: the same text gives the same vector everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rv::text {

inline constexpr int kSigns = 8;

// A feature's hash, its weight in one text, and the hashes of the words it comes from: both words
// of a pair; the same one twice for a word itself and for an n-gram.
struct Feature {
  std::uint64_t hash;
  double weight;
  std::uint64_t first_word;
  std::uint64_t last_word;
};

// The features of a text in ascending order of hash, each once.
std::vector<Feature> features_of(std::string_view input);

// Inverse document frequencies of words by hash bucket: idf[hash % buckets]. Empty: all 1.
struct IdfView {
  const float* values = nullptr;
  std::size_t buckets = 0;
};

// Writes the embedding of `input` into out[0 .. dim). A text without any letter or digit gives the
// zero vector, which cosine indexes leave out.
void embed(std::string_view input, IdfView idf, float* out, std::size_t dim);

// Counts in how many of the texts given to add() a word of each bucket occurs. Pairs and n-grams
// are not counted: there are so many that every bucket would look frequent.
class DocumentFrequencies {
 public:
  explicit DocumentFrequencies(std::size_t buckets) : counts_(buckets) {}
  void add(std::string_view input);
  // ln((n + 1) / (df + 1)) + 0.1 for every bucket.
  void idf(float* out) const;
  std::size_t buckets() const noexcept { return counts_.size(); }
  std::uint64_t documents() const noexcept { return documents_; }

 private:
  std::uint64_t documents_ = 0;
  std::vector<std::uint32_t> counts_;
};

}  // namespace rv::text
