// The ranked part of a search; see search.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/sparse/search.h"

namespace rv::sparse {

class Search::Ranker {
 public:
  virtual ~Ranker() = default;
  // The next best document: its number over all segments and pending ones, and its value.
  virtual bool next(std::uint64_t* document, double* value) = 0;
};

// T: float for bounds of inner products, double for BM25 scores.
template <class T>
class Search::RankerOf final : public Search::Ranker {
 public:
  RankerOf(const IndexView& view, const Prepared& prepared, const SearchOptions& options,
           std::vector<Row>& pending, SearchStatistics& statistics);
  bool next(std::uint64_t* document, double* value) override;

 private:
  struct Candidate {
    T value;
    std::uint64_t document;
    bool before(const Candidate& o) const noexcept {
      return value != o.value ? value > o.value : document < o.document;
    }
  };
  struct SegmentTerm {
    std::size_t term;  // of the query
    TermEntry entry;
  };

  static constexpr T untouched() noexcept { return -T(0); }
  std::vector<std::size_t> chosen_terms(double share) const;
  void find_terms(const std::vector<std::size_t>& chosen);
  double largest_contribution(const SegmentTerm& t) const;
  void fill_table(const SegmentTerm& t, float* table) const;
  void score_window(std::size_t segment, std::uint32_t window, std::vector<ListCursor>& lists,
                    T* sums);
  void add_block(const SegmentTerm& t, const BlockView& block, T* sums);
  void select(const T* x, std::uint32_t count, std::uint64_t base);
  void shrink();
  bool run_round();

  const IndexView& view_;
  const Prepared& prepared_;
  SearchStatistics& statistics_;
  std::vector<std::vector<SegmentTerm>> terms_;  // of every segment
  std::vector<std::uint64_t> base_;              // first document number of every segment
  std::uint64_t documents_ = 0;                  // pending ones included
  std::vector<T> pending_;                       // their values
  std::vector<T> sums_;                          // of all segments' documents, or of one window
  bool keep_ = false, scored_ = false;
  float slack_ = 0;
  std::vector<std::uint64_t> operands_;  // of one window, when the query has a condition
  std::vector<std::uint32_t> lengths_, positions_;
  std::vector<double> norm_values_;
  NormTable norms_{};
  std::vector<float> table_;
  std::vector<double> numerators_;

  std::size_t batch_;
  Candidate frontier_{std::numeric_limits<T>::infinity(), 0};  // everything before it is out
  std::vector<Candidate> best_;
  T above_ = 0;
  std::size_t at_ = 0;
};

}  // namespace rv::sparse
