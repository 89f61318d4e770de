// The hnsw engine without a server: builds an index in memory pages from an fvecs file, searches,
// re-ranks exactly, and prints build rate, recall and time a query. For work on the algorithms;
// bench/macro measures what users see.
//   hnsw_core BASE.fvecs QUERIES.fvecs [bits] [m] [ef_construction] [insert] [threads]
// `insert` = number of vectors that are inserted one by one instead of built in bulk.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/insert.h"
#include "core/index/memory_page_store.h"
#include "core/quant/rabitq.h"
#include "core/simd/distance.h"
#include "fvecs.h"

namespace {

using namespace rv;
using bench::read_fvecs;
using bench::Vectors;
using namespace rv::index;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

hnsw::HeapTid tid_of(std::size_t i) {
  return {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return std::fprintf(stderr, "hnsw_core BASE QUERIES [bits m efc insert threads]\n"), 2;
  const auto arg = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const Vectors base = read_fvecs(argv[1], ~std::size_t{0});
  const Vectors queries = read_fvecs(argv[2], 200);
  const int bits = arg(3, 0), m = arg(4, 16), efc = arg(5, 64), threads = arg(7, 1);
  const auto inserted = static_cast<std::size_t>(arg(6, 0));
  std::shared_ptr<const quant::Codec> codec = quant::RabitqCodec::train(
      {quant::CodecKind::rabitq, quant::Metric::l2, static_cast<int>(base.dim), bits}, base[0],
      std::min<std::size_t>(base.count, 10000));
  MemoryPageStore store;
  const hnsw::Options options{m, efc};
  hnsw::Graph::create(store, options, *codec, 10000);
  WorkerPool pool(threads);
  const Work work(&pool);
  double t = now();
  hnsw::BulkBuild build(codec, options, work, 1);
  const std::size_t bulk = base.count - inserted;
  for (std::size_t i = 0; i < bulk; i += 1024) {
    const std::size_t n = std::min<std::size_t>(1024, bulk - i);
    std::vector<hnsw::HeapTid> tids;
    for (std::size_t j = 0; j < n; ++j) tids.push_back(tid_of(i + j));
    build.add(base[i], tids.data(), n);
  }
  const double encoded = now() - t;
  t = now();
  build.build([&](std::size_t done, std::size_t of) {
    std::printf("  level of %zu in %zu: %.2f s\n", done, of, now() - t);
  });
  const double linked = now() - t;
  t = now();
  build.write(store, [](std::size_t, std::size_t) {});
  const double written = now() - t;
  std::printf(
      "bulk %zu x %zu: encode %.2f us, link %.2f us, write %.2f us a vector; %.0f vec/s; "
      "%u pages, %.1f %% of raw\n",
      bulk, base.dim, encoded / bulk * 1e6, linked / bulk * 1e6, written / bulk * 1e6,
      bulk / (encoded + linked + written), store.blocks(),
      100.0 * 8192 * store.blocks() / (4.0 * base.dim * bulk));
  hnsw::Graph graph(store, codec);
  if (inserted > 0) {
    hnsw::Inserter inserter(graph);
    Rng rng(9);
    t = now();
    for (std::size_t i = bulk; i < base.count; ++i) inserter.insert(base[i], tid_of(i), rng);
    std::printf("insert %zu: %.1f us each\n", inserted, (now() - t) / inserted * 1e6);
  }

  const auto& k = simd::kernels();
  std::vector<std::vector<std::pair<float, std::uint32_t>>> truth(queries.count);
  for (std::size_t q = 0; q < queries.count; ++q) {
    auto& all = truth[q];
    for (std::size_t i = 0; i < base.count; ++i)
      all.push_back({k.l2_squared(queries[q], base[i], base.dim), static_cast<std::uint32_t>(i)});
    std::partial_sort(all.begin(), all.begin() + 10, all.end());
    all.resize(10);
  }
  const auto query = codec->query();
  hnsw::Search search(graph, *query);
  std::vector<hnsw::HeapTid> rows;
  for (int ef : {10, 16, 24, 32, 40, 64, 100, 200}) {
    std::size_t hit = 0, coded_hit = 0;
    double spent = 0, reranked = 0;
    std::uint64_t hops = 0, distances = 0;
    for (std::size_t q = 0; q < queries.count; ++q) {
      t = now();
      query->set(queries[q]);
      search.begin(ef);
      spent += now() - t;
      hops += search.stats().hops;
      distances += search.stats().distances;
      // Lazy exact order, as a scan does it for LIMIT 10.
      std::vector<std::pair<float, std::uint32_t>> exact;
      float tenth = 3e38f;
      std::size_t rank = 0;
      for (const auto& c : search.batch()) {
        rows.clear();
        graph.heap_rows(c.node, rows);
        const std::uint32_t id =
            static_cast<std::uint32_t>(rows[0].block_high) << 16 | rows[0].block_low;
        if (rank++ < 10)
          for (const auto& [d, i] : truth[q]) coded_hit += i == id;
        if (exact.size() >= 10 && c.distance - c.error > tenth) continue;
        ++reranked;
        exact.push_back({k.l2_squared(queries[q], base[id], base.dim), id});
        std::sort(exact.begin(), exact.end());
        if (exact.size() >= 10) tenth = exact[9].first;
      }
      for (std::size_t i = 0; i < std::min<std::size_t>(10, exact.size()); ++i)
        hit += exact[i].first <= truth[q][9].first;
    }
    const double n = static_cast<double>(queries.count);
    std::printf(
        "ef %3d: recall@10 %.4f (codes alone %.4f), %.1f us, %.0f hops, %.0f distances, %.1f "
        "reranked\n",
        ef, hit / (10 * n), coded_hit / (10 * n), spent / n * 1e6, hops / n, distances / n,
        reranked / n);
  }
}
