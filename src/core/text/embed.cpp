#include "core/text/embed.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/rng.h"
#include "core/text/words.h"

namespace rv::text {
namespace {

// Measured on SciFact and Cranfield (docs/text-embedding.md).
constexpr double kWordWeight = 1.0;
constexpr double kPairWeight = 0.4;
constexpr double kGramWeight = 0.15;
constexpr double kCommonFactor = 0.15;

// FNV-1a, finished by a mixer; `kind` keeps the feature families apart.
std::uint64_t hash_of(std::string_view s, std::uint64_t kind) {
  std::uint64_t h = 0xCBF29CE484222325ULL ^ kind;
  for (const char c : s) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001B3ULL;
  }
  return mix64(h);
}

void add_grams(const std::string& word, std::uint64_t word_hash, double weight,
               std::vector<Feature>& out) {
  const std::string marked = "<" + word + ">";
  for (std::size_t n = 3; n <= 5; ++n)
    for (std::size_t i = 0; i + n <= marked.size(); ++i)
      out.push_back({hash_of({marked.data() + i, n}, 3), weight, word_hash, word_hash});
}

// Sorts by hash and folds equal features into one: 1 + ln(occurrences) times the weight.
void fold_equal(std::vector<Feature>& features) {
  std::stable_sort(features.begin(), features.end(),
                   [](const Feature& a, const Feature& b) { return a.hash < b.hash; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < features.size();) {
    std::size_t end = i;
    while (end < features.size() && features[end].hash == features[i].hash) ++end;
    const double occurrences = static_cast<double>(end - i);
    Feature folded = features[i];
    folded.weight *= 1 + std::log(occurrences);
    features[kept++] = folded;
    i = end;
  }
  features.resize(kept);
}

double idf_of(const Feature& f, IdfView idf) {
  if (idf.buckets == 0) return 1;
  return 0.5 * (static_cast<double>(idf.values[f.first_word % idf.buckets]) +
                static_cast<double>(idf.values[f.last_word % idf.buckets]));
}

}  // namespace

std::vector<Feature> features_of(std::string_view input) {
  std::vector<Feature> features;
  std::string previous;
  std::uint64_t previous_hash = 0;
  for (const std::string& word : split_words(input)) {
    const bool common = is_common(word);
    const double factor = common ? kCommonFactor : 1.0;
    const std::string root = stem(word);
    const std::uint64_t hash = hash_of(root, 1);
    features.push_back({hash, kWordWeight * factor, hash, hash});
    if (!common) add_grams(root, hash, kGramWeight, features);
    if (!previous.empty() && !common)
      features.push_back(
          {hash_of(previous.append(" ").append(root), 2), kPairWeight, previous_hash, hash});
    previous = common ? std::string() : root;
    previous_hash = hash;
  }
  fold_equal(features);
  return features;
}

void embed(std::string_view input, IdfView idf, float* out, std::size_t dim) {
  std::vector<double> sum(dim, 0.0);
  for (const Feature& f : features_of(input)) {
    const double w = f.weight * idf_of(f, idf);
    Rng rng(f.hash);
    for (int i = 0; i < kSigns; ++i) {
      const std::uint64_t r = rng.next();
      const auto at =
          static_cast<std::size_t>((static_cast<unsigned __int128>(r >> 1) * dim) >> 63);
      sum[at] += (r & 1) != 0 ? w : -w;
    }
  }
  double squares = 0;
  for (const double x : sum) squares += x * x;
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (std::size_t i = 0; i < dim; ++i) out[i] = static_cast<float>(sum[i] * scale);
}

void DocumentFrequencies::add(std::string_view input) {
  ++documents_;
  std::vector<std::size_t> buckets;
  for (const Feature& f : features_of(input))
    if (f.hash == f.first_word) buckets.push_back(f.hash % counts_.size());
  std::sort(buckets.begin(), buckets.end());
  buckets.erase(std::unique(buckets.begin(), buckets.end()), buckets.end());
  for (const std::size_t b : buckets) ++counts_[b];
}

void DocumentFrequencies::idf(float* out) const {
  const auto n = static_cast<double>(documents_);
  for (std::size_t i = 0; i < counts_.size(); ++i)
    out[i] = static_cast<float>(std::log((n + 1) / (counts_[i] + 1.0)) + 0.1);
}

}  // namespace rv::text
