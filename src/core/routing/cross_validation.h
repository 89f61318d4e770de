// Predictions for rows a model was not trained on, and the choice between kinds of model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/stop.h"
#include "core/routing/fastgrnn_train.h"
#include "core/routing/linear_quality.h"
#include "core/routing/outcomes.h"

namespace rv::routing {

enum class ModelKind : unsigned char { knn, ridge, mf, fastgrnn };
ModelKind model_kind_of(std::string_view name);  // 22023
const char* model_kind_name(ModelKind k) noexcept;

struct ModelOptions {
  std::size_t k = 100;
  double lambda = 1.0;
  MfOptions mf;
  int fastgrnn_hidden = 32;
  int fastgrnn_epochs = 30;
};

// Trains `kind` on `train` and writes predictions for `rows` into out[row * agents + agent], and
// into `weight`, unless it is empty, the outcomes each rests on. `prior` is each agent's stated
// quality. Throws Stopped when `stop` says so.
struct Stopped {};
void fit_predict(ModelKind kind, const OutcomeSet& data, std::span<const std::uint32_t> train,
                 std::span<const std::uint32_t> rows, std::span<const double> prior,
                 const ModelOptions& options, StopProbe stop, std::span<double> out,
                 std::span<double> weight = {});

// A FastGRNN that learns every agent's quality on a request as a sequence of one step.
FastGrnnTrainer quality_trainer(const OutcomeSet& data, std::span<const std::uint32_t> train,
                                std::span<const double> prior, const ModelOptions& options);

// k-fold predictions of every row; row r is in fold mix64(r) % folds.
std::vector<double> cross_predict(ModelKind kind, const OutcomeSet& data, int folds,
                                  std::span<const double> prior, const ModelOptions& options,
                                  StopProbe stop, std::span<double> weight = {});

// Mean squared error of predicting each of the last blocks of rows from those before it, rows in
// the order they were observed in (progressive validation, Blum et al., COLT 1999).
double progressive_error(ModelKind kind, const OutcomeSet& data, int blocks,
                         std::span<const double> prior, const ModelOptions& options,
                         StopProbe stop);

}  // namespace rv::routing
