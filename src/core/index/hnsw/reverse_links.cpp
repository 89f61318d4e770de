#include "core/index/hnsw/reverse_links.h"

#include <algorithm>

namespace rv::index::hnsw {
namespace {

constexpr std::size_t kMembersAtATime = 1 << 16;  // between polls

}  // namespace

// Each worker looks at all links and takes those to its own share of the members, so that the order
// is always the same.
ReverseLinks::ReverseLinks(const LevelGraph& graph, const LargeArray<float>& distances,
                           std::size_t most, const Work& work)
    : most_(most), first_(graph.counts.size() + 2) {
  const std::size_t n = graph.counts.size();
  const auto degree = static_cast<std::size_t>(graph.degree);
  const auto shares = static_cast<std::size_t>(work.threads());
  const auto each = [&](const auto& take) {
    for (std::size_t first = 0; first < n; first += kMembersAtATime)
      work.for_range(shares, 1, [&](std::size_t begin, std::size_t end) {
        const std::size_t from = begin * n / shares, to = end * n / shares;
        const std::size_t last = std::min(n, first + kMembersAtATime);
        for (std::size_t p = first; p < last; ++p)
          for (std::size_t i = p * degree; i < p * degree + graph.counts[p]; ++i)
            if (graph.links[i] >= from && graph.links[i] < to) take(p, i);
      });
  };
  // Counts two places further on; then the ends of lists, one place further on, are counted up from
  // their beginnings.
  each([&](std::size_t, std::size_t i) { ++first_[graph.links[i] + std::size_t{2}]; });
  for (std::size_t p = 2; p < first_.size(); ++p) first_[p] += first_[p - 1];
  pairs_ = LargeArray<Pair>(first_.back());
  each([&](std::size_t p, std::size_t i) {
    pairs_[first_[graph.links[i] + std::size_t{1}]++] = {distances[i],
                                                         static_cast<std::uint32_t>(p)};
  });
  work.for_range(n, 4096, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p)
      if (first_[p + 1] - first_[p] > most_) trim(graph, p);
  });
}

void ReverseLinks::trim(const LevelGraph& graph, std::size_t member) {
  struct Ranked {
    std::ptrdiff_t rank;
    Pair pair;
  };
  std::vector<Ranked> all;
  for (std::size_t i = first_[member]; i < first_[member + 1]; ++i) {
    const std::uint32_t* links =
        graph.links.data() + pairs_[i].position * static_cast<std::size_t>(graph.degree);
    all.push_back({std::find(links, links + graph.degree, member) - links, pairs_[i]});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
  for (std::size_t i = 0; i < most_; ++i) pairs_[first_[member] + i] = all[i].pair;
}

}  // namespace rv::index::hnsw
