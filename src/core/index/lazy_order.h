// Brings candidates with estimated distances into the order of their exact distances, looking up no
// more exact distances than that takes.
//
// A candidate's exact distance is, with high probability, not below estimate - error. So the next
// row is known as soon as the best exact distance is below every bound that is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <queue>
#include <vector>

namespace rv::index {

struct Candidate {
  std::uint64_t row;
  float estimate;
  float error;
};

class LazyOrder {
 public:
  // The bounds hold with a probability of 95 %; twice as far out, with 99.9 %.
  static constexpr float kCaution = 2.0f;

  // Bounds may be widened from outside: nothing that `add` will bring later is nearer than this.
  void set_horizon(float bound) noexcept { horizon_ = bound; }
  float horizon() const noexcept { return horizon_; }

  void add(const Candidate& c) {
    if (c.error > 0)
      open_.push({c.estimate - kCaution * c.error, c.row});
    else
      ready_.push({c.estimate, c.row});
  }
  bool empty() const noexcept { return open_.empty() && ready_.empty(); }
  std::size_t size() const noexcept { return open_.size() + ready_.size(); }
  void clear() {
    open_ = {};
    ready_ = {};
    horizon_ = std::numeric_limits<float>::infinity();
  }

  enum class Step {
    row,      // *row and *distance are the next
    more,     // something beyond the horizon may be nearer: add what is there first
    finished  // nothing is left
  };
  // `exact(row, &distance)` looks up an exact distance; false when the row is of no use.
  template <class Exact>
  Step next(Exact exact, std::uint64_t* row, float* distance) {
    for (;;) {
      const float bound = open_.empty() ? horizon_ : std::min(open_.top().key, horizon_);
      if (!ready_.empty() && ready_.top().key <= bound) {
        *row = ready_.top().row;
        *distance = ready_.top().key;
        ready_.pop();
        return Step::row;
      }
      if (!open_.empty() && open_.top().key <= horizon_) {
        const Entry e = open_.top();
        open_.pop();
        float d;
        if (exact(e.row, &d)) ready_.push({d, e.row});
        continue;
      }
      return empty() && horizon_ == std::numeric_limits<float>::infinity() ? Step::finished
                                                                           : Step::more;
    }
  }

 private:
  struct Entry {
    float key;
    std::uint64_t row;
    // Ties go by row, so that equal inputs give equal results.
    bool operator<(const Entry& other) const noexcept {
      return key != other.key ? key > other.key : row > other.row;
    }
  };
  std::priority_queue<Entry> open_;   // by bound
  std::priority_queue<Entry> ready_;  // by exact distance
  float horizon_ = std::numeric_limits<float>::infinity();
};

}  // namespace rv::index
