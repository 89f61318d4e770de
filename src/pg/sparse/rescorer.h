// Rows of scans whose index knows bounds only, fetched from the table and compared exactly. The
// executor could do so for bounds (xs_recheckorderby), but since PostgreSQL 18 the rows that it
// puts into order have lost their ctid, and it does not tell which index had a wrong bound.
#pragma once

#include <optional>
#include <queue>
#include <vector>

#include "core/sparse/search.h"
#include "pg/base/guard.h"

extern "C" {
#include "access/relscan.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
}

namespace rv::pg {

class Rescorer {
 public:
  // `query` is the argument of the scan's ordering operator. `batch`: the approximate mode, where
  // candidates found by the heaviest terms of the query are put into order so many at a time; 0:
  // exact order, by bounds. `rough`: what the search calls exact is a bound too, unless it is 0.
  Rescorer(IndexScanDesc scan, Datum query, std::size_t batch, bool rough);
  // Releases what it holds of the table; after an error the transaction's abort does. Not the
  // destructor's work: that runs when the memory context goes, whose children have gone before.
  void close();
  Rescorer(const Rescorer&) = delete;
  Rescorer& operator=(const Rescorer&) = delete;

  bool next(sparse::Search& search, sparse::Hit& out);
  // Rows compared so far.
  std::uint64_t compared() const noexcept { return compared_; }

 private:
  bool next_of_batch(sparse::Search& search, sparse::Hit& out);
  bool next_in_order(sparse::Search& search, sparse::Hit& out);
  void refill(sparse::Search& search);
  // Puts a row among those that wait, or nowhere when nobody sees it.
  void compare(sparse::Hit hit);
  // Gives a hit the exact value of its row; false when no version of that is visible, or it is
  // NULL.
  bool look_up(sparse::Hit* hit, double* distance);

  IndexScanDesc scan_;
  Datum query_;
  std::size_t batch_;
  bool rough_;
  sparse::Scoring scoring_;
  std::uint64_t compared_ = 0;
  bool ended_ = false;
  std::vector<sparse::Hit> hits_;  // of the batch
  std::size_t at_ = 0;
  struct Waiting {
    double distance;
    sparse::Hit hit;
    bool operator<(const Waiting& other) const noexcept { return distance > other.distance; }
  };
  std::priority_queue<Waiting> waiting_;  // compared; a row to come may be nearer
  std::vector<sparse::Hit> undefined_;    // compared, and not a number
  std::optional<sparse::Hit> ahead_;      // the next of the search
  IndexInfo* info_ = nullptr;
  EState* state_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  IndexFetchTableData* fetch_ = nullptr;
};

}  // namespace rv::pg
