// The gates of adaptive search on real embeddings. bench/learning prints more of them.
#include "unit/learning/real_searches.h"

#include <gtest/gtest.h>

#include "core/learning/drift.h"
#include "core/parallel/worker_pool.h"

namespace rv {
namespace {

TEST(RealSearches, KeepTheTargetWithLessWorkAndNoticeOtherQueries) {
  const std::string folder = test::dense_folder();
  if (folder.empty()) GTEST_SKIP() << "no data: set RUVECTOR_SHARED";
  WorkerPool pool(2);
  const Work work(&pool);
  const test::DataSet data = test::bge(folder, 1000, 100000);
  const auto truth = test::nearest_rows(data.base, data.queries, work);
  test::HnswSearches hnsw(data.base, 16, 64, work);
  const auto audits = hnsw.audit(data.queries, truth);
  for (const double target : {0.95, 0.98, 0.99, 0.995}) {
    const test::HeldOut h = test::held_out(audits, target, 5);
    std::printf("target %.3f: recall %.4f, saving %.3f\n", target, h.recall, h.saving);
    EXPECT_GE(h.recall, target - 0.005) << target;
    EXPECT_GE(h.saving, target == 0.99 ? 1.15 : 0.97) << target;
  }

  const test::Points others = test::mixtures(data.queries, 500, 7);
  const auto other = hnsw.audit(others, test::nearest_rows(data.base, others, work));
  const auto model = learning::calibrate(audits, 0.99).model;
  const auto recall = [&](const learning::AuditedQuery& q) {
    return static_cast<double>(q.recall[learning::steered(audits, q, model)]);
  };
  // The margin lets steered scans follow a change of queries; what is left of the loss is noticed
  // within 300 audits.
  double after = 0;
  for (const auto& q : other.query) after += recall(q) / static_cast<double>(other.query.size());
  EXPECT_GE(after, 0.96);
  EXPECT_LT(after, 0.985);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    learning::DriftMonitor monitor(0.99);
    const auto audit = [&](const learning::AuditedQuery& q) {
      return monitor.add(recall(q), model.bins(q.features), model.calibrated);
    };
    int alarms = 0;
    for (int i = 0; i < 1000; ++i)
      if (audit(audits.query[rng.below(audits.query.size())])) {
        ++alarms;
        monitor.reset();
      }
    EXPECT_EQ(alarms, 0) << seed;
    int n = 1;
    while (n <= 300 && !audit(other.query[rng.below(other.query.size())])) ++n;
    EXPECT_LE(n, 300) << seed;
  }

  test::IvfSearches ivf(data.base, 100, work);
  const test::HeldOut h = test::held_out(ivf.audit(data.queries, truth), 0.99, 5);
  std::printf("ivfflat, target 0.990: recall %.4f, saving %.3f\n", h.recall, h.saving);
  EXPECT_GE(h.recall, 0.985);
  EXPECT_GE(h.saving, 1.15);
}

}  // namespace
}  // namespace rv
