#include "core/index/hnsw/select.h"

#include <algorithm>
#include <cmath>

namespace rv::index::hnsw {

// Column by column: each selected candidate strikes out those it is nearer to, in one batch of
// products; the row-wise form compares one pair at a time.
void NeighbourSelection::operator()(std::vector<LinkCandidate>& candidates, int most, bool fill) {
  selected_.clear();
  rejected_.clear();
  open_.swap(candidates);
  candidates.clear();
  const auto want = static_cast<std::size_t>(most);
  while (!open_.empty() && selected_.size() < want) {
    const LinkCandidate chosen = open_.front();
    selected_.push_back(chosen);
    const std::size_t rest = open_.size() - 1;
    if (rest == 0 || selected_.size() == want) break;
    codes_.resize(rest);
    distance_.resize(rest);
    error_.resize(rest);
    for (std::size_t i = 0; i < rest; ++i) codes_[i] = open_[i + 1].code;
    query_->set_code(chosen.code);
    query_->distances(codes_.data(), static_cast<int>(rest), distance_.data(), error_.data());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rest; ++i) {
      const LinkCandidate& c = open_[i + 1];
      // Inner products may be link distances, and negative.
      if (distance_[i] + (kAlpha - 1) * std::abs(distance_[i]) < c.distance)
        rejected_.push_back(c);
      else
        open_[kept++] = c;
    }
    open_.resize(kept);
  }
  if (fill && selected_.size() < want) {
    std::sort(rejected_.begin(), rejected_.end(), [](const auto& a, const auto& b) {
      return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    });
    for (const LinkCandidate& c : rejected_) {
      if (selected_.size() >= want) break;
      selected_.push_back(c);
    }
  }
  candidates.swap(selected_);
}

}  // namespace rv::index::hnsw
