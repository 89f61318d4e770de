// Quality models that are one weight vector an agent once trained: ridge regression, and matrix
// factorisation of agents and requests (RouteLLM's router: Ong et al., ICLR 2025, with logistic
// loss), whose product of factors is multiplied out for serving.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/stop.h"
#include "core/routing/outcomes.h"

namespace rv::routing {

struct LinearQuality {
  std::size_t dim = 0;
  std::size_t agents = 0;
  bool logistic = false;
  std::vector<float> weights;  // agents x (dim + 1), the constant's last

  // Predicted quality in [0, 1].
  double predict(std::span<const float> x, std::size_t agent) const noexcept;

  // "RVLQ", version u16, link u16, dim u32, agents u32, f32 weights, CRC-32C; big-endian.
  std::vector<std::byte> encode() const;
  static LinearQuality decode(std::span<const std::byte> bytes);  // XX001
};

// One regression an agent over the rows it was tried on; an agent without any predicts 0.
LinearQuality train_ridge(const OutcomeSet& data, std::span<const std::uint32_t> rows,
                          double lambda = 1.0);

struct MfOptions {
  std::size_t rank = 16;
  int epochs = 30;
  double learning_rate = 0.01;
  double decay = 1e-2;
  std::uint64_t seed = 42;
};
// sigmoid(v_agent . P x + b_agent) by Adam over every observed outcome. Stops early, with what it
// has, when `stop` says so: `complete` tells.
LinearQuality train_matrix_factorisation(const OutcomeSet& data,
                                         std::span<const std::uint32_t> rows,
                                         const MfOptions& options, StopProbe stop, bool& complete);

}  // namespace rv::routing
