// learning_gates [bge|fashion ...] -- what adaptive search saves on real vectors, and how soon a
// change of queries is noticed. Data: $RUVECTOR_SHARED/data/dense. Everything is counted, nothing
// timed. docs/learning.md tells what the columns mean.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <optional>

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

constexpr double kTarget = 0.99;

// What audits of a stream of queries say: recall, and where the features lie.
struct Stream {
  std::vector<double> recall;
  std::vector<std::optional<learning::QueryBins>> bins;
  double mean = 0;
  double calibrated = 0;

  Stream(const learning::AuditSet& audits, const learning::EffortModel& model)
      : calibrated(model.calibrated) {
    for (const auto& q : audits.query) {
      recall.push_back(static_cast<double>(q.recall[learning::steered(audits, q, model)]));
      bins.push_back(model.bins(q.features));
      mean += recall.back() / static_cast<double>(audits.query.size());
    }
  }
  bool audit(Rng& rng, learning::DriftMonitor& monitor) const {
    const std::size_t i = rng.below(recall.size());
    return monitor.add(recall[i], bins[i], calibrated);
  }
};

// As many misses as the target allows: what comes nearest to an alarm without deserving it. One
// neighbour at a time is found or lost, where others are lost already.
void bring_to_target(Stream& s, Rng& rng) {
  const auto n = static_cast<double>(s.recall.size());
  while (std::abs(s.mean - kTarget) > 0.05 / n) {
    double& r = s.recall[rng.below(s.recall.size())];
    if (r == 1 || r < 0.05) continue;
    const double step = s.mean < kTarget ? 0.1 : -0.1;
    r = std::clamp(r + step, 0.0, 1.0);
    s.mean += step / n;
  }
}

// Alarms a thousand audited queries of streams without any change, and how many queries of another
// kind are audited until the alarm after they set in. Half of the queries calibrate, the other half
// and the others are what is asked.
void drift(const char* what, const learning::AuditSet& audits, const learning::AuditSet& other,
           bool steers) {
  std::vector<std::uint32_t> rows(audits.query.size());
  std::iota(rows.begin(), rows.end(), 0U);
  Rng order(5);
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[order.below(i)]);
  const auto half = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  auto model = learning::calibrate(test::part_of(audits, {rows.begin(), half}), kTarget).model;
  if (!steers) model.learned = false;
  const Stream before(test::part_of(audits, {half, rows.end()}), model);
  const Stream after(other, model);
  Stream raised = before;
  bring_to_target(raised, order);
  const Stream& least = raised;

  constexpr int kLong = 20000;
  double quiet_alarms = 0;
  double least_alarms = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const Stream* s : {&before, &least}) {
      Rng rng(seed + 100);
      learning::DriftMonitor monitor(kTarget);
      for (int i = 0; i < kLong; ++i)
        if (s->audit(rng, monitor)) {
          (s == &before ? quiet_alarms : least_alarms) += 1000.0 / (20.0 * kLong);
          monitor.reset();
        }
    }
  std::vector<std::size_t> delays;
  std::vector<std::size_t> noticed;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    learning::DriftMonitor monitor(kTarget);
    for (int i = 0; i < 500; ++i)
      if (before.audit(rng, monitor)) monitor.reset();
    std::size_t n = 1;
    std::size_t shifted = 0;
    while (n <= 2000 && !after.audit(rng, monitor)) {
      if (shifted == 0 && monitor.changed()) shifted = n;
      ++n;
    }
    delays.push_back(n);
    noticed.push_back(shifted == 0 ? n : shifted);
  }
  std::sort(delays.begin(), delays.end());
  std::sort(noticed.begin(), noticed.end());
  std::printf(
      "%s, %s: recall %.4f, %.4f after the change of queries; change noticed after %zu (at most "
      "%zu), alarm after %zu audited queries (median of 20 streams), at most %zu\n",
      what, steers ? "steered" : "one fixed effort", before.mean, after.mean, noticed[10],
      noticed.back(), delays[10], delays.back());
  std::printf(
      "%s, %s, no change: %.3f alarms in 1000 audited queries at recall %.4f, %.3f at exactly "
      "%.4f\n",
      what, steers ? "steered" : "one fixed effort", quiet_alarms, before.mean, least_alarms,
      least.mean);
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
