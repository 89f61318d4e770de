// The last step of an ordered scan: candidates come with estimated distances and error bounds, rows
// leave in the order of their exact distances, and no more rows are looked at than that takes.
//
// A candidate is looked up in the heap only when its lower bound (estimate - error) is below the
// nearest exact distance that waits to be returned; one that is returned was compared with all.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "pg/base/pg.h"

extern "C" {
#include "storage/itemptr.h"
}

namespace rv::pg {

class Reranker {
 public:
  struct Row {
    double distance;
    ItemPointerData tid;
  };

  void clear() {
    lower_.clear();
    next_ = 0;
    exact_.clear();
  }
  // Candidates of a further batch: anything that look_up() understands, by number.
  void add(float lower, std::uint32_t candidate) { lower_.push_back({lower, candidate}); }
  // After the last add() of a batch.
  void sort();

  bool candidates_left() const noexcept { return next_ < lower_.size(); }
  bool rows_left() const noexcept { return !exact_.empty(); }
  // True when the nearest waiting row is nearer than anything a candidate can be.
  bool ready() const noexcept {
    return !exact_.empty() &&
           (next_ == lower_.size() || exact_.front().distance <= lower_[next_].lower);
  }
  std::uint32_t take_candidate() noexcept { return lower_[next_++].candidate; }
  void push(Row row);
  Row pop();

 private:
  struct Candidate {
    float lower;
    std::uint32_t candidate;
  };
  std::vector<Candidate> lower_;
  std::size_t next_ = 0;
  std::vector<Row> exact_;  // min-heap
};

}  // namespace rv::pg
