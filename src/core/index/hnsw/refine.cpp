#include "core/index/hnsw/refine.h"

#include <algorithm>

namespace rv::index::hnsw {

double found_share(const quant::Codec& codec, const CodeArray& codes,
                   const std::vector<std::uint32_t>& members, PairTable& candidates,
                   const Work& work) {
  constexpr std::size_t kSample = 48, kNearest = 10, kFew = 1000;
  const std::size_t n = members.size();
  if (n < kFew) return 1;
  std::atomic<std::size_t> found{0};
  work.for_range(kSample, 1, [&](std::size_t begin, std::size_t end) {
    const auto query = codec.query();
    constexpr std::size_t kBatch = 256;
    const std::byte* pointers[kBatch];
    float distance[kBatch], error[kBatch];
    for (std::size_t s = begin; s < end; ++s) {
      const std::size_t p = s * n / kSample;
      query->set_code(codes[members[p]]);
      std::vector<Pair> nearest;  // a max-heap
      for (std::size_t at = 0; at < n; at += kBatch) {
        const std::size_t count = std::min(kBatch, n - at);
        for (std::size_t i = 0; i < count; ++i) pointers[i] = codes[members[at + i]];
        query->distances(pointers, static_cast<int>(count), distance, error);
        for (std::size_t i = 0; i < count; ++i) {
          const Pair pair{distance[i], static_cast<std::uint32_t>(at + i)};
          if (at + i == p || distance[i] != distance[i]) continue;
          if (nearest.size() == kNearest) {
            if (!pair_less(pair, nearest.front())) continue;
            std::pop_heap(nearest.begin(), nearest.end(), pair_less);
            nearest.pop_back();
          }
          nearest.push_back(pair);
          std::push_heap(nearest.begin(), nearest.end(), pair_less);
        }
      }
      for (const Pair& pair : nearest)
        found += std::any_of(candidates.begin(p), candidates.end(p),
                             [&pair](const Pair& c) { return c.position == pair.position; })
                     ? 1
                     : 0;
    }
  });
  return static_cast<double>(found.load()) / static_cast<double>(kSample * kNearest);
}

std::unique_ptr<PairTable> neighbours_of_neighbours(const quant::Codec& codec,
                                                    const CodeArray& codes,
                                                    const std::vector<std::uint32_t>& members,
                                                    std::size_t room, const Work& work,
                                                    const LevelGraph& graph) {
  const std::size_t n = members.size();
  const auto degree = static_cast<std::size_t>(graph.degree);
  auto candidates = std::make_unique<PairTable>(n, room);
  work.for_range(n, 256, [&](std::size_t begin, std::size_t end) {
    const auto query = codec.query();
    std::vector<std::uint32_t> near;
    std::vector<const std::byte*> pointers;
    std::vector<float> distance, error;
    std::vector<Pair> pairs;
    for (std::size_t p = begin; p < end; ++p) {
      near.clear();
      const auto take = [&](std::size_t of) {
        const std::uint32_t* links = graph.links.data() + of * degree;
        near.insert(near.end(), links, links + graph.counts[of]);
      };
      take(p);
      for (std::size_t i = 0; i < graph.counts[p]; ++i) take(graph.links[p * degree + i]);
      std::sort(near.begin(), near.end());
      near.erase(std::unique(near.begin(), near.end()), near.end());
      pointers.clear();
      for (const std::uint32_t other : near) pointers.push_back(codes[members[other]]);
      distance.resize(near.size());
      error.resize(near.size());
      query->set_code(codes[members[p]]);
      query->distances(pointers.data(), static_cast<int>(near.size()), distance.data(),
                       error.data());
      pairs.clear();
      for (std::size_t i = 0; i < near.size(); ++i)
        if (near[i] != p && distance[i] == distance[i]) pairs.push_back({distance[i], near[i]});
      const std::size_t most = std::min(room, pairs.size());
      std::nth_element(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(most),
                       pairs.end(), pair_less);
      for (std::size_t i = 0; i < most; ++i) candidates->add(p, pairs[i]);
    }
  });
  return candidates;
}

}  // namespace rv::index::hnsw
