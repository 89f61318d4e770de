// Search: the entries of the nearest lists, list by list, as candidates with estimated distances.
#pragma once

#include <vector>

#include "core/index/ivf/centres.h"
#include "core/index/lazy_order.h"

namespace rv::index::ivf {

// Lists to look at when nobody says how many: for a recall of about 0.95 on real embeddings.
std::uint32_t default_probes(std::uint32_t lists) noexcept;

struct SearchCounts {
  std::uint64_t lists = 0;
  std::uint64_t pages = 0;
  std::uint64_t codes = 0;
};

class Search {
 public:
  // `memory` bounds the candidates that are held at a time, in bytes.
  Search(PageStore& store, std::shared_ptr<const Description> index, std::size_t memory);

  // Aims at a query of dim floats; the nearest `max_lists` lists will be looked at, at most.
  void start(const float* query, std::uint32_t max_lists);
  // Looks at the next `count` lists. False when there are none left.
  bool probe(std::uint32_t count);
  // Right after the first probe(): goes on as if it had been asked for this larger count.
  void widen(std::uint32_t count);

  // The next row in the order of distances among the lists that were probed and not yet exhausted.
  // exact(row, &distance): see LazyOrder. False when probe() must be called.
  template <class Exact>
  bool next(Exact exact, RowId* row, float* distance) {
    for (;;) {
      switch (order_.next(exact, row, distance)) {
        case LazyOrder::Step::row:
          return true;
        case LazyOrder::Step::more:
          read_window();
          break;
        case LazyOrder::Step::finished:
          return false;
      }
    }
  }

  // For scan_features.h: how many lists there are to look at, the distance of the i-th nearest
  // centre (of those probed, the next, and the first 32), and the candidates of the lists that were
  // probed last.
  std::size_t ordered_lists() const noexcept { return probes_.size(); }
  float list_distance(std::size_t i) const noexcept { return probes_[i].distance; }
  const std::vector<Candidate>& window() const noexcept { return held_; }

  const SearchCounts& counts() const noexcept { return counts_; }
  const Description& index() const noexcept { return *index_; }

 private:
  struct Probe {
    float distance;
    std::uint32_t list;
    bool operator<(const Probe& o) const noexcept {
      return distance != o.distance ? distance < o.distance : list < o.list;
    }
  };
  void order(std::size_t count);
  void read_window();
  void hand_on();
  void read_lists(std::size_t from);
  void read_list(std::uint32_t list, Block first);
  void hold(const Candidate* candidates, std::size_t count);
  void hold_nearest(const Candidate& c);

  PageStore& store_;
  std::shared_ptr<const Description> index_;
  std::unique_ptr<quant::CodeQuery> query_;
  CentreDistances centres_;
  std::vector<float> distance_, error_;  // of the centres
  std::size_t limit_;                    // candidates held
  bool exact_;                           // estimates stand for themselves
  std::vector<Probe> probes_;
  std::size_t begin_ = 0, end_ = 0;  // the probes of the window
  std::size_t sorted_ = 0;           // probes that are in order; the rest lie behind them
  // The candidates of one reading of the window's lists: the `limit_` nearest behind `last_`, as a
  // heap with the farthest on top.
  std::vector<Candidate> held_;
  Candidate last_{};
  bool resumed_ = false, dropped_ = false;
  LazyOrder order_;
  SearchCounts counts_;
};

}  // namespace rv::index::ivf
