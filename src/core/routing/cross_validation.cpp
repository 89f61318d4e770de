#include "core/routing/cross_validation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/routing/fastgrnn_train.h"
#include "core/routing/knn.h"

namespace rv::routing {
namespace {

constexpr const char* kModelNames[] = {"knn", "ridge", "mf", "fastgrnn"};
constexpr double kPriorOutcomes = 20;

void predict_knn(const OutcomeSet& data, std::span<const std::uint32_t> train,
                 std::span<const std::uint32_t> rows, std::span<const double> prior,
                 const ModelOptions& options, StopProbe stop, std::span<double> out,
                 std::span<double> weight) {
  KnnQuality knn(data.dim, data.agents, options.k);
  for (const std::uint32_t row : train)
    for (std::size_t a = 0; a < data.agents; ++a)
      if (data.observed(row, a)) knn.add(data.x(row), a, data.q(row, a));
  std::vector<Estimate> base(data.agents);
  for (std::size_t a = 0; a < data.agents; ++a)
    base[a] = knn.shrunk_mean(a, prior[a], kPriorOutcomes);
  std::vector<Estimate> e(data.agents);
  for (const std::uint32_t row : rows) {
    if (stop()) throw Stopped{};
    knn.estimate(data.x(row), base, e);
    for (std::size_t a = 0; a < data.agents; ++a) {
      out[row * data.agents + a] = e[a].mean;
      if (!weight.empty()) weight[row * data.agents + a] = e[a].weight;
    }
  }
}

void predict_fastgrnn(const OutcomeSet& data, std::span<const std::uint32_t> train,
                      std::span<const std::uint32_t> rows, std::span<const double> prior,
                      const ModelOptions& options, StopProbe stop, std::span<double> out) {
  FastGrnnTrainer trainer = quality_trainer(data, train, prior, options);
  if (!trainer.run(stop)) throw Stopped{};
  for (const std::uint32_t row : rows) {
    const auto p = trainer.model().probabilities(data.x(row).data(), 1, 1, nullptr);
    for (std::size_t a = 0; a < data.agents; ++a)
      out[row * data.agents + a] = static_cast<double>(p[a]);
  }
}

}  // namespace

ModelKind model_kind_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kModelNames); ++i)
    if (name == kModelNames[i]) return static_cast<ModelKind>(i);
  throw Error(ErrorCode::invalid_argument, "unknown router model \"" + std::string(name) + "\"", {},
              "Use knn, ridge, mf, fastgrnn or auto.");
}

const char* model_kind_name(ModelKind k) noexcept { return kModelNames[static_cast<int>(k)]; }

// Every output needs a target: agents that were not tried on a request are taught their prior.
FastGrnnTrainer quality_trainer(const OutcomeSet& data, std::span<const std::uint32_t> train,
                                std::span<const double> prior, const ModelOptions& options) {
  SequenceSet set;
  set.input = static_cast<int>(data.dim);
  set.classes = static_cast<int>(data.agents);
  std::vector<float> target(data.agents);
  for (const std::uint32_t row : train) {
    for (std::size_t a = 0; a < data.agents; ++a)
      target[a] = data.observed(row, a) ? data.q(row, a) : static_cast<float>(prior[a]);
    set.add(data.x(row).data(), 1, target.data());
  }
  FastGrnnShape shape;
  shape.input = set.input;
  shape.hidden = options.fastgrnn_hidden;
  shape.classes = set.classes;
  shape.head = Head::logistic;
  FastGrnnTraining training;
  training.epochs = options.fastgrnn_epochs;
  MemoryBudget budget(std::size_t{1} << 40, "memory");
  return {shape, std::move(set), training, budget};
}

void fit_predict(ModelKind kind, const OutcomeSet& data, std::span<const std::uint32_t> train,
                 std::span<const std::uint32_t> rows, std::span<const double> prior,
                 const ModelOptions& options, StopProbe stop, std::span<double> out,
                 std::span<double> weight) {
  if (kind == ModelKind::knn)
    return predict_knn(data, train, rows, prior, options, stop, out, weight);
  if (!weight.empty())
    for (const std::uint32_t row : rows)
      std::fill_n(weight.begin() + static_cast<std::ptrdiff_t>(row * data.agents), data.agents,
                  static_cast<double>(train.size()));
  if (kind == ModelKind::fastgrnn)
    return predict_fastgrnn(data, train, rows, prior, options, stop, out);
  bool complete = true;
  const LinearQuality q = kind == ModelKind::ridge
                              ? train_ridge(data, train, options.lambda)
                              : train_matrix_factorisation(data, train, options.mf, stop, complete);
  if (!complete || stop()) throw Stopped{};
  for (const std::uint32_t row : rows)
    for (std::size_t a = 0; a < data.agents; ++a)
      out[row * data.agents + a] = q.predict(data.x(row), a);
}

std::vector<double> cross_predict(ModelKind kind, const OutcomeSet& data, int folds,
                                  std::span<const double> prior, const ModelOptions& options,
                                  StopProbe stop, std::span<double> weight) {
  std::vector<double> out(data.size() * data.agents);
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<std::uint32_t> train;
    std::vector<std::uint32_t> test;
    for (std::uint32_t row = 0; row < data.size(); ++row)
      (mix64(row) % static_cast<unsigned>(folds) == static_cast<unsigned>(fold) ? test : train)
          .push_back(row);
    fit_predict(kind, data, train, test, prior, options, stop, out, weight);
  }
  return out;
}

double progressive_error(ModelKind kind, const OutcomeSet& data, int blocks,
                         std::span<const double> prior, const ModelOptions& options,
                         StopProbe stop) {
  std::vector<double> out(data.size() * data.agents);
  double sum = 0;
  std::size_t terms = 0;
  std::vector<std::uint32_t> all(data.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto parts = static_cast<std::size_t>(blocks);
  for (std::size_t block = 1; block < parts; ++block) {
    const std::size_t from = data.size() * block / parts;
    const std::size_t to = data.size() * (block + 1) / parts;
    if (from == 0 || to == from) continue;
    const std::span<const std::uint32_t> rows(all);
    fit_predict(kind, data, rows.first(from), rows.subspan(from, to - from), prior, options, stop,
                out);
    for (std::size_t row = from; row < to; ++row)
      for (std::size_t a = 0; a < data.agents; ++a)
        if (data.observed(row, a)) {
          const double e = out[row * data.agents + a] - static_cast<double>(data.q(row, a));
          sum += e * e;
          ++terms;
        }
  }
  return terms > 0 ? sum / static_cast<double>(terms) : std::nan("");
}

}  // namespace rv::routing
