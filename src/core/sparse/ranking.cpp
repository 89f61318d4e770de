#include "core/sparse/ranking.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "core/base/error.h"

namespace rv::sparse {
namespace {

void check_number(double x, double low, const char* what) {
  if (!(x >= low) || std::isinf(x))
    throw Error(ErrorCode::invalid_argument, std::string(what) +
                                                 " must be a finite number of at least " +
                                                 std::to_string(static_cast<int>(low)));
}

}  // namespace

void check_bm25(const Bm25& p) {
  if (!(p.k1 >= 0 && p.k1 <= 1000))
    throw Error(ErrorCode::invalid_argument,
                "k1 must be between 0 and 1000, not " + std::to_string(p.k1));
  if (!(p.b >= 0 && p.b <= 1))
    throw Error(ErrorCode::invalid_argument,
                "b must be between 0 and 1, not " + std::to_string(p.b));
}

double bm25_idf(double documents, double df) noexcept {
  df = std::min(df, documents);
  return std::log1p((documents - df + 0.5) / (df + 0.5));
}

[[gnu::noinline]] double bm25_norm(const Bm25& p, double length, double average_length) noexcept {
  const double relative = average_length > 0 ? length / average_length : 0;
  return p.k1 * (1 - p.b + p.b * relative);
}

[[gnu::noinline]] double bm25_term(double weight_k1, double tf, double norm) noexcept {
  const double numerator = weight_k1 * tf;
  return numerator / (tf + norm);
}

double bm25_score(std::span<const double> term_frequencies,
                  std::span<const double> document_frequencies, double length,
                  double average_length, double documents, const Bm25& p) {
  check_bm25(p);
  if (term_frequencies.size() != document_frequencies.size())
    throw Error(ErrorCode::data_exception, "number of term frequencies (" +
                                               std::to_string(term_frequencies.size()) +
                                               ") must equal number of document frequencies (" +
                                               std::to_string(document_frequencies.size()) + ")");
  check_number(length, 0, "document length");
  check_number(average_length, 0, "average document length");
  check_number(documents, 0, "number of documents");
  const double norm = bm25_norm(p, length, average_length);
  double score = 0;
  for (std::size_t i = 0; i < term_frequencies.size(); ++i) {
    check_number(term_frequencies[i], 0, "term frequency");
    check_number(document_frequencies[i], 0, "document frequency");
    if (document_frequencies[i] > documents)
      throw Error(ErrorCode::invalid_argument,
                  "document frequency exceeds the number of documents");
    if (term_frequencies[i] > 0)
      score += bm25_term(bm25_idf(documents, document_frequencies[i]) * (p.k1 + 1),
                         term_frequencies[i], norm);
  }
  return score;
}

double tf_idf(double tf, double df, double documents) {
  check_number(tf, 0, "term frequency");
  check_number(documents, 1, "number of documents");
  if (!(df > 0) || df > documents)
    throw Error(ErrorCode::invalid_argument,
                "document frequency must be positive and not exceed the number of documents");
  return tf * std::log(documents / df);
}

double rrf_score(std::int64_t rank, int k) {
  if (rank < 1)
    throw Error(ErrorCode::invalid_argument,
                "rank must be at least 1, not " + std::to_string(rank));
  if (k < 1)
    throw Error(ErrorCode::invalid_argument, "k must be at least 1, not " + std::to_string(k));
  return 1.0 / (static_cast<double>(k) + static_cast<double>(rank));
}

}  // namespace rv::sparse
