#include "core/index/hnsw/level_graph.h"

#include <algorithm>
#include <memory>

#include "core/base/error.h"

#include "core/index/hnsw/hubs.h"
#include "core/index/hnsw/leaf_clusters.h"
#include "core/index/hnsw/refine.h"
#include "core/index/hnsw/reverse_links.h"
#include "core/index/hnsw/select.h"

namespace rv::index::hnsw {
namespace {

// Candidates from other clusters of the leaf; returns how many of a member's k they are at most.
int add_between(const Leaf& leaf, int k, const LeafClusters& clusters, PairTable& candidates) {
  std::vector<Pair> near;
  const int most = LeafClusters::share(k);
  for (std::size_t i = 0; i < leaf.size(); ++i) {
    clusters.nearest(i, most, near);
    const auto to = candidates.add(leaf[i] & ~kPrimary, near.size());
    for (std::size_t j = 0; j < to.size(); ++j)
      to[j] = {near[j].distance, leaf[near[j].position] & ~kPrimary};
  }
  return most;
}

// All pairs of a leaf by integer products; each member's nearest become candidates.
void compare_leaf(const CodeArray& codes, const std::vector<std::uint32_t>& members,
                  const Leaf& leaf, int k, PackedCodes& packed, std::vector<std::uint32_t>& ids,
                  LeafClusters& clusters, PairTable& candidates) {
  ids.resize(leaf.size());
  for (std::size_t i = 0; i < leaf.size(); ++i) ids[i] = members[leaf[i] & ~kPrimary];
  packed.assign(codes, ids.data(), ids.size());
  if (clusters.find(leaf.size(), k,
                    [&packed](std::size_t i, float* out) { packed.distances(i, out); }))
    k -= add_between(leaf, k, clusters, candidates);
  std::vector<float> best(4 * static_cast<std::size_t>(k));
  std::vector<std::uint32_t> index(4 * static_cast<std::size_t>(k));
  for (std::size_t i = 0; i < leaf.size(); i += 4) {
    const int n = static_cast<int>(std::min<std::size_t>(4, leaf.size() - i));
    const std::int8_t* rows[4];
    quant::Codec::Expanded expanded[4];
    std::size_t skip[4];
    for (int r = 0; r < n; ++r) {
      skip[r] = i + static_cast<std::size_t>(r);
      rows[r] = packed.row(skip[r]);
      expanded[r] = packed.expanded(skip[r]);
    }
    int found[4];
    packed.nearest(rows, expanded, n, skip, k, best.data(), index.data(), found);
    for (int r = 0; r < n; ++r) {
      const auto to = candidates.add(leaf[skip[r]] & ~kPrimary, static_cast<std::size_t>(found[r]));
      const std::size_t first = static_cast<std::size_t>(r) * static_cast<std::size_t>(k);
      for (std::size_t j = 0; j < to.size(); ++j)
        to[j] = {best[first + j], leaf[index[first + j]] & ~kPrimary};
    }
  }
}

// The same for codecs whose distance is no product.
void compare_leaf_by_query(const CodeArray& codes, const std::vector<std::uint32_t>& members,
                           const Leaf& leaf, int k, quant::CodeQuery& query, LeafClusters& clusters,
                           PairTable& candidates) {
  const std::size_t n = leaf.size();
  std::vector<const std::byte*> pointers(n);
  std::vector<float> distance(n), error(n);
  for (std::size_t i = 0; i < n; ++i) pointers[i] = codes[members[leaf[i] & ~kPrimary]];
  const auto distances = [&](std::size_t i, float* out) {
    query.set_code(pointers[i]);
    query.distances(pointers.data(), static_cast<int>(n), out, error.data());
  };
  if (clusters.find(n, k, distances)) k -= add_between(leaf, k, clusters, candidates);
  std::vector<Pair> pairs(n);
  for (std::size_t i = 0; i < n; ++i) {
    distances(i, distance.data());
    pairs.clear();
    for (std::size_t j = 0; j < n; ++j)
      if (j != i && distance[j] == distance[j]) pairs.push_back({distance[j], leaf[j] & ~kPrimary});
    const std::size_t most = std::min<std::size_t>(static_cast<std::size_t>(k), pairs.size());
    std::partial_sort(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(most), pairs.end(),
                      pair_less);
    const auto to = candidates.add(leaf[i] & ~kPrimary, most);
    std::copy_n(pairs.begin(), to.size(), to.begin());
  }
}

// Data of many dimensions without clusters (texts as hashed words: most pairs share nothing) has
// its neighbours scattered over all leaves. What the partition finds there is a start: when it is
// less than the first share of the true neighbours, neighbours of neighbours are looked at until it
// is the second. Hashed glosses begin at .2 to .3 and reach the recall of insertion; embeddings of
// models begin above .7, a million clustered vectors at .55, where looking further would only cost:
// three times the time of the build, and some recall.
constexpr double kFewFound = 0.4;
constexpr double kEnoughFound = 0.6;
constexpr int kMostRounds = 4;

// Links that a member chooses itself, before those that lead to it are looked at.
int first_degree(const LevelParams& p) noexcept { return std::max(1, p.degree * 3 / 4); }

std::size_t candidate_room(const LevelParams& p) noexcept {
  return static_cast<std::size_t>(p.partition.fan) * static_cast<std::size_t>(p.per_leaf);
}

// Of the candidates, in the order of distance, the first links of all members. The candidates are
// used up.
LargeArray<float> choose_first_links(const quant::Codec& codec, const CodeArray& codes,
                                     const std::vector<std::uint32_t>& members, int most,
                                     const Work& work, std::unique_ptr<PairTable> candidates,
                                     LevelGraph& graph) {
  const std::size_t n = members.size();
  const auto degree = static_cast<std::size_t>(graph.degree);
  LargeArray<float> distances(n * degree);
  work.for_range(n, 512, [&](std::size_t begin, std::size_t end) {
    NeighbourSelection select(codec);
    std::vector<LinkCandidate> chosen;
    for (std::size_t p = begin; p < end; ++p) {
      Pair* first = candidates->begin(p);
      Pair* last = candidates->end(p);
      std::sort(first, last, pair_less);
      chosen.clear();
      for (Pair* c = first; c != last; ++c)
        if (c->position != p && (c == first || c->position != c[-1].position))
          chosen.push_back({c->distance, c->position, codes[members[c->position]]});
      select(chosen, most, false);
      graph.counts[p] = static_cast<std::uint8_t>(chosen.size());
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        graph.links[p * degree + i] = chosen[i].id;
        distances[p * degree + i] = chosen[i].distance;
      }
    }
  });
  return distances;
}

// Links by the relative neighbourhood rule from the candidates of all members, which are used up:
// first links, then of these and of those that lead back.
// Members are numbered in partition order, so that what one has to do with is near it in memory.
void choose_links(const quant::Codec& codec, const CodeArray& codes,
                  const std::vector<std::uint32_t>& members, const LevelParams& params,
                  const Work& work, std::unique_ptr<PairTable> candidates, LevelGraph& graph) {
  const auto degree = static_cast<std::size_t>(params.degree);
  const LargeArray<float> distances = choose_first_links(
      codec, codes, members, first_degree(params), work, std::move(candidates), graph);
  const ReverseLinks reverse(graph, distances, 2 * degree, work);
  work.for_range(members.size(), 512, [&](std::size_t begin, std::size_t end) {
    NeighbourSelection select(codec);
    std::vector<Pair> all;
    std::vector<LinkCandidate> chosen;
    for (std::size_t p = begin; p < end; ++p) {
      std::uint32_t* links = graph.links.data() + p * degree;
      const std::size_t own = graph.counts[p];
      all.clear();
      for (std::size_t i = 0; i < own; ++i) all.push_back({distances[p * degree + i], links[i]});
      for (const Pair& back : reverse.of(p)) {
        bool repeated = false;
        for (std::size_t i = 0; i < own; ++i) repeated |= links[i] == back.position;
        if (!repeated) all.push_back(back);
      }
      std::sort(all.begin(), all.end(), pair_less);
      chosen.clear();
      for (const Pair& pair : all)
        chosen.push_back({pair.distance, pair.position, codes[members[pair.position]]});
      if (chosen.size() > degree) select(chosen, params.degree, true);
      graph.counts[p] = static_cast<std::uint8_t>(chosen.size());
      for (std::size_t i = 0; i < chosen.size(); ++i) links[i] = chosen[i].id;
    }
  });
}

// From numbers in partition order, where `ordered` has the codes, to positions in `members`.
void number_by_position(const std::vector<std::uint32_t>& members,
                        const std::vector<std::uint32_t>& ordered, const Work& work,
                        LevelGraph& graph) {
  const std::size_t n = members.size();
  const auto degree = static_cast<std::size_t>(graph.degree);
  const std::vector<std::uint32_t> position = places_of(members);
  LargeArray<std::uint32_t> links(n * degree);
  std::vector<std::uint8_t> counts(n);
  work.for_range(n, 4096, [&](std::size_t begin, std::size_t end) {
    for (std::size_t o = begin; o < end; ++o) {
      const std::size_t p = position[ordered[o]];
      counts[p] = graph.counts[o];
      for (std::size_t i = 0; i < counts[p]; ++i)
        links[p * degree + i] = position[ordered[graph.links[o * degree + i]]];
    }
  });
  graph.links = std::move(links);
  graph.counts = std::move(counts);
}

}  // namespace

std::size_t level_bytes_per_member(const LevelParams& params) noexcept {
  // Candidates and reverse links do not live at the same time; leaves repeat each member `fan`
  // times.
  return std::max(candidate_room(params), static_cast<std::size_t>(first_degree(params)) + 1) *
             sizeof(Pair) +
         static_cast<std::size_t>(params.degree) * (sizeof(Pair) + sizeof(std::uint32_t)) +
         static_cast<std::size_t>(params.partition.fan) * 2 * sizeof(std::uint32_t) + 24;
}

std::vector<std::uint32_t> places_of(const std::vector<std::uint32_t>& numbers) {
  if (numbers.empty()) return {};
  std::vector<std::uint32_t> places(*std::max_element(numbers.begin(), numbers.end()) +
                                    std::size_t{1});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    places[numbers[i]] = static_cast<std::uint32_t>(i);
  return places;
}

LevelPartition partition_level(const quant::Codec& codec, const CodeArray& codes,
                               const std::vector<std::uint32_t>& members, const LevelParams& params,
                               const Work& work) {
  const bool products = codec.expanded_dim() > 0 ||
                        members.size() <= static_cast<std::size_t>(params.partition.leaf_size);
  LevelPartition out;
  out.leaves = products ? partition(codec, codes, members, params.partition, work)
                        : partition_by_query(codec, codes, members, params.partition, work);
  // Leaves hold numbers of codes. From here on members go by their place in partition order.
  out.order.reserve(members.size());
  for (const Leaf& leaf : out.leaves)
    for (const std::uint32_t id : leaf)
      if ((id & kPrimary) != 0) out.order.push_back(id & ~kPrimary);
  if (out.order.size() != members.size())
    throw Error(ErrorCode::internal, "a partition lost members");
  const std::vector<std::uint32_t> place = places_of(out.order);
  for (Leaf& leaf : out.leaves)
    for (auto& id : leaf) id = place[id & ~kPrimary] | (id & kPrimary);
  return out;
}

LevelGraph link_level(const quant::Codec& codec, const CodeArray& codes,
                      const std::vector<std::uint32_t>& members, std::vector<Leaf> leaves,
                      const LevelParams& params, const Work& work) {
  const std::size_t n = members.size();
  const auto degree = static_cast<std::size_t>(params.degree);
  LevelGraph graph;
  graph.degree = params.degree;
  graph.links = LargeArray<std::uint32_t>(n * degree);
  graph.counts.resize(n);

  auto candidates = std::make_unique<PairTable>(n, candidate_room(params));
  work.for_range(leaves.size(), 4, [&](std::size_t begin, std::size_t end) {
    PackedCodes packed(codec);
    LeafClusters clusters;
    std::vector<std::uint32_t> ids;
    const auto query = codec.expanded_dim() > 0 ? nullptr : codec.query();
    for (std::size_t l = begin; l < end; ++l) {
      if (query == nullptr)
        compare_leaf(codes, members, leaves[l], params.per_leaf, packed, ids, clusters,
                     *candidates);
      else
        compare_leaf_by_query(codes, members, leaves[l], params.per_leaf, *query, clusters,
                              *candidates);
    }
  });
  leaves.clear();
  leaves.shrink_to_fit();
  double share = found_share(codec, codes, members, *candidates, work);

  choose_links(codec, codes, members, params, work, std::move(candidates), graph);
  const int rounds = share < kFewFound ? kMostRounds : 0;
  for (int round = 0; share < kEnoughFound && round < rounds; ++round) {
    candidates =
        neighbours_of_neighbours(codec, codes, members, candidate_room(params), work, graph);
    share = found_share(codec, codes, members, *candidates, work);
    choose_links(codec, codes, members, params, work, std::move(candidates), graph);
  }
  if (n > 2 && params.hubs) {
    const auto hubs = choose_hubs(n, params.partition.seed);
    const auto far =
        far_links(codec, codes, members, hubs, params.degree, params.partition.seed, work);
    for (std::size_t i = 0; i < hubs.size(); ++i) {
      const std::size_t p = hubs[i];
      graph.counts[p] = static_cast<std::uint8_t>(
          add_far_links(far[i], graph.links.data() + p * degree, graph.counts[p], degree));
    }
  }
  return graph;
}

LevelGraph build_level(const quant::Codec& codec, const CodeArray& codes,
                       const std::vector<std::uint32_t>& members, const LevelParams& params,
                       const Work& work) {
  LevelPartition parts = partition_level(codec, codes, members, params, work);
  LevelGraph graph = link_level(codec, codes, parts.order, std::move(parts.leaves), params, work);
  number_by_position(members, parts.order, work, graph);
  return graph;
}

}  // namespace rv::index::hnsw
