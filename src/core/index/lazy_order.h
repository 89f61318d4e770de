// Brings candidates with estimated distances into the order of their exact distances, looking up no
// more exact distances than that takes.
//
// A candidate's exact distance is, with high probability, not below its bound (estimate - error).
// So the next row is known as soon as the best exact distance is below every bound that is left.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rv::index {

struct Candidate {
  std::uint64_t row;
  float bound;
  bool exact;  // the bound is the distance itself

  // Ties go by row, so that equal inputs give equal results.
  bool operator<(const Candidate& o) const noexcept {
    return bound != o.bound ? bound < o.bound : row < o.row;
  }
};

class LazyOrder {
 public:
  // The error bounds of codecs hold with a probability of 95 %; twice as far out, with 99.9 %.
  static constexpr float kCaution = 2.0f;

  // Nothing that add() brings later is nearer than this.
  void set_horizon(float bound) noexcept { horizon_ = bound; }

  void add(const std::vector<Candidate>& candidates) {
    if (far_.empty()) far_.reserve(candidates.size());
    for (const Candidate& c : candidates) (c.exact ? ready_ : far_).push_back({c.bound, c.row});
    std::make_heap(ready_.begin(), ready_.end());
    far_.insert(far_.end(), near_.begin(), near_.end());
    near_.clear();
  }
  bool empty() const noexcept { return near_.empty() && far_.empty() && ready_.empty(); }
  void clear() {
    near_.clear();
    far_.clear();
    ready_.clear();
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
      if (near_.empty() && !far_.empty()) bring_near();
      const float bound = near_.empty() ? horizon_ : std::min(near_.front().key, horizon_);
      if (!ready_.empty() && ready_.front().key <= bound) {
        const Entry e = pop(ready_);
        *row = e.row;
        *distance = e.key;
        return Step::row;
      }
      if (!near_.empty() && near_.front().key <= horizon_) {
        const Entry e = pop(near_);
        float d;
        if (exact(e.row, &d)) {
          ready_.push_back({d, e.row});
          std::push_heap(ready_.begin(), ready_.end());
        }
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
    // Reversed: the standard's heaps have the largest on top.
    bool operator<(const Entry& o) const noexcept {
      return key != o.key ? key > o.key : row > o.row;
    }
  };

  static Entry pop(std::vector<Entry>& heap) {
    std::pop_heap(heap.begin(), heap.end());
    const Entry e = heap.back();
    heap.pop_back();
    return e;
  }

  // Moves the nearest of far_ into near_: all below a bound that a sample suggests. Most candidates
  // are never looked at; ordering them all would cost more than estimating their distances did.
  void bring_near() {
    constexpr std::size_t kWanted = 512, kSample = 256;
    if (far_.size() <= 2 * kWanted) {
      near_.swap(far_);
    } else {
      float keys[kSample];
      for (std::size_t i = 0; i < kSample; ++i) keys[i] = far_[i * far_.size() / kSample].key;
      const std::size_t rank = kWanted * kSample / far_.size();
      std::nth_element(keys, keys + rank, keys + kSample);
      const float limit = keys[rank];
      const auto middle = std::partition(far_.begin(), far_.end(),
                                         [limit](const Entry& e) { return !(e.key <= limit); });
      near_.assign(middle, far_.end());
      far_.erase(middle, far_.end());
    }
    std::make_heap(near_.begin(), near_.end());
  }

  std::vector<Entry> near_;   // a heap by bound
  std::vector<Entry> far_;    // in no order, none nearer than any of near_
  std::vector<Entry> ready_;  // a heap by exact distance
  float horizon_ = std::numeric_limits<float>::infinity();
};

}  // namespace rv::index
