#include "core/index/hnsw/leaf_clusters.h"

#include <algorithm>
#include <cmath>

namespace rv::index::hnsw {
namespace {

constexpr std::size_t kSample = 4;
constexpr std::size_t kMostClusters = 96;
// A leaf falls apart when the k-th nearest of the sampled members is nearer than this share of the
// median squared distance. Gaussian clusters whose deviation is a fifth of that of their centres
// are there; embeddings of models have shares of a half and more.
constexpr float kTight = 0.1f;

}  // namespace

bool LeafClusters::find(std::size_t n, int k, const Distances& distances) {
  n_ = n;
  first_.clear();
  distance_.clear();
  const auto rank = static_cast<std::size_t>(k / 2);
  if (n < 4 * rank || n < 2 * kSample) return false;
  std::vector<float> row(n);
  double near = 0, middle = 0;
  for (std::size_t s = 0; s < kSample; ++s) {
    distances(s * n / kSample, row.data());
    for (float& d : row)
      if (!(d < 1e30f)) d = 1e30f;  // damaged codes
    // The member itself is the nearest.
    std::nth_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(rank), row.end());
    near += std::max(row[rank], 0.0f) / static_cast<double>(kSample);
    const auto half = row.begin() + static_cast<std::ptrdiff_t>(n / 2);
    std::nth_element(row.begin(), half, row.end());
    middle += *half / static_cast<double>(kSample);
  }
  if (!(near < kTight * middle)) return false;
  border_ = static_cast<float>(std::max(std::sqrt(near * middle), 0.01 * middle));
  std::vector<char> covered(n);
  for (std::size_t i = 0; i < n && first_.size() < kMostClusters; ++i) {
    if (covered[i] != 0) continue;
    distances(i, row.data());
    first_.push_back(static_cast<std::uint32_t>(i));
    for (std::size_t j = 0; j < n; ++j)
      if (j == i || row[j] < border_) covered[j] = 1;
    distance_.insert(distance_.end(), row.begin(), row.end());
  }
  return first_.size() > 1;
}

void LeafClusters::nearest(std::size_t i, int most, std::vector<Pair>& out) const {
  out.clear();
  for (std::size_t c = 0; c < first_.size(); ++c) {
    const float d = distance_[c * n_ + i];
    if (first_[c] != i && d >= border_ && d < 1e30f) out.push_back({d, first_[c]});
  }
  const std::size_t count = std::min(out.size(), static_cast<std::size_t>(most));
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.end(),
                    pair_less);
  out.resize(count);
}

}  // namespace rv::index::hnsw
