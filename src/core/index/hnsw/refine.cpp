#include "core/index/hnsw/refine.h"

#include <algorithm>
#include <atomic>
#include <limits>

namespace rv::index::hnsw {

namespace {

constexpr std::size_t kNearest = 10;

// The nearest other members of one, found by going over all.
class Nearest {
 public:
  Nearest(const quant::Codec& codec, std::size_t of, const std::byte* code)
      : query_(codec.query()), of_(of) {
    query_->set_code(code);
  }
  void look_at(const std::byte* const* codes, std::size_t count, std::size_t first) {
    distance_.resize(count);
    error_.resize(count);
    query_->distances(codes, static_cast<int>(count), distance_.data(), error_.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (!(distance_[i] <= limit_) || first + i == of_) continue;
      const Pair pair{distance_[i], static_cast<std::uint32_t>(first + i)};
      if (heap_.size() == kNearest) {
        if (!pair_less(pair, heap_.front())) continue;
        std::pop_heap(heap_.begin(), heap_.end(), pair_less);
        heap_.pop_back();
      }
      heap_.push_back(pair);
      std::push_heap(heap_.begin(), heap_.end(), pair_less);
      if (heap_.size() == kNearest) limit_ = heap_.front().distance;
    }
  }
  std::size_t among(PairTable& candidates) const {
    std::size_t found = 0;
    for (const Pair& pair : heap_)
      found += std::any_of(candidates.begin(of_), candidates.end(of_),
                           [&pair](const Pair& c) { return c.position == pair.position; })
                   ? 1
                   : 0;
    return found;
  }

 private:
  std::unique_ptr<quant::CodeQuery> query_;
  std::size_t of_;
  float limit_ = std::numeric_limits<float>::infinity();
  std::vector<Pair> heap_;  // the farthest first
  std::vector<float> distance_, error_;
};

}  // namespace

// Codes come in blocks that stay in a near cache while all members of a group look at them.
double found_share(const quant::Codec& codec, const CodeArray& codes,
                   const std::vector<std::uint32_t>& members, PairTable& candidates,
                   const Work& work) {
  constexpr std::size_t kSample = 32, kGroup = 8, kBlock = 128, kFew = 1000;
  const std::size_t n = members.size();
  if (n < kFew) return 1;
  std::atomic<std::size_t> found{0};
  work.for_range(kSample, kGroup, [&](std::size_t begin, std::size_t end) {
    std::vector<Nearest> group;
    for (std::size_t s = begin; s < end; ++s)
      group.emplace_back(codec, s * n / kSample, codes[members[s * n / kSample]]);
    const std::byte* block[kBlock];
    for (std::size_t first = 0; first < n; first += kBlock) {
      const std::size_t count = std::min(kBlock, n - first);
      for (std::size_t i = 0; i < count; ++i) block[i] = codes[members[first + i]];
      for (Nearest& member : group) member.look_at(block, count, first);
    }
    for (const Nearest& member : group) found += member.among(candidates);
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
      std::copy_n(pairs.begin(), most, candidates->add(p, most).begin());
    }
  });
  return candidates;
}

}  // namespace rv::index::hnsw
