// The hyperbolic index beside the Euclidean one over the same points of the Poincare ball (an fvecs
// file, as bench_poincare writes it), each built as CREATE INDEX builds it: recall@10 of queries
// that are rows, CPU time a query, and what the hyperbolic one costs at the recall of the bar.
//   bench_hyperbolic_index points.fvecs [queries 1000] [m 16] [ef_construction 64] [recall 0.95]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "../micro/fvecs.h"
#include "core/geometry/surrogate.h"
#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/insert.h"
#include "core/index/hnsw/reach.h"
#include "core/index/memory_page_store.h"
#include "core/simd/distance.h"

namespace {

using namespace rv;
using namespace rv::index;
using bench::Vectors;

double cpu_us() { return double(std::clock()) / CLOCKS_PER_SEC * 1e6; }

hnsw::HeapTid tid_of(std::size_t i) {
  return {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1};
}

struct Point {
  double recall, us;
};

// `rows` are what the codec encodes; `distance(q, i)` is the exact one.
template <class Distance>
std::vector<Point> measure(const char* name, quant::Metric metric, const Vectors& rows,
                           const hnsw::Options& options, std::size_t queries, Distance distance) {
  const bool curved = metric == quant::Metric::hyperbolic;
  const quant::CodecSpec spec{curved ? quant::CodecKind::none : quant::CodecKind::rabitq, metric,
                              static_cast<int>(rows.dim)};
  const std::shared_ptr<const quant::Codec> codec =
      quant::train_codec(spec, rows[0], std::min<std::size_t>(rows.count, 10000));
  MemoryPageStore store;
  hnsw::Graph::create(store, options, *codec, 10000);
  double t = cpu_us();
  if (curved) {
    hnsw::Graph graph(store, codec);
    hnsw::Inserter inserter(graph);
    for (std::size_t i = 0; i < rows.count; ++i) {
      Rng rng(mix64(i));
      inserter.insert(rows[i], tid_of(i), rng);
    }
  } else {
    WorkerPool pool(1);
    hnsw::BulkBuild build(codec, options, Work(&pool), 42);
    for (std::size_t i = 0; i < rows.count; i += 1024) {
      std::vector<hnsw::HeapTid> tids;
      for (std::size_t j = i; j < std::min(rows.count, i + 1024); ++j) tids.push_back(tid_of(j));
      build.add(rows[i], tids.data(), tids.size());
    }
    build.build([](std::size_t, std::size_t) {});
    build.write(store, [](std::size_t, std::size_t) {});
  }
  hnsw::Graph graph(store, codec);
  const std::size_t set = hnsw::link_unreached(graph, 2);
  std::printf("%s: %zu points, built in %.1f CPU-s, %zu links set to reach them all\n", name,
              rows.count, (cpu_us() - t) * 1e-6, set);

  std::vector<std::vector<double>> truth(queries);
  const std::size_t step = rows.count / queries;
  for (std::size_t q = 0; q < queries; ++q) {
    std::vector<double> all(rows.count);
    for (std::size_t i = 0; i < rows.count; ++i) all[i] = distance(q * step, i);
    std::partial_sort(all.begin(), all.begin() + 10, all.end());
    truth[q].assign(all.begin(), all.begin() + 10);
  }
  const auto query = codec->query();
  hnsw::Search search(graph, *query);
  std::vector<hnsw::HeapTid> tids;
  std::vector<Point> out;
  for (const int ef : {10, 14, 20, 28, 40, 56, 80, 120, 200}) {
    std::size_t hit = 0;
    double us = 0;
    std::uint64_t distances = 0;
    for (int round = 0; round < 3; ++round)
      for (std::size_t q = 0; q < queries; ++q) {
        t = cpu_us();
        query->set(rows[q * step]);
        search.begin(ef);
        // Exact order of the first ten, as a scan makes it: what cannot be among them is not read.
        std::vector<double> exact;
        for (const auto& c : search.batch()) {
          if (exact.size() >= 10 && double(c.distance) - double(c.error) > exact[9]) continue;
          tids.clear();
          graph.heap_rows(c.node, tids);
          for (const auto& tid : tids) {
            const double d =
                distance(q * step, static_cast<std::size_t>(tid.block_high) << 16 | tid.block_low);
            exact.insert(std::upper_bound(exact.begin(), exact.end(), d), d);
          }
        }
        us += cpu_us() - t;
        if (round > 0) continue;
        distances += search.stats().distances;
        for (std::size_t i = 0; i < std::min<std::size_t>(10, exact.size()); ++i)
          hit += exact[i] <= truth[q][9];
      }
    const double n = static_cast<double>(queries);
    out.push_back({static_cast<double>(hit) / (10 * n), us / (3 * n)});
    std::printf("  ef %3d: recall@10 %.4f, %.1f CPU-us a query, %.0f distances\n", ef,
                out.back().recall, out.back().us, static_cast<double>(distances) / n);
  }
  return out;
}

// Time at a recall, between the settings that were measured; 0 when none reached it.
double time_at(const std::vector<Point>& points, double recall) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].recall < recall) continue;
    if (i == 0) return points[0].us;
    const Point &a = points[i - 1], &b = points[i];
    return a.us + (b.us - a.us) * (recall - a.recall) / (b.recall - a.recall);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "bench_hyperbolic_index POINTS.fvecs ...\n"), 2;
  const auto argument = [&](int k, double otherwise) {
    return argc > k ? std::atof(argv[k]) : otherwise;
  };
  const Vectors points = bench::read_fvecs(argv[1], ~std::size_t{0});
  const auto queries =
      std::clamp<std::size_t>(static_cast<std::size_t>(argument(2, 1000)), 1, points.count);
  const hnsw::Options options{static_cast<int>(argument(3, 16)), static_cast<int>(argument(4, 64))};
  const double bar = argument(5, 0.95);
  Vectors codes;
  codes.dim = points.dim + 1;
  codes.count = points.count;
  codes.data.resize(codes.dim * codes.count);
  for (std::size_t i = 0; i < points.count; ++i)
    geometry::ball_code(points[i], points.dim, codes.data.data() + i * codes.dim);
  const auto curved =
      measure("hyperbolic", quant::Metric::hyperbolic, codes, options, queries,
              [&](std::size_t q, std::size_t i) {
                return geometry::poincare_surrogate(points[q], points[i], points.dim);
              });
  const auto& kernels = simd::kernels();
  const auto flat = measure("euclidean", quant::Metric::l2, points, options, queries,
                            [&](std::size_t q, std::size_t i) {
                              return double(kernels.l2_squared(points[q], points[i], points.dim));
                            });
  const double a = time_at(curved, bar), b = time_at(flat, bar);
  std::printf("at recall %.2f: hyperbolic %.1f us, euclidean %.1f us, ratio %.2f\n", bar, a, b,
              b > 0 ? a / b : 0.0);
  return 0;
}
