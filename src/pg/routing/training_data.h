// The logged outcomes as the core's set of rows, one a request.
#pragma once

#include <string>
#include <vector>

#include "core/routing/cross_validation.h"
#include "core/routing/outcomes.h"
#include "pg/base/spi.h"

namespace rv::pg::route {

struct TrainingData {
  routing::OutcomeSet set;
  std::vector<std::string> agents;
  std::vector<double> prior;           // their stated quality
  std::vector<std::int64_t> decision;  // the log's id of each row
};

// Rows of the dimension that the newest one has; `least` rows or 55000. With `only_complete` only
// requests on which every active agent was tried, with known costs.
TrainingData read_training_data(SqlSession& sql, std::size_t least, bool only_complete);

// The kind the router predicts with now: that of its active model, or knn.
routing::ModelKind kind_in_use(SqlSession& sql, const std::string& router);

}  // namespace rv::pg::route
