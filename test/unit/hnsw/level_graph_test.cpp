// The parts of a bulk build: codes in another order, room for candidates, links that lead back.
#include "core/index/hnsw/level_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

#include "core/base/rng.h"
#include "core/index/hnsw/reverse_links.h"

namespace rv::index::hnsw {
namespace {

std::vector<std::uint32_t> shuffled(std::size_t n, Rng& rng) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

TEST(HnswCodeArray, ReorderPutsEveryCodeWhereItWasAsked) {
  Rng rng(5);
  // More than one block of chunks; and the orders without a cycle and of a single one.
  for (const std::size_t n : {1u, 2u, 1000u, 20000u}) {
    std::vector<std::uint32_t> same(n), turned(n);
    std::iota(same.begin(), same.end(), 0u);
    for (std::size_t i = 0; i < n; ++i) turned[i] = static_cast<std::uint32_t>((i + 1) % n);
    for (const auto& order : {same, turned, shuffled(n, rng)}) {
      CodeArray codes(12);
      for (std::uint32_t i = 0; i < n; ++i) {
        std::byte* code = codes.append();
        for (int j = 0; j < 3; ++j) std::memcpy(code + 4 * j, &i, 4);
      }
      codes.reorder(order);
      for (std::size_t i = 0; i < n; ++i)
        for (int j = 0; j < 3; ++j) {
          std::uint32_t was;
          std::memcpy(&was, codes[i] + 4 * j, 4);
          ASSERT_EQ(was, order[i]) << n << ' ' << i;
        }
    }
  }
}

TEST(HnswPairTable, NoMorePairsThanRoom) {
  PairTable table(2, 5);
  EXPECT_EQ(table.add(1, 3).size(), 3u);
  const auto rest = table.add(1, 3);
  EXPECT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest.data(), table.begin(1) + 3);
  EXPECT_EQ(table.add(1, 1).size(), 0u);
  EXPECT_EQ(table.end(1) - table.begin(1), 5);
  EXPECT_EQ(table.end(0), table.begin(0));
}

TEST(HnswReverseLinks, AreAllThatLeadToAMemberUpToTheNearest) {
  constexpr std::size_t n = 9000, degree = 6, most = 10;
  Rng rng(6);
  LevelGraph graph;
  graph.degree = degree;
  graph.links = LargeArray<std::uint32_t>(n * degree);
  graph.counts.resize(n);
  LargeArray<float> lengths(n * degree);
  for (std::size_t p = 0; p < n; ++p) {
    std::set<std::uint32_t> chosen;
    // One that everybody may choose, and some that nobody chooses.
    while (chosen.size() < rng.below(degree + 1))
      chosen.insert(rng.below(3) == 0 ? 7u : static_cast<std::uint32_t>(rng.below(n / 2)));
    std::vector<std::uint32_t> links(chosen.begin(), chosen.end());
    if (!links.empty()) std::swap(links[rng.below(links.size())], links[0]);
    graph.counts[p] = static_cast<std::uint8_t>(links.size());
    for (std::size_t i = 0; i < links.size(); ++i) {
      graph.links[p * degree + i] = links[i];
      lengths[p * degree + i] = static_cast<float>(p * 10 + i);
    }
  }
  // What stands behind the last link is no link.
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t i = graph.counts[p]; i < degree; ++i) graph.links[p * degree + i] = 7;
  struct Back {
    std::size_t rank;
    std::uint32_t from;
    float length;
  };
  std::vector<std::vector<Back>> expected(n);
  for (std::size_t rank = 0; rank < degree; ++rank)
    for (std::size_t p = 0; p < n; ++p)
      if (rank < graph.counts[p])
        expected[graph.links[p * degree + rank]].push_back(
            {rank, static_cast<std::uint32_t>(p), lengths[p * degree + rank]});
  ASSERT_GT(expected[7].size(), 1000u);
  for (const int threads : {1, 3}) {
    WorkerPool pool(threads);
    const ReverseLinks reverse(graph, lengths, most, Work(&pool));
    for (std::size_t p = 0; p < n; ++p) {
      auto want = expected[p];
      if (want.size() > most) want.resize(most);
      std::vector<std::pair<std::uint32_t, float>> a, b;
      for (const Back& back : want) a.emplace_back(back.from, back.length);
      for (const Pair& pair : reverse.of(p)) b.emplace_back(pair.position, pair.distance);
      std::sort(a.begin(), a.end());
      std::sort(b.begin(), b.end());
      ASSERT_EQ(a, b) << p << " with " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace rv::index::hnsw
