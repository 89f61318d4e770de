// Best-first search: hands out the rows of an index in the order of their score, as many as the
// caller wants.
//
// Term at a time: the postings of the query's terms are added into an array with one number for
// every document of a window. Vectors: the numbers are upper bounds of the inner product, so tight
// that a handful of rows beyond k need their exact value, which the caller computes from the row.
// BM25: the numbers are the scores. A batch of the best documents is selected; when the caller has
// used it up, the next, larger one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/sparse/query.h"

namespace rv::sparse {

struct SearchOptions {
  std::size_t memory = std::size_t{4} << 20;  // for the numbers of all documents, if they fit
  std::uint32_t batch = 64;
  // Approximate: only the heaviest terms that hold this share of the query's weight are looked up.
  double share = 1;
};

// A row of the result. Rows come in the order of `value`, descending, then those with `undefined`
// score (NaN), then those that are NULL.
struct Hit {
  enum class Value : std::uint8_t {
    exact,      // value is the score
    bound,      // the score is at most value; rows that come later score at most what they say
    undefined,  // the score is NaN
    null        // the row is NULL, or the query is
  };
  Row row;
  Value kind;
  double value;
  bool scored() const noexcept { return kind == Value::exact || kind == Value::bound; }
};

// What the ordering operator says where the score is this, and the other way round.
constexpr double distance_of(Scoring scoring, double score) noexcept {
  return scoring == Scoring::cosine ? 1 - score : 0 - score;
}

struct SearchStatistics {
  std::uint64_t postings = 0;  // summed up
  std::uint64_t rounds = 0;    // batches selected
  std::uint64_t hits = 0;      // handed out
};

class Search {
 public:
  // `view` and `prepared` must outlive the search.
  Search(const IndexView& view, const Prepared& prepared, SearchOptions options);
  ~Search();
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  bool next(Hit& out);
  const SearchStatistics& statistics() const noexcept { return statistics_; }

 private:
  class Ranker;
  template <class T>
  class RankerOf;

  enum class Phase { irregular, ranked, undefined, null, end };
  // The next row of a kind that has no place among the ranked ones.
  bool next_unranked(RowKind kind, Row& out);
  bool any_of(RowKind kind) const;

  const IndexView& view_;
  const Prepared& prepared_;
  SearchOptions options_;
  SearchStatistics statistics_;
  std::vector<Row> pending_;
  Phase phase_;
  std::size_t segment_ = 0;  // of the unranked walk; behind the last one: the pending list
  std::uint32_t document_ = 0;
  std::vector<Row> rows_;
  std::size_t row_ = 0;
  std::unique_ptr<Ranker> ranker_;
};

}  // namespace rv::sparse
