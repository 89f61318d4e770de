// Searches of real data sets, audited at every effort: what the gates of the learning feature are
// measured on. Data: $RUVECTOR_SHARED/data/dense, read through zcat and xzcat.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/scan_features.h"
#include "core/index/hnsw/search.h"
#include "core/index/ivf/build.h"
#include "core/index/ivf/scan_features.h"
#include "core/index/ivf/search.h"
#include "core/index/memory_page_store.h"
#include "core/learning/effort_model.h"
#include "core/quant/rabitq.h"
#include "core/simd/distance.h"

namespace rv::test {

constexpr std::size_t kNear = 10;

struct Points {
  std::size_t dim = 0;
  std::vector<float> x;
  std::size_t size() const noexcept { return dim == 0 ? 0 : x.size() / dim; }
  const float* operator[](std::size_t i) const noexcept { return x.data() + i * dim; }
  void push(const float* v) { x.insert(x.end(), v, v + dim); }
};

inline std::string dense_folder() {
  const char* set = std::getenv("RUVECTOR_SHARED");
  const std::string folder =
      std::string(set != nullptr ? set : RUVECTOR_DEFAULT_SHARED) + "/data/dense";
  std::FILE* f = std::fopen((folder + "/README.md").c_str(), "r");
  if (f == nullptr) return {};
  std::fclose(f);
  return folder;
}

// A TexMex file (fvecs, or bvecs when `bytes`), unpacked by `command`.
inline Points read_points(const std::string& command, bool bytes, std::size_t most) {
  Points p;
  std::FILE* in = ::popen(command.c_str(), "r");
  if (in == nullptr) return p;
  std::int32_t dim = 0;
  std::vector<std::uint8_t> raw;
  while (p.size() < most && std::fread(&dim, 4, 1, in) == 1 && dim > 0) {
    p.dim = static_cast<std::size_t>(dim);
    raw.resize(p.dim * (bytes ? 1 : 4));
    if (std::fread(raw.data(), 1, raw.size(), in) != raw.size()) break;
    if (bytes) {
      p.x.insert(p.x.end(), raw.begin(), raw.end());
    } else {
      const std::size_t at = p.x.size();
      p.x.resize(at + p.dim);
      std::memcpy(p.x.data() + at, raw.data(), raw.size());
    }
  }
  ::pclose(in);
  return p;
}

struct DataSet {
  std::string name;
  Points base, queries;
};

// The given queries, and `held_out` of the base vectors, which are not indexed.
inline DataSet bge(const std::string& folder, std::size_t held_out, std::size_t most_base) {
  DataSet d{"bge_base_768", {}, {}};
  const std::string at = "zcat '" + folder + "/bge_base_768/";
  d.queries = read_points(at + "query.fvecs.gz'", false, 1000);
  d.base = read_points(at + "base.fvecs.gz' 2>/dev/null", false, most_base);
  for (std::size_t i = 0; i < held_out && d.base.size() > 1; ++i) {
    d.queries.push(d.base[d.base.size() - 1]);
    d.base.x.resize(d.base.x.size() - d.base.dim);
  }
  return d;
}
inline DataSet fashion(const std::string& folder, std::size_t held_out, std::size_t most_base) {
  DataSet d{"fashion_mnist_784", {}, {}};
  const std::string at = "xzcat '" + folder + "/fashion_mnist_784/";
  d.queries = read_points(at + "query.bvecs.xz'", true, 1000);
  d.base = read_points(at + "base.bvecs.xz' 2>/dev/null", true, most_base);
  for (std::size_t i = 0; i < held_out && d.base.size() > 1; ++i) {
    d.queries.push(d.base[d.base.size() - 1]);
    d.base.x.resize(d.base.x.size() - d.base.dim);
  }
  return d;
}

// Midpoints of two queries each: nothing in the base lies where they do.
inline Points mixtures(const Points& queries, std::size_t n, std::uint64_t seed) {
  Points p;
  p.dim = queries.dim;
  Rng rng(seed);
  std::vector<float> v(p.dim);
  for (std::size_t i = 0; i < n; ++i) {
    const float* a = queries[rng.below(queries.size())];
    const float* b = queries[rng.below(queries.size())];
    for (std::size_t d = 0; d < p.dim; ++d) v[d] = (a[d] + b[d]) / 2;
    p.push(v.data());
  }
  return p;
}

inline std::vector<std::vector<std::uint32_t>> nearest_rows(const Points& base,
                                                            const Points& queries,
                                                            const Work& work) {
  std::vector<std::vector<std::uint32_t>> truth(queries.size());
  work.for_range(queries.size(), 8, [&](std::size_t begin, std::size_t end) {
    std::vector<std::pair<float, std::uint32_t>> all(base.size());
    for (std::size_t q = begin; q < end; ++q) {
      for (std::size_t i = 0; i < base.size(); ++i)
        all[i] = {simd::kernels().l2_squared(queries[q], base[i], base.dim),
                  static_cast<std::uint32_t>(i)};
      std::partial_sort(all.begin(), all.begin() + kNear, all.end());
      for (std::size_t k = 0; k < kNear; ++k) truth[q].push_back(all[k].second);
    }
  });
  return truth;
}

inline float share_found(std::vector<std::uint32_t>& found,
                         const std::vector<std::uint32_t>& truth) {
  std::sort(found.begin(), found.end());
  std::size_t hits = 0;
  for (const std::uint32_t id : truth) hits += std::binary_search(found.begin(), found.end(), id);
  return static_cast<float>(hits) / static_cast<float>(truth.size());
}

// Searches as index scans make them: a first effort, features, then the whole effort.
inline constexpr int kFirstEf = 12;
inline constexpr std::uint32_t kFirstProbes = 2;

class HnswSearches {
 public:
  HnswSearches(const Points& base, int m, int ef_construction, const Work& work)
      : codec_(quant::RabitqCodec::train(
            {quant::CodecKind::rabitq, quant::Metric::l2, static_cast<int>(base.dim), 0}, base[0],
            std::min<std::size_t>(base.size(), 10000))) {
    const index::hnsw::Options options{m, ef_construction};
    index::hnsw::Graph::create(store_, options, *codec_, 10000);
    index::hnsw::BulkBuild build(codec_, options, work, 1);
    std::vector<index::hnsw::HeapTid> tids;
    for (std::size_t i = 0; i < base.size(); ++i)
      tids.push_back({static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1});
    build.add(base[0], tids.data(), base.size());
    build.build([](std::size_t, std::size_t) {});
    build.write(store_, [](std::size_t, std::size_t) {});
  }

  learning::AuditSet audit(const Points& queries,
                           const std::vector<std::vector<std::uint32_t>>& truth) {
    learning::AuditSet a;
    for (double e = 10; e < 1000; e *= 1.12) a.effort.push_back(static_cast<int>(e));
    a.first = a.at_least(kFirstEf);
    a.query.resize(queries.size());
    index::hnsw::Graph graph(store_, codec_);
    const auto code_query = codec_->query();
    index::hnsw::Search search(graph, *code_query);
    std::vector<index::hnsw::HeapTid> rows;
    std::vector<std::uint32_t> found;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      code_query->set(queries[q]);
      for (const int effort : a.effort) {
        search.begin(std::min(kFirstEf, effort));
        a.query[q].features = index::hnsw::features(search);
        if (effort > kFirstEf) search.widen(effort);
        a.query[q].margin.push_back(index::hnsw::margin(index::hnsw::features(search)));
        found.clear();
        for (const auto& c : search.batch()) {
          rows.clear();
          graph.heap_rows(c.node, rows);
          for (const auto& row : rows)
            found.push_back(static_cast<std::uint32_t>(row.block_high) << 16 | row.block_low);
        }
        auto& recall = a.query[q].recall;
        recall.push_back(
            std::max(recall.empty() ? 0.0F : recall.back(), share_found(found, truth[q])));
        a.query[q].work.push_back(static_cast<float>(search.stats().distances));
      }
    }
    return a;
  }

 private:
  std::shared_ptr<const quant::Codec> codec_;
  index::MemoryPageStore store_;
};

class IvfSearches {
 public:
  IvfSearches(const Points& base, std::uint32_t lists, const Work& work) : base_(base) {
    using namespace index::ivf;
    BuildOptions options;
    options.lists = lists;
    options.codec.kind = quant::CodecKind::rabitq;
    options.codec.dim = static_cast<int>(base.dim);
    const Training training = train(options, base.x, work);
    std::vector<std::uint32_t> list(base.size());
    std::vector<std::byte> codes(base.size() * training.codec->code_bytes());
    Encoder(training).encode(base[0], base.size(), list.data(), codes.data(), work);
    std::vector<std::uint32_t> order(base.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return list[a] < list[b]; });
    write_fixed_parts(store_, training, base.size());
    index_ = open(store_);
    ListWriter writer(store_, *index_);
    for (const auto i : order)
      writer.add(list[i], RowId{i} << 16 | 1, &codes[i * training.codec->code_bytes()]);
    writer.finish();
  }

  learning::AuditSet audit(const Points& queries,
                           const std::vector<std::vector<std::uint32_t>>& truth) {
    learning::AuditSet a;
    const double lists = index_->lists();
    for (double e = 1; e < lists; e = std::max(e + 1, e * 1.12))
      a.effort.push_back(static_cast<int>(e));
    a.effort.push_back(static_cast<int>(lists));
    a.first = a.at_least(kFirstProbes);
    a.query.resize(queries.size());
    index::ivf::Search search(store_, index_, std::size_t{64} << 20);
    std::vector<std::uint32_t> found;
    for (std::size_t q = 0; q < queries.size(); ++q)
      for (const int effort : a.effort) {
        const auto probes = static_cast<std::uint32_t>(effort);
        search.start(queries[q], index_->lists());
        search.probe(std::min(kFirstProbes, probes));
        a.query[q].features = index::ivf::features(search);
        search.widen(probes);
        found.clear();
        index::ivf::RowId row;
        float distance;
        const auto exact = [&](index::ivf::RowId r, float* d) {
          *d = simd::kernels().l2_squared(queries[q], base_[r >> 16], base_.dim);
          return true;
        };
        while (found.size() < kNear && search.next(exact, &row, &distance))
          found.push_back(static_cast<std::uint32_t>(row >> 16));
        auto& recall = a.query[q].recall;
        recall.push_back(
            std::max(recall.empty() ? 0.0F : recall.back(), share_found(found, truth[q])));
        a.query[q].work.push_back(static_cast<float>(search.counts().codes));
      }
    return a;
  }

 private:
  const Points& base_;
  index::MemoryPageStore store_;
  std::shared_ptr<const index::ivf::Description> index_;
};

// A model is calibrated on one half of the queries and used on the other, in `splits` ways.
struct HeldOut {
  double recall = 0;
  double saving = 0;   // work of a fixed effort with that recall / work that was done
  double learned = 0;  // share of the splits in which the model steers
  double fixed_recall = 0;
};
inline learning::AuditSet part_of(const learning::AuditSet& a,
                                  const std::vector<std::uint32_t>& rows) {
  learning::AuditSet p;
  p.effort = a.effort;
  p.first = a.first;
  for (const auto r : rows) p.query.push_back(a.query[r]);
  return p;
}
inline HeldOut held_out(const learning::AuditSet& a, double target, int splits) {
  HeldOut h;
  for (int s = 0; s < splits; ++s) {
    std::vector<std::uint32_t> rows(a.query.size());
    std::iota(rows.begin(), rows.end(), 0U);
    Rng rng(static_cast<std::uint64_t>(s) + 1);
    for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[rng.below(i)]);
    const auto half = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
    const auto model = learning::calibrate(part_of(a, {rows.begin(), half}), target).model;
    const std::vector<std::uint32_t> rest(half, rows.end());
    double recall = 0;
    double work = 0;
    double fixed = 0;
    const std::size_t safe = a.at_least(model.safe);
    for (const auto r : rest) {
      const auto& q = a.query[r];
      const std::size_t i = learning::steered(a, q, model);
      recall += static_cast<double>(q.recall[i]) / static_cast<double>(rest.size());
      work += static_cast<double>(q.work[i]) / static_cast<double>(rest.size());
      fixed += static_cast<double>(q.recall[safe]) / static_cast<double>(rest.size());
    }
    h.recall += recall / splits;
    h.fixed_recall += fixed / splits;
    h.saving += learning::fixed_work_at_recall(a, rest, recall) / work / splits;
    h.learned += model.learned ? 1.0 / splits : 0;
  }
  return h;
}

}  // namespace rv::test
