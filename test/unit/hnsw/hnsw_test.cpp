// The hnsw engine on memory pages: recall against brute force, completeness, random sequences of
// inserts and deletes, equal vectors, damaged pages.
#include "unit/hnsw/test_index.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/index/hnsw/remove.h"

namespace rv::index::hnsw {
namespace {

TEST(Hnsw, BulkBuildFindsNeighbours) {
  const std::size_t n = 5000, dim = 32;
  const auto x = clustered(n, dim, 1);
  Index index(kRabitq, x.data(), n);
  index.bulk(x.data(), n, dim);
  EXPECT_EQ(index.errors(), 0);
  EXPECT_GT(recall(index, x.data(), std::vector<bool>(n, true), n, dim, 64, 1), 0.97);
  // Queries from other clusters still find most of what is nearest.
  EXPECT_GT(recall(index, x.data(), std::vector<bool>(n, true), n, dim, 64, 2), 0.85);
}

// Clusters in a row, far apart: the way from one to the other needs links of every length.
TEST(Hnsw, FindsItsWayBetweenDistantClusters) {
  const std::size_t n = 2000, dim = 16;
  Rng rng(31);
  std::vector<float> x(n * dim);
  for (std::size_t i = 0; i < n; ++i) {
    const auto c = static_cast<float>(rng.below(5));
    for (std::size_t j = 0; j < dim; ++j)
      x[i * dim + j] = 2 * c + static_cast<float>(rng.uniform());
  }
  for (const Options options : {Options{8, 32}, Options{16, 64}})
    for (const bool bulk : {true, false}) {
      Index index({quant::CodecKind::rabitq, quant::Metric::l2, 16}, x.data(), n, options);
      if (bulk) index.bulk(x.data(), n, dim);
      for (std::size_t i = 0; i < n && !bulk; ++i) index.insert(x.data() + i * dim, i);
      int wrong = 0;
      for (std::size_t q = 0; q < 100; ++q) {
        const auto rows = index.search(x.data() + q * dim, 40, 10);
        wrong += std::find(rows.begin(), rows.end(), q) == rows.end() ? 1 : 0;
      }
      EXPECT_LE(wrong, 1) << (bulk ? "bulk " : "inserted ") << options.m;
    }
}

// A scan keeps few pages pinned; what it has read of others it must have copied.
TEST(Hnsw, SearchNeedsNoMorePinsThanTheStoreKeeps) {
  const std::size_t n = 3000, dim = 32;
  const auto x = clustered(n, dim, 12);
  Index index(kRabitq, x.data(), n, {24, 64});  // lists of more links than are compared at a time
  index.bulk(x.data(), n, dim);
  const auto search = [&] {
    std::vector<std::vector<std::size_t>> found;
    for (std::size_t q = 0; q < 30; ++q)
      found.push_back(index.search(x.data() + q * dim, 40, q < 20 ? 10 : n));
    return found;
  };
  const auto expected = search();
  for (const int window : {1, 5}) {
    index.store.keep_pins(window);
    EXPECT_EQ(search(), expected) << window;
  }
}

TEST(Hnsw, InsertionFindsNeighbours) {
  const std::size_t n = 3000, dim = 32;
  const auto x = clustered(n, dim, 3);
  Index index(kRabitq, x.data(), 500);
  for (std::size_t i = 0; i < n; ++i) index.insert(x.data() + i * dim, i);
  EXPECT_EQ(index.errors(), 0);
  EXPECT_GT(recall(index, x.data(), std::vector<bool>(n, true), n, dim, 64, 3), 0.97);
}

TEST(Hnsw, BuildIsTheSameForAnyNumberOfThreads) {
  const std::size_t n = 2000, dim = 32;
  const auto x = clustered(n, dim, 5);
  std::vector<std::vector<std::byte>> images;
  for (int threads : {1, 3}) {
    Index index(kRabitq, x.data(), n);
    WorkerPool pool(threads);
    BulkBuild build(index.codec, {}, Work(&pool), 7);
    std::vector<HeapTid> tids;
    for (std::size_t i = 0; i < n; ++i) tids.push_back(tid_of(i));
    build.add(x.data(), tids.data(), n);
    build.build([](std::size_t, std::size_t) {});
    build.write(index.store, [](std::size_t, std::size_t) {});
    std::vector<std::byte> image;
    for (Block b = 0; b < index.store.blocks(); ++b)
      image.insert(image.end(), index.store.raw(b),
                   index.store.raw(b) + index.store.content_bytes());
    images.push_back(std::move(image));
  }
  EXPECT_EQ(images[0], images[1]);
}

class HnswCodecs : public ::testing::TestWithParam<quant::CodecKind> {};

TEST_P(HnswCodecs, ReturnEveryRowWhenReadToTheEnd) {
  const std::size_t n = 700, dim = 32;
  const auto x = clustered(n, dim, 6);
  Index index({GetParam(), quant::Metric::l2, 32}, x.data(), n);
  index.bulk(x.data(), n - 100, dim);
  for (std::size_t i = n - 100; i < n; ++i) index.insert(x.data() + i * dim, i);
  EXPECT_EQ(index.errors(), 0);
  auto rows = index.search(x.data(), 20, n);
  std::sort(rows.begin(), rows.end());
  ASSERT_EQ(rows.size(), n);
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(rows[i], i);
}

std::string kind_name(const ::testing::TestParamInfo<quant::CodecKind>& info) {
  constexpr const char* names[] = {"none", "sq8", "rabitq", "binary", "pq"};
  return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Kinds, HnswCodecs,
                         ::testing::Values(quant::CodecKind::none, quant::CodecKind::sq8,
                                           quant::CodecKind::rabitq, quant::CodecKind::binary,
                                           quant::CodecKind::pq),
                         kind_name);

TEST(Hnsw, EqualVectorsShareANode) {
  const std::size_t dim = 32, n = 400;
  const auto x = clustered(3, dim, 8);
  Index index(kRabitq, x.data(), 3);
  std::vector<float> all;
  for (std::size_t i = 0; i < n; ++i)
    all.insert(all.end(), x.begin() + static_cast<std::ptrdiff_t>(i % 3 * dim),
               x.begin() + static_cast<std::ptrdiff_t>((i % 3 + 1) * dim));
  index.bulk(all.data(), n / 2, dim);
  for (std::size_t i = n / 2; i < n; ++i) index.insert(all.data() + i * dim, i);
  EXPECT_EQ(take_census(*index.graph).nodes, 3u);
  EXPECT_EQ(take_census(*index.graph).rows, n);
  EXPECT_EQ(index.errors(), 0);
  auto rows = index.search(x.data(), 10, n);
  std::sort(rows.begin(), rows.end());
  ASSERT_EQ(rows.size(), n);
  // Deleting all rows of one vector deletes its node, the others keep theirs.
  Remover remover(*index.graph);
  remover.mark([](HeapTid t) { return row_of(t) % 3 == 0 || row_of(t) > 300; }, [] {});
  remover.repair([] {});
  remover.free([] {});
  EXPECT_EQ(index.errors(), 0);
  EXPECT_EQ(index.search(x.data(), 10, n).size(), 200u);
}

TEST(Hnsw, SurvivesRandomInsertsAndDeletes) {
  const std::size_t n = 2500, dim = 32;
  const auto x = clustered(n, dim, 9);
  Index index(kRabitq, x.data(), n, {8, 40});
  index.bulk(x.data(), 1000, dim);
  std::vector<bool> live(n, false);
  std::fill(live.begin(), live.begin() + 1000, true);
  Rng rng(10);
  std::size_t next = 1000;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 300; ++i, ++next) {
      index.insert(x.data() + next * dim, next);
      live[next] = true;
    }
    std::set<std::size_t> dead;
    for (std::size_t i = 0; i < next; ++i)
      if (live[i] && rng.below(4) == 0) dead.insert(i);
    Remover remover(*index.graph);
    const auto counts = remover.mark([&](HeapTid t) { return dead.count(row_of(t)) > 0; }, [] {});
    EXPECT_EQ(counts.rows_removed, dead.size());
    remover.repair([] {});
    remover.free([] {});
    for (const std::size_t i : dead) live[i] = false;
    ASSERT_EQ(index.errors(), 0) << "round " << round;
    const auto alive = static_cast<std::size_t>(std::count(live.begin(), live.end(), true));
    ASSERT_EQ(take_census(*index.graph).rows, alive);
    auto rows = index.search(x.data(), 16, n);
    std::sort(rows.begin(), rows.end());
    ASSERT_EQ(std::unique(rows.begin(), rows.end()), rows.end());
    ASSERT_EQ(rows.size(), alive);
    for (const std::size_t r : rows) ASSERT_TRUE(live[r]);
    EXPECT_GT(recall(index, x.data(), live, n, dim, 64, 9), 0.95) << "round " << round;
  }
  // Freed slots were used again.
  EXPECT_LT(take_census(*index.graph).free_slots, 700u);
}

// The oldest rows go, new ones come, until nothing of the build is left: links between clusters
// must be renewed too.
TEST(Hnsw, KeepsRecallWhenEverythingIsReplaced) {
  const std::size_t window = 1200, step = 150, n = 6000, dim = 16;
  const auto x = clustered(n, dim, 21);
  Index index({quant::CodecKind::rabitq, quant::Metric::l2, 16}, x.data(), window, {8, 32});
  index.bulk(x.data(), window, dim);
  std::vector<bool> live(n, false);
  std::fill(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(window), true);
  for (std::size_t first = 0; first + window + step <= n; first += step) {
    for (std::size_t i = first + window; i < first + window + step; ++i) {
      index.insert(x.data() + i * dim, i);
      live[i] = true;
    }
    Remover remover(*index.graph);
    remover.mark([&](HeapTid t) { return row_of(t) < first + step; }, [] {});
    remover.repair([] {});
    remover.free([] {});
    for (std::size_t i = first; i < first + step; ++i) live[i] = false;
  }
  std::size_t lost = 0;
  for (const Problem& p : index.problems())
    if (p.severity == Severity::warning)
      lost = static_cast<std::size_t>(std::atoi(p.message.c_str()));
  EXPECT_LT(lost, window / 100) << "nodes that no link leads to";
  EXPECT_EQ(index.errors(), 0);
  EXPECT_GT(recall(index, x.data(), live, n, dim, 64, 21), 0.95);
}

// Three quarters go at once: the neighbours of most neighbours with them. What is left is as good
// as an index built of it alone.
TEST(Hnsw, KeepsRecallWhenMostOfItGoes) {
  const std::size_t n = 6000, left = 1500, dim = 3;
  std::vector<float> x(n * dim);
  Rng rng(31);
  for (float& v : x) v = static_cast<float>(rng.uniform());
  const quant::CodecSpec whole{quant::CodecKind::none, quant::Metric::l2, 3};
  Index index(whole, x.data(), n, {4, 8}), fresh(whole, x.data(), left, {4, 8});
  index.bulk(x.data(), n, dim);
  fresh.bulk(x.data(), left, dim);
  Remover remover(*index.graph);
  remover.mark([](HeapTid t) { return row_of(t) >= left; }, [] {});
  remover.repair([] {});
  remover.free([] {});
  std::vector<bool> live(n, false);
  std::fill(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(left), true);
  const double kept = recall(index, x.data(), live, n, dim, 40, 31);
  const double built = recall(fresh, x.data(), std::vector<bool>(left, true), left, dim, 40, 31);
  EXPECT_GT(kept, 0.95);
  EXPECT_GT(kept, built - 0.02) << built;
  EXPECT_EQ(index.errors(), 0);
}

TEST(Hnsw, EmptiesAndFillsAgain) {
  const std::size_t n = 300, dim = 32;
  const auto x = clustered(n, dim, 12);
  Index index(kRabitq, x.data(), n);
  index.bulk(x.data(), n, dim);
  Remover remover(*index.graph);
  remover.mark([](HeapTid) { return true; }, [] {});
  remover.repair([] {});
  remover.free([] {});
  EXPECT_TRUE(index.search(x.data(), 10, 10).empty());
  EXPECT_EQ(index.errors(), 0);
  const Block before = index.store.blocks();
  for (std::size_t i = 0; i < n; ++i) index.insert(x.data() + i * dim, i);
  EXPECT_EQ(index.search(x.data(), 10, n).size(), n);
  EXPECT_LE(index.store.blocks(), before + 2);
  EXPECT_EQ(index.errors(), 0);
}

// A crash between the growth of the file and the first write leaves a page of zeros.
TEST(Hnsw, UsesPagesThatWereLeftUnwritten) {
  const std::size_t n = 300, dim = 32;
  const auto x = clustered(2 * n, dim, 12);
  Index index(kRabitq, x.data(), n);
  index.bulk(x.data(), n, dim);
  Block unwritten;
  {
    PageEdits edits(index.store);
    edits.create(kNodePage, &unwritten);
  }
  EXPECT_EQ(index.errors(), 0);
  const auto problems = index.problems();
  EXPECT_TRUE(std::any_of(problems.begin(), problems.end(), [&](const Problem& p) {
    return p.block == unwritten && p.severity == Severity::info;
  }));
  Remover remover(*index.graph);
  remover.mark([](HeapTid) { return false; }, [] {});
  for (std::size_t i = n; i < 2 * n && index.store.kind_of_block(unwritten) == kFreePage; ++i)
    index.insert(x.data() + i * dim, i);
  EXPECT_NE(index.store.kind_of_block(unwritten), kFreePage);
  EXPECT_EQ(index.errors(), 0);
}

// All that a walk has still to go through is freed under it: it ends, and repeats nothing.
TEST(Hnsw, WalksEndWhenNodesAreFreedUnderThem) {
  const std::size_t n = 600, dim = 32;
  const auto x = clustered(n, dim, 16);
  Index index(kRabitq, x.data(), n, {8, 40});
  index.bulk(x.data(), n, dim);
  const auto query = index.graph->codec().query();
  query->set(x.data());
  Search search(*index.graph, *query);
  search.begin(10);
  std::vector<NodeId> seen;
  for (const Candidate& c : search.batch()) seen.push_back(c.node);
  ASSERT_EQ(seen.size(), 10u);
  Remover remover(*index.graph);
  remover.mark([](HeapTid t) { return row_of(t) % 2 == 0; }, [] {});
  remover.repair([] {});
  remover.free([] {});
  while (search.next(10))
    for (const Candidate& c : search.batch()) seen.push_back(c.node);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
  Remover last(*index.graph);
  search.begin(10);
  last.mark([](HeapTid) { return true; }, [] {});
  last.repair([] {});
  last.free([] {});
  for (int batches = 0; search.next(10); ++batches) ASSERT_LT(batches, 100);
}

// Readers without a lock may see a count before the link that it counts.
TEST(Hnsw, LinksThatAreNotWrittenYetAreNotFollowed) {
  const std::size_t n = 400, dim = 32;
  const auto x = clustered(n, dim, 17);
  Index index(kRabitq, x.data(), n, {8, 40});
  index.bulk(x.data(), n / 2, dim);
  const std::uint32_t slots = index.graph->meta().node_slots;
  for (Block b = 1; b < index.store.blocks(); ++b) {
    if (index.store.kind_of_block(b) != kNodePage) continue;
    const auto* header = reinterpret_cast<const SlottedPageHeader*>(index.store.raw(b));
    for (std::uint32_t s = 0; s < std::min<std::uint32_t>(header->used, slots); ++s) {
      NodeHeader* node = index.graph->node_in(index.store.raw(b), s);
      if (node->link_count < 16) index.graph->links_of(node)[node->link_count++] = 0;
    }
  }
  EXPECT_EQ(index.search(x.data(), 10, n).size(), n / 2);
  for (std::size_t i = n / 2; i < n; ++i) index.insert(x.data() + i * dim, i);
  EXPECT_EQ(index.search(x.data(), 10, n).size(), n);
}

// A walk that is broken off has seen nodes that it did not return: together with them and with the
// sweep every node comes, and comes once.
TEST(Hnsw, BrokenOffWalksLoseNoNode) {
  const std::size_t n = 1500, dim = 32;
  const auto x = clustered(n, dim, 15);
  Index index(kRabitq, x.data(), n, {8, 40});
  index.bulk(x.data(), n, dim);
  const auto query = index.graph->codec().query();
  query->set(x.data());
  Search search(*index.graph, *query);
  search.begin(20);
  std::vector<NodeId> seen;
  const auto take = [&] {
    for (const Candidate& c : search.batch()) seen.push_back(c.node);
  };
  take();
  while (search.visited() < n / 2 && search.next(20)) take();
  ASSERT_LT(seen.size(), search.visited());
  ASSERT_TRUE(search.leftovers());
  take();
  EXPECT_TRUE(std::is_sorted(search.batch().begin(), search.batch().end(), nearer));
  EXPECT_EQ(seen.size(), search.visited());
  EXPECT_FALSE(search.leftovers());
  while (search.sweep(200)) take();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen.size(), take_census(*index.graph).nodes);
}

TEST(Hnsw, AnswersFromAnEmptyIndex) {
  Index index(kRabitq, nullptr, 0);
  const std::vector<float> q(32, 1.0f);
  EXPECT_TRUE(index.search(q.data(), 10, 10).empty());
  EXPECT_EQ(index.errors(), 0);
}

// Every page, damaged in many ways: an error that names the block, or an answer; never a crash or a
// loop without end.
TEST(Hnsw, DamagedPagesGiveErrorsOrAnswers) {
  const std::size_t n = 400, dim = 32;
  const auto x = clustered(n, dim, 13);
  Index index(kRabitq, x.data(), n, {4, 16});
  index.bulk(x.data(), n / 2, dim);
  for (std::size_t i = n / 2; i < n; ++i) index.insert(x.data() + (i % 350) * dim, i);
  Rng rng(14);
  int refused = 0;
  for (Block block = 0; block < index.store.blocks(); ++block)
    for (int kind = 0; kind < 40; ++kind) {
      const std::vector<std::byte> before(index.store.raw(block),
                                          index.store.raw(block) + index.store.content_bytes());
      std::byte* page = index.store.raw(block);
      if (kind == 0) {
        std::fill(page, page + index.store.content_bytes(), std::byte{0xFF});
      } else if (kind == 1) {
        std::fill(page, page + index.store.content_bytes(), std::byte{0});
      } else if (kind == 2) {
        std::fill(page + 512, page + index.store.content_bytes(), std::byte{0x5A});
      } else {
        for (int flips = 0; flips < 8; ++flips)
          page[rng.below(index.store.content_bytes())] ^=
              static_cast<std::byte>(1u << rng.below(8));
      }
      try {
        Graph graph(index.store);
        const auto query = graph.codec().query();
        query->set(x.data());
        Search search(graph, *query);
        search.begin(20);
        std::vector<HeapTid> tids;
        for (int batch = 0; batch < 5; ++batch) {
          for (const Candidate& c : search.batch()) graph.heap_rows(c.node, tids);
          if (!search.next(20)) break;
        }
        search.sweep(100);
        check(graph, [](const Problem&) {});
        take_census(graph);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::corrupted_index) << e.what();
        ++refused;
      }
      std::copy(before.begin(), before.end(), page);
    }
  EXPECT_GT(refused, 10);
  EXPECT_EQ(index.errors(), 0);
}

TEST(Hnsw, RefusesCodesThatDoNotFitOnAPage) {
  const auto codec =
      quant::train_codec({quant::CodecKind::none, quant::Metric::l2, 2100}, nullptr, 0);
  MemoryPageStore store;
  EXPECT_THROW(Graph::create(store, {16, 64}, *codec, 0), Error);
}

}  // namespace
}  // namespace rv::index::hnsw
