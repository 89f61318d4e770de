// The formulae of lexical retrieval and of rank fusion, as functions of plain numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace rv::sparse {

// The free parameters of BM25. Robertson, Zaragoza, "The probabilistic relevance framework: BM25
// and beyond", 2009.
struct Bm25 {
  double k1 = 1.2;
  double b = 0.75;
};
void check_bm25(const Bm25& p);  // 22023: k1 must be in [0, 1000], b in [0, 1]

// ln(1 + (N - df + 0.5) / (df + 0.5)), never negative. A term more frequent than the number of
// documents (statistics may lag) counts as one that every document has.
double bm25_idf(double documents, double df) noexcept;
// What a document of this length adds to the denominator: k1 * (1 - b + b * length / average).
double bm25_norm(const Bm25& p, double length, double average_length) noexcept;
// One term's share of the score: weight * tf * (k1 + 1) / (tf + norm), where weight = idf times the
// term's occurrences in the query. These functions are not inlined: the index and the operator must
// round alike, to the last bit, on machines that fuse multiplication and addition too.
double bm25_term(double weight_k1, double tf, double norm) noexcept;

// The score of a document for given statistics; 22023 and 22000 for values that cannot be.
double bm25_score(std::span<const double> term_frequencies,
                  std::span<const double> document_frequencies, double length,
                  double average_length, double documents, const Bm25& p);

// tf * ln(documents / df).
double tf_idf(double tf, double df, double documents);

// Reciprocal rank fusion: 1 / (k + rank). Cormack, Clarke, Buettcher, SIGIR 2009.
double rrf_score(std::int64_t rank, int k);

}  // namespace rv::sparse
