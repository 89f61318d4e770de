// routing_gates [usps|usps-low-rank|routers|bandits|latency ...] -- what routing reaches on real
// data, and what a decision's arithmetic costs. Data: $RUVECTOR_SHARED/data/routing. Without
// arguments all but usps, which trains three FastGRNNs of 300 epochs.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "core/routing/bandit.h"
#include "core/routing/calibration.h"
#include "core/routing/cross_validation.h"
#include "core/routing/evaluation.h"
#include "core/routing/fastgrnn_codec.h"
#include "core/routing/fastgrnn_train.h"
#include "core/routing/knn.h"
#include "core/routing/selection.h"
#include "unit/routing/json_value.h"
#include "unit/routing/routing_data.h"

using namespace rv;
using namespace rv::routing;

namespace {

void usps(const std::string& folder, bool low_rank) {
  const SequenceSet train = test::usps(folder, "train");
  const SequenceSet held_out = test::usps(folder, "test");
  double mean = 0;
  double mean8 = 0;
  for (const std::uint64_t seed : {42U, 1U, 7U}) {
    FastGrnnShape s;
    s.input = 16;
    s.hidden = 32;
    s.classes = 10;
    if (low_rank) {
      s.w_rank = 8;
      s.u_rank = 16;
    }
    FastGrnnTraining o;
    o.epochs = 300;
    o.seed = seed;
    MemoryBudget budget(std::size_t{1} << 30, "memory");
    FastGrnnTrainer trainer(s, train, o, budget);
    trainer.run(never_stop);
    const double a = accuracy(trainer.model(), held_out);
    const double a8 = accuracy(decode(encode_int8(trainer.model())), held_out);
    std::printf("usps %s seed %u: %zu parameters, accuracy %.4f, int8 %.4f\n",
                low_rank ? "W8 U16" : "full", static_cast<unsigned>(seed),
                trainer.model().parameters().size(), a, a8);
    std::fflush(stdout);
    mean += a / 3;
    mean8 += a8 / 3;
  }
  std::printf("usps %s: mean %.4f, int8 %.4f (wanted: 0.935, int8 within 0.01)\n",
              low_rank ? "W8 U16" : "full", mean, mean8);
}

void routers(const std::string& folder) {
  const OutcomeSet nine = test::set_of(test::nine_models(folder));
  const std::vector<double> prior(9, 0.5);
  for (const ModelKind kind :
       {ModelKind::knn, ModelKind::ridge, ModelKind::mf, ModelKind::fastgrnn}) {
    const Aiq a = aiq(nine, cross_predict(kind, nine, 5, prior, {}, never_stop));
    std::printf("nine models, 5-fold: %-8s AIQ %.4f (zero router %.4f, oracle %.4f)\n",
                model_kind_name(kind), a.router, a.zero_router, a.oracle);
  }
  std::vector<double> weight(nine.size() * 9);
  std::vector<double> bound = cross_predict(ModelKind::knn, nine, 5, prior, {}, never_stop, weight);
  for (std::size_t i = 0; i < bound.size(); ++i)
    bound[i] = std::max(0.0, bound[i] - std::sqrt(bound[i] * (1 - bound[i]) / (weight[i] + 1)));
  for (const double target : {0.95, 0.98, 1.0}) {
    const Calibration c = calibrate_tau(nine, bound, target, 0);
    std::printf("calibrated to %.2f: held out %.4f, cost %.1f %% of the best model's\n", target,
                c.held_out, 100 * c.point.cost / c.best_cost);
  }
  const auto pairs = test::mmlu_pairs(folder);
  OutcomeSet data = test::set_of(pairs.train);
  const OutcomeSet tested = test::set_of(pairs.test);
  std::vector<std::uint32_t> train(data.size());
  std::iota(train.begin(), train.end(), 0U);
  data.embedding.insert(data.embedding.end(), tested.embedding.begin(), tested.embedding.end());
  data.quality.insert(data.quality.end(), tested.quality.begin(), tested.quality.end());
  std::vector<std::uint32_t> rows(tested.size());
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(train.size()));
  std::vector<double> out(data.size() * 2);
  for (const ModelKind kind :
       {ModelKind::knn, ModelKind::ridge, ModelKind::mf, ModelKind::fastgrnn}) {
    fit_predict(kind, data, train, rows, {prior.data(), 2}, {}, never_stop, out);
    std::printf("weak and strong on MMLU: %-8s APGR %.4f\n", model_kind_name(kind),
                apgr(tested, std::span<const double>(out).subspan(train.size() * 2)));
  }
}

void bandits(const std::string& folder) {
  const OutcomeSet data = test::set_of(test::nine_models(folder));
  double fixed = -1e9;
  for (std::size_t a = 0; a < 9; ++a) {
    double total = 0;
    for (std::size_t row = 0; row < data.size(); ++row)
      total += static_cast<double>(data.q(row, a)) - 500 * data.cost[row * 9 + a];
    fixed = std::max(fixed, total);
  }
  for (const bool thompson : {true, false}) {
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
      mean += test::bandit_reward(data, thompson, seed) / 5;
    std::printf("%s: reward %.0f, mean of 5 seeds (best fixed model %.0f)\n",
                thompson ? "linear Thompson" : "LinUCB", mean, fixed);
  }
}

double median_us(const std::vector<double>& us) {
  std::vector<double> v = us;
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

// 20 agents, 64 dimensions; the SQL function's own cost is latency.sql's.
void latency() {
  constexpr std::size_t kAgents = 20;
  constexpr std::size_t kDim = 64;
  Rng rng(1);
  KnnQuality knn(kDim, kAgents);
  std::vector<float> x(kDim);
  const auto draw = [&] {
    Rng centre(rng.below(200));
    for (float& v : x) v = static_cast<float>(centre.normal() + 0.4 * rng.normal());
  };
  for (int i = 0; i < 100000; ++i) {
    draw();
    knn.add(x, rng.below(kAgents), rng.uniform() < 0.6 ? 1.0F : 0.0F);
  }
  knn.build_lists();
  LinearQuality linear{kDim, kAgents, true, std::vector<float>(kAgents * (kDim + 1), 0.01F)};
  std::vector<Estimate> base(kAgents, {0.5, 20});
  std::vector<Estimate> e(kAgents);
  std::vector<double> knn_us;
  std::vector<double> model_us;
  double sink = 0;
  for (int i = 0; i < 2000; ++i) {
    draw();
    const auto t0 = std::chrono::steady_clock::now();
    knn.estimate(x, base, e);
    const auto t1 = std::chrono::steady_clock::now();
    std::vector<Candidate> candidates(kAgents);
    for (std::size_t a = 0; a < kAgents; ++a) {
      candidates[a].quality = linear.predict(x, a);
      candidates[a].quality_lower = candidates[a].quality - 0.05;
      candidates[a].cost = 0.001 * static_cast<double>(a + 1);
    }
    sink += static_cast<double>(choose(candidates, Policy{}, rng).chosen) + e[0].mean;
    const auto t2 = std::chrono::steady_clock::now();
    knn_us.push_back(std::chrono::duration<double, std::micro>(t1 - t0).count());
    model_us.push_back(std::chrono::duration<double, std::micro>(t2 - t1).count());
  }
  std::printf(
      "arithmetic of a decision, 20 agents: model p50 %.1f us; knn over 100,000 outcomes p50 "
      "%.1f us (checksum %.3f)\n",
      median_us(model_us), median_us(knn_us), sink);
}

}  // namespace

int main(int argc, char** argv) {
  const auto wanted = [&](const char* name, bool by_default) {
    for (int i = 1; i < argc; ++i)
      if (std::strcmp(argv[i], name) == 0) return true;
    return argc == 1 && by_default;
  };
  if (wanted("latency", true)) latency();
  const std::string folder = test::shared_folder();
  if (folder.empty()) {
    std::fprintf(stderr, "no data: set RUVECTOR_SHARED\n");
    return 1;
  }
  if (wanted("bandits", true)) bandits(folder);
  if (wanted("routers", true)) routers(folder);
  if (wanted("usps", false)) usps(folder, false);
  if (wanted("usps-low-rank", false)) usps(folder, true);
  return 0;
}
