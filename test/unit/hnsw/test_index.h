// An index on memory pages and what tests ask of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/check.h"
#include "core/index/hnsw/insert.h"
#include "core/index/hnsw/search.h"
#include "core/index/memory_page_store.h"
#include "core/quant/codec.h"

namespace rv::index::hnsw {

inline HeapTid tid_of(std::size_t i) {
  return {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1};
}
inline std::size_t row_of(HeapTid t) {
  return static_cast<std::size_t>(t.block_high) << 16 | t.block_low;
}

inline std::vector<float> clustered(std::size_t n, std::size_t dim, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> centres(20 * dim), x(n * dim);
  for (float& c : centres) c = static_cast<float>(rng.normal());
  for (std::size_t i = 0; i < n; ++i) {
    const float* c = centres.data() + rng.below(20) * dim;
    for (std::size_t j = 0; j < dim; ++j)
      x[i * dim + j] = c[j] + 0.4f * static_cast<float>(rng.normal());
  }
  return x;
}

struct Index {
  explicit Index(const quant::CodecSpec& spec, const float* sample, std::size_t count,
                 Options options = {16, 64})
      : codec(quant::train_codec(spec, sample, count)), pool(2) {
    Graph::create(store, options, *codec, count);
    graph = std::make_unique<Graph>(store);
    this->options = options;
  }
  void bulk(const float* x, std::size_t n, std::size_t dim) {
    BulkBuild build(codec, options, Work(&pool), 7);
    for (std::size_t i = 0; i < n; i += 100) {
      std::vector<HeapTid> tids;
      for (std::size_t j = i; j < std::min(n, i + 100); ++j) tids.push_back(tid_of(j));
      build.add(x + i * dim, tids.data(), tids.size());
    }
    build.build([](std::size_t, std::size_t) {});
    build.write(store, [](std::size_t, std::size_t) {});
    graph->refresh();
  }
  void insert(const float* x, std::size_t row) {
    if (inserter == nullptr) inserter = std::make_unique<Inserter>(*graph);
    Rng rng(mix64(row));
    inserter->insert(x, tid_of(row), rng);
  }
  // Rows of a search, nearest first, at least `want` of them unless there are no more.
  std::vector<std::size_t> search(const float* q, int ef, std::size_t want) {
    graph->refresh();
    const auto query = codec->query();
    query->set(q);
    Search search(*graph, *query);
    search.begin(ef);
    std::vector<std::size_t> rows;
    std::vector<HeapTid> tids;
    const auto take = [&] {
      for (const Candidate& c : search.batch()) {
        tids.clear();
        graph->heap_rows(c.node, tids);
        for (const HeapTid t : tids) rows.push_back(row_of(t));
      }
    };
    take();
    while (rows.size() < want && search.next(ef)) take();
    while (rows.size() < want && search.sweep(1000)) take();
    return rows;
  }
  std::vector<Problem> problems() {
    graph->refresh();
    std::vector<Problem> out;
    check(*graph, [&](const Problem& p) { out.push_back(p); });
    return out;
  }
  int errors() {
    int n = 0;
    for (const Problem& p : problems())
      if (p.severity == Severity::error) {
        ++n;
        ADD_FAILURE() << "block " << p.block << ' ' << p.item << ": " << p.message;
      }
    return n;
  }

  std::shared_ptr<const quant::Codec> codec;
  WorkerPool pool;
  MemoryPageStore store;
  Options options;
  std::unique_ptr<Graph> graph;
  std::unique_ptr<Inserter> inserter;
};

inline double recall(Index& index, const float* x, const std::vector<bool>& live, std::size_t n,
                     std::size_t dim, int ef, std::uint64_t seed) {
  // More of the same sequence: the same clusters, other points.
  const auto more = clustered(n + 30, dim, seed);
  const std::vector<float> queries(more.begin() + static_cast<std::ptrdiff_t>(n * dim), more.end());
  std::size_t hit = 0, of = 0;
  for (std::size_t q = 0; q < 30; ++q) {
    const float* y = queries.data() + q * dim;
    std::vector<std::pair<double, std::size_t>> all;
    for (std::size_t i = 0; i < n; ++i) {
      if (!live[i]) continue;
      double d = 0;
      for (std::size_t j = 0; j < dim; ++j) d += (x[i * dim + j] - y[j]) * (x[i * dim + j] - y[j]);
      all.push_back({d, i});
    }
    std::sort(all.begin(), all.end());
    const auto found = index.search(y, ef, 10);
    const std::set<std::size_t> rows(found.begin(), found.end());
    for (std::size_t k = 0; k < std::min<std::size_t>(10, all.size()); ++k) {
      hit += rows.count(all[k].second);
      ++of;
    }
  }
  return static_cast<double>(hit) / static_cast<double>(of);
}

inline const quant::CodecSpec kRabitq{quant::CodecKind::rabitq, quant::Metric::l2, 32};

}  // namespace rv::index::hnsw
