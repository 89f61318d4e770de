// learning_gates [bge|fashion ...] -- what adaptive search saves on real vectors, and how soon a
// change of queries is noticed. Data: $RUVECTOR_SHARED/data/dense. Everything is counted, nothing
// timed. docs/learning.md tells what the columns mean.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/learning/drift.h"
#include "core/parallel/worker_pool.h"
#include "unit/learning/real_searches.h"

using namespace rv;

namespace {

void savings(const char* what, const learning::AuditSet& audits) {
  for (const double target : {0.95, 0.98, 0.99, 0.995}) {
    const test::HeldOut h = test::held_out(audits, target, 5);
    std::printf(
        "%s, target %.3f: recall %.4f (one fixed effort: %.4f), %.3fx fewer distance "
        "computations than a fixed effort of that recall, steered in %.0f %% of 5 splits\n",
        what, target, h.recall, h.fixed_recall, h.saving, 100 * h.learned);
  }
}

// Audited queries until the alarm after queries of another kind set in.
void drift(const char* what, const learning::AuditSet& audits, const learning::AuditSet& other,
           bool steers) {
  constexpr double kTarget = 0.99;
  auto model = learning::calibrate(audits, kTarget).model;
  if (!steers) model.learned = false;
  double before = 0;
  double after = 0;
  const auto recall = [&](const learning::AuditedQuery& q) {
    return static_cast<double>(q.recall[learning::steered(audits, q, model)]);
  };
  for (const auto& q : audits.query) before += recall(q) / static_cast<double>(audits.query.size());
  for (const auto& q : other.query) after += recall(q) / static_cast<double>(other.query.size());
  std::vector<std::size_t> delays;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    learning::RecallMonitor monitor(kTarget);
    for (int i = 0; i < 500; ++i)
      if (monitor.add(recall(audits.query[rng.below(audits.query.size())]))) monitor.reset();
    std::size_t n = 1;
    while (n <= 2000 && !monitor.add(recall(other.query[rng.below(other.query.size())]))) ++n;
    delays.push_back(n);
  }
  std::sort(delays.begin(), delays.end());
  std::printf(
      "%s, %s: recall %.4f, %.4f after the change of queries; alarm after %zu audited queries "
      "(median of 20 streams), at most %zu\n",
      what, steers ? "steered" : "one fixed effort", before, after, delays[10], delays.back());
}

void run(test::DataSet data, std::uint32_t lists) {
  WorkerPool pool(2);
  const Work work(&pool);
  std::printf("%s: %zu vectors, %zu queries\n", data.name.c_str(), data.base.size(),
              data.queries.size());
  const auto truth = test::nearest_rows(data.base, data.queries, work);
  const test::Points others = test::mixtures(data.queries, 1000, 7);
  const auto other_truth = test::nearest_rows(data.base, others, work);
  {
    test::HnswSearches hnsw(data.base, 16, 64, work);
    const auto audits = hnsw.audit(data.queries, truth);
    savings((data.name + " hnsw").c_str(), audits);
    const auto other = hnsw.audit(others, other_truth);
    for (const bool steers : {true, false})
      drift((data.name + " hnsw, drift").c_str(), audits, other, steers);
  }
  test::IvfSearches ivf(data.base, lists, work);
  const auto audits = ivf.audit(data.queries, truth);
  savings((data.name + " ivfflat").c_str(), audits);
  const auto other = ivf.audit(others, other_truth);
  for (const bool steers : {true, false})
    drift((data.name + " ivfflat, drift").c_str(), audits, other, steers);
}

}  // namespace

int main(int argc, char** argv) {
  const auto wanted = [&](const char* name) {
    for (int i = 1; i < argc; ++i)
      if (std::strcmp(argv[i], name) == 0) return true;
    return argc == 1;
  };
  const std::string folder = test::dense_folder();
  if (folder.empty()) {
    std::fprintf(stderr, "no data: set RUVECTOR_SHARED\n");
    return 1;
  }
  if (wanted("bge")) run(test::bge(folder, 2000, 100000), 100);
  if (wanted("fashion")) run(test::fashion(folder, 5000, 100000), 100);
  return 0;
}
