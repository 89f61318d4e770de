// What is known: requests as embeddings, and the quality each agent that was tried had on them.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace rv::routing {

inline constexpr float kUnobserved = std::numeric_limits<float>::quiet_NaN();

struct OutcomeSet {
  std::size_t dim = 0;
  std::size_t agents = 0;
  std::vector<float> embedding;  // rows x dim
  std::vector<float> quality;    // rows x agents, in [0, 1]; NaN: not tried
  std::vector<double> cost;      // rows x agents, USD; NaN: unknown. May be empty.

  std::size_t size() const noexcept { return dim == 0 ? 0 : embedding.size() / dim; }
  std::span<const float> x(std::size_t row) const noexcept {
    return {embedding.data() + row * dim, dim};
  }
  float q(std::size_t row, std::size_t agent) const noexcept {
    return quality[row * agents + agent];
  }
  bool observed(std::size_t row, std::size_t agent) const noexcept {
    return !std::isnan(q(row, agent));
  }
};

}  // namespace rv::routing
