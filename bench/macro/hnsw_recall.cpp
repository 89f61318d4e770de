#include "hnsw_recall.h"

#include <algorithm>

#include "core/index/hnsw/insert.h"
#include "core/index/hnsw/search.h"

namespace rv::bench {
namespace {

namespace hnsw = index::hnsw;

hnsw::HeapTid tid_of(std::size_t i) {
  return {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1};
}
std::size_t row_of(hnsw::HeapTid t) {
  return static_cast<std::size_t>(t.block_high) << 16 | t.block_low;
}

constexpr std::size_t kTrainingRows = 10000;

// The first candidates of a query, in the order in which a scan returns them.
class Reading {
 public:
  Reading(hnsw::Graph& graph, hnsw::Search& search, const Matrix& base, const float* query,
          Metric metric)
      : graph_(graph), search_(search), base_(base), query_(query), metric_(metric) {}

  std::vector<std::size_t> first(std::size_t k, int ef, double* reranked) {
    search_.begin(ef);
    take();
    std::vector<std::size_t> rows;
    for (;;) {
      const bool ready = !exact_.empty() && next_ < open_.size() &&
                         exact_.back().first <= static_cast<double>(open_[next_].lower);
      if (ready || (done_ && next_ == open_.size() && !exact_.empty())) {
        rows.push_back(exact_.back().second);
        exact_.pop_back();
        if (rows.size() == k) return rows;
      } else if (next_ < open_.size()) {
        look_up(open_[next_++].node);
        *reranked += 1;
      } else if (done_ || !search_.next(ef)) {
        if (done_) return rows;
        done_ = true;
      } else {
        take();
      }
    }
  }

 private:
  struct Open {
    float lower;
    hnsw::NodeId node;
  };
  void take() {
    open_.erase(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    for (const auto& c : search_.batch()) open_.push_back({c.distance - c.error, c.node});
    std::sort(open_.begin(), open_.end(),
              [](const Open& a, const Open& b) { return a.lower < b.lower; });
  }
  void look_up(hnsw::NodeId node) {
    tids_.clear();
    graph_.heap_rows(node, tids_);
    for (const auto t : tids_) {
      const std::size_t row = row_of(t);
      const double d = distance(metric_, query_, base_.row(row), base_.dim);
      // Codes estimate squared L2 distances.
      const std::pair<double, std::size_t> entry{metric_ == Metric::l2 ? d * d : d, row};
      // Nearest last.
      exact_.insert(
          std::upper_bound(exact_.begin(), exact_.end(), entry,
                           [](const auto& a, const auto& b) { return a.first > b.first; }),
          entry);
    }
  }

  hnsw::Graph& graph_;
  hnsw::Search& search_;
  const Matrix& base_;
  const float* query_;
  Metric metric_;
  bool done_ = false;
  std::size_t next_ = 0;
  std::vector<Open> open_;
  std::vector<std::pair<double, std::size_t>> exact_;
  std::vector<hnsw::HeapTid> tids_;
};

}  // namespace

quant::Metric codec_metric(Metric metric) {
  switch (metric) {
    case Metric::cosine:
      return quant::Metric::cosine;
    case Metric::ip:
      return quant::Metric::inner_product;
    case Metric::l1:
      return quant::Metric::l1;
    case Metric::l2:
      break;
  }
  return quant::Metric::l2;
}

MeasuredIndex::MeasuredIndex(const Matrix& base, const quant::CodecSpec& spec,
                             const hnsw::Options& options, int threads, std::size_t built)
    : base_(base) {
  // Trained on rows from everywhere, as a build samples its table.
  const std::size_t rows = std::min(base.rows(), kTrainingRows);
  std::vector<float> sample;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* x = base.row(i * base.rows() / rows);
    sample.insert(sample.end(), x, x + base.dim);
  }
  codec_ = quant::train_codec(spec, sample.data(), rows);
  hnsw::Graph::create(store_, options, *codec_, rows);
  if (built == 0) built = base.rows();
  WorkerPool pool(threads);
  hnsw::BulkBuild build(codec_, options, Work(&pool), 42);
  constexpr std::size_t kBatch = 1024;
  for (std::size_t i = 0; i < built; i += kBatch) {
    std::vector<hnsw::HeapTid> tids;
    for (std::size_t j = i; j < std::min(built, i + kBatch); ++j) tids.push_back(tid_of(j));
    build.add(base.row(i), tids.data(), tids.size());
  }
  build.build([](std::size_t, std::size_t) {});
  build.write(store_, [](std::size_t, std::size_t) {});
  graph_ = std::make_unique<hnsw::Graph>(store_, codec_);
  hnsw::Inserter inserter(*graph_);
  for (std::size_t i = built; i < base.rows(); ++i) {
    Rng rng(mix64(i));
    inserter.insert(base.row(i), tid_of(i), rng);
  }
  graph_->refresh();
}

RecallPoint MeasuredIndex::measure(const Matrix& queries, const Truth& truth, Metric metric,
                                   std::size_t k, int ef) {
  RecallPoint point;
  const auto query = codec_->query();
  hnsw::Search search(*graph_, *query);
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    query->set(queries.row(q));
    Reading reading(*graph_, search, base_, queries.row(q), metric);
    const auto rows = reading.first(k, ef, &point.reranked);
    point.distances += static_cast<double>(search.stats().distances);
    point.recall += recall_of(truth, base_, queries, metric, q, rows);
  }
  const auto n = static_cast<double>(queries.rows());
  return {point.recall / n, point.distances / n, point.reranked / n};
}

}  // namespace rv::bench
