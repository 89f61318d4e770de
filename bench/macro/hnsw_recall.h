// Recall of the hnsw engine on memory pages, as a scan with LIMIT k sees it: codes lead, exact
// distances decide, further batches follow while the nearest rows are not certain. For the recall
// bars (test/bench) and for bench/micro/hnsw_recall.
#pragma once

#include <memory>
#include <vector>

#include "core/index/hnsw/bulk_build.h"
#include "core/index/memory_page_store.h"
#include "core/parallel/worker_pool.h"
#include "truth.h"

namespace rv::bench {

struct RecallPoint {
  double recall = 0;
  double distances = 0;  // codes compared, a query
  double reranked = 0;   // rows looked up, a query
};

class MeasuredIndex {
 public:
  // Builds in bulk over the first `built` rows (all when 0) and inserts the others one by one. The
  // metric is the codec's; `m` and ef_construction are the options'.
  MeasuredIndex(const Matrix& base, const quant::CodecSpec& spec,
                const index::hnsw::Options& options, int threads, std::size_t built = 0);

  RecallPoint measure(const Matrix& queries, const Truth& truth, Metric metric, std::size_t k,
                      int ef);
  const quant::Codec& codec() const { return *codec_; }
  index::MemoryPageStore& store() { return store_; }

 private:
  const Matrix& base_;
  std::shared_ptr<const quant::Codec> codec_;
  index::MemoryPageStore store_;
  std::unique_ptr<index::hnsw::Graph> graph_;
};

quant::Metric codec_metric(Metric metric);

}  // namespace rv::bench
