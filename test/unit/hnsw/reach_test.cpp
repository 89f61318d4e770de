// Every node has links that lead to it: after a build, and after insertions one by one.
#include <gtest/gtest.h>

#include <cmath>

#include "core/geometry/surrogate.h"
#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/check.h"
#include "core/index/hnsw/insert.h"
#include "core/index/hnsw/reach.h"
#include "core/index/memory_page_store.h"

namespace rv::index::hnsw {
namespace {

HeapTid tid_of(std::size_t i) {
  return {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1};
}

// A tree of `fan` children a node in the Poincare ball, as codes: leaves lie near the boundary,
// around parents that are nearer to them than other leaves are.
std::vector<float> tree_codes(std::size_t n, std::size_t fan, std::size_t dim) {
  Rng rng(5);
  std::vector<float> points(n * dim), codes(n * (dim + 1));
  for (std::size_t i = 0; i < n; ++i) {
    float* x = points.data() + i * dim;
    if (i > 0) {
      const float* parent = points.data() + (i - 1) / fan * dim;
      double norm = 0, above = 0;
      for (std::size_t j = 0; j < dim; ++j) above += double(parent[j]) * double(parent[j]);
      for (std::size_t j = 0; j < dim; ++j) {
        x[j] = parent[j] + static_cast<float>(rng.normal() * 0.5 * (1 - above));
        norm += double(x[j]) * double(x[j]);
      }
      const double wanted = 1 - 0.35 * (1 - std::sqrt(above));
      for (std::size_t j = 0; j < dim; ++j)
        x[j] = static_cast<float>(x[j] * wanted / std::sqrt(norm));
    }
    geometry::ball_code(x, dim, codes.data() + i * (dim + 1));
  }
  return codes;
}

// The least number of links that lead to a live node.
std::size_t least_incoming(Graph& graph) {
  std::vector<std::size_t> incoming(static_cast<std::size_t>(graph.store().blocks()) *
                                    graph.meta().node_slots);
  std::vector<NodeId> nodes;
  for (Block b = 1; b < graph.store().blocks(); ++b) {
    if (graph.store().kind_of_block(b) != kNodePage) continue;
    const PageRead page(graph.store(), b, kNodePage);
    for (std::uint32_t s = 0; s < page.at<SlottedPageHeader>()->used; ++s) {
      auto* node = graph.node_in(const_cast<std::byte*>(page.bytes()), s);
      nodes.push_back(graph.node_id(b, s));
      for (int i = 0; i < graph.link_count(node); ++i) ++incoming[graph.links_of(node)[i]];
    }
  }
  std::size_t least = ~std::size_t{0};
  for (const NodeId n : nodes) least = std::min(least, incoming[n]);
  return least;
}

std::size_t problems(Graph& graph) {
  std::size_t n = 0;
  check(graph, [&](const Problem& p) {
    ++n;
    ADD_FAILURE() << p.item << ": " << p.message;
  });
  return n;
}

TEST(HnswReach, InsertedTreesAreReachedWhole) {
  constexpr std::size_t n = 4000, dim = 5;
  const auto codes = tree_codes(n, 40, dim);
  const std::shared_ptr<const quant::Codec> codec =
      quant::train_codec({quant::CodecKind::none, quant::Metric::hyperbolic, dim + 1}, nullptr, 0);
  MemoryPageStore store;
  Graph::create(store, {16, 64}, *codec, 0);
  Graph graph(store, codec);
  Inserter inserter(graph);
  for (std::size_t i = 0; i < n; ++i) {
    Rng rng(mix64(i));
    inserter.insert(codes.data() + i * (dim + 1), tid_of(i), rng);
  }
  link_unreached(graph, 2);
  EXPECT_GE(least_incoming(graph), 1u);
  EXPECT_EQ(problems(graph), 0u);
  EXPECT_EQ(link_unreached(graph, 2), 0u);
  const auto query = codec->query();
  Search search(graph, *query);
  std::vector<HeapTid> rows;
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; i += 7) {
    query->set(codes.data() + i * (dim + 1));
    search.begin(10);
    for (const Candidate& c : search.batch()) {
      rows.clear();
      graph.heap_rows(c.node, rows);
      found += rows[0] == tid_of(i) ? 1 : 0;
    }
  }
  EXPECT_GE(found, (n / 7) * 98 / 100);
}

TEST(HnswReach, BulkBuiltNodesGetLinksToo) {
  constexpr std::size_t n = 3000, dim = 4;
  Rng rng(3);
  std::vector<float> x(n * dim);
  for (float& v : x) v = static_cast<float>(std::exp(2 * rng.normal()));  // hubs and outliers
  const quant::CodecSpec spec{quant::CodecKind::rabitq, quant::Metric::l2, dim};
  const std::shared_ptr<const quant::Codec> codec = quant::train_codec(spec, x.data(), n);
  MemoryPageStore store;
  Graph::create(store, {2, 8}, *codec, n);
  WorkerPool pool(1);
  BulkBuild build(codec, {2, 8}, Work(&pool), 1);
  std::vector<HeapTid> tids;
  for (std::size_t i = 0; i < n; ++i) tids.push_back(tid_of(i));
  build.add(x.data(), tids.data(), n);
  build.build([](std::size_t, std::size_t) {});
  build.write(store, [](std::size_t, std::size_t) {});
  Graph graph(store, codec);
  EXPECT_EQ(least_incoming(graph), 0u) << "the data does not test anything";
  const std::size_t set = link_unreached(graph, 1);
  EXPECT_GT(set, 0u);
  EXPECT_GE(least_incoming(graph), 1u);
  // Before pages are written: the same.
  MemoryPageStore second;
  Graph::create(second, {2, 8}, *codec, n);
  BulkBuild again(codec, {2, 8}, Work(&pool), 1);
  again.add(x.data(), tids.data(), n);
  again.build([](std::size_t, std::size_t) {});
  EXPECT_EQ(again.link_unreached(1), set);
  again.write(second, [](std::size_t, std::size_t) {});
  Graph reached(second, codec);
  EXPECT_GE(least_incoming(reached), 1u);
  EXPECT_EQ(link_unreached(reached, 1), 0u);
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    MemoryPageStore small;
    Graph::create(small, {2, 8}, *codec, n);
    Graph few(small, codec);
    Inserter inserter(few);
    for (std::size_t i = 0; i < count; ++i) inserter.insert(x.data() + i * dim, tid_of(i), rng);
    few.refresh();
    EXPECT_EQ(link_unreached(few, 2), 0u) << count;
  }
}

}  // namespace
}  // namespace rv::index::hnsw
