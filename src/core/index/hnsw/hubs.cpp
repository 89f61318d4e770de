#include "core/index/hnsw/hubs.h"

#include <algorithm>
#include <numeric>

#include "core/base/rng.h"
#include "core/index/hnsw/pair_table.h"

namespace rv::index::hnsw {

std::vector<std::uint32_t> choose_hubs(std::size_t n, std::uint64_t seed) {
  constexpr std::size_t kMostHubs = 1000;
  std::vector<std::uint32_t> hubs;
  if (n <= 512) {
    hubs.resize(n);
    std::iota(hubs.begin(), hubs.end(), 0u);
    return hubs;
  }
  const std::size_t wanted = std::clamp<std::size_t>(n / 32, 256, kMostHubs);
  Rng rng(seed ^ 0x68756273u);
  for (std::size_t i = 0; i < wanted; ++i) hubs.push_back(static_cast<std::uint32_t>(rng.below(n)));
  std::sort(hubs.begin(), hubs.end());
  hubs.erase(std::unique(hubs.begin(), hubs.end()), hubs.end());
  return hubs;
}

std::vector<std::vector<std::uint32_t>> far_links(const quant::Codec& codec, const CodeArray& codes,
                                                  const std::vector<std::uint32_t>& members,
                                                  const std::vector<std::uint32_t>& hubs,
                                                  int degree, std::uint64_t seed,
                                                  const Work& work) {
  std::vector<const std::byte*> pointers;
  pointers.reserve(hubs.size());
  for (const std::uint32_t h : hubs) pointers.push_back(codes[members[h]]);
  const auto most = static_cast<std::size_t>(std::clamp(degree / 2, 2, 32));
  std::vector<std::vector<std::uint32_t>> far(hubs.size());
  work.for_range(hubs.size(), 16, [&](std::size_t begin, std::size_t end) {
    const auto query = codec.query();
    std::vector<float> distance(hubs.size()), error(hubs.size());
    std::vector<Pair> ranked;
    for (std::size_t i = begin; i < end; ++i) {
      query->set_code(pointers[i]);
      query->distances(pointers.data(), static_cast<int>(hubs.size()), distance.data(),
                       error.data());
      ranked.clear();
      for (std::size_t j = 0; j < hubs.size(); ++j)
        if (j != i && distance[j] == distance[j]) ranked.push_back({distance[j], hubs[j]});
      std::sort(ranked.begin(), ranked.end(), pair_less);
      Rng rng(seed ^ mix64(hubs[i]));
      for (std::size_t scale = ranked.size() / 2; scale >= 4 && far[i].size() < most; scale /= 2)
        far[i].push_back(ranked[scale + rng.below(scale)].position);
    }
  });
  return far;
}

std::size_t add_far_links(const std::vector<std::uint32_t>& far, std::uint32_t* links,
                          std::size_t count, std::size_t degree) {
  std::size_t kept = std::min(count, degree - far.size());
  for (const std::uint32_t f : far)
    if (std::find(links, links + kept, f) == links + kept) links[kept++] = f;
  return kept;
}

}  // namespace rv::index::hnsw
