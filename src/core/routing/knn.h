// Quality of an agent on a request, from the nearest requests it was tried on.
//
// An agent's outcomes on the k nearest requests, weighted by cosine similarity to the fourth power,
// shrunk towards the agent's mean. Up to kExact rows every row is looked at; above, rows lie in
// inverted lists (k-means) and only the nearest lists are read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/stop.h"
#include "core/routing/outcomes.h"

namespace rv::routing {

struct Estimate {
  double mean = 0;
  double weight = 0;  // of the evidence, in outcomes
};

class KnnQuality {
 public:
  static constexpr std::size_t kExact = 4096;

  KnnQuality(std::size_t dim, std::size_t agents, std::size_t k = 100);

  // One outcome. Rows of zero length are kept out of the neighbours but count for the mean.
  void add(std::span<const float> x, std::size_t agent, float quality);
  // Sorts rows into lists when there are enough; call after bulk loading. add() keeps them up.
  void build_lists();
  // Estimates for every agent, out[agents]; `base` is what is known of each without the neighbours.
  void estimate(std::span<const float> x, std::span<const Estimate> base,
                std::span<Estimate> out) const;
  // An agent's mean quality over everything added, shrunk to `prior` with `weight` outcomes.
  Estimate shrunk_mean(std::size_t agent, double prior, double weight) const noexcept;

  std::size_t size() const noexcept { return agent_.size(); }
  std::size_t dim() const noexcept { return dim_; }
  std::size_t lists() const noexcept { return list_.size(); }

 private:
  std::size_t nearest_list(const float* x) const;
  void sort_by_list();
  void candidates(const float* unit, std::vector<std::uint32_t>& rows) const;

  std::size_t dim_, agents_, k_;
  std::vector<float> unit_;  // rows x dim, of length 1
  std::vector<std::uint32_t> agent_;
  std::vector<float> quality_;
  std::vector<double> sum_, count_;  // per agent
  std::vector<float> centre_;
  std::vector<std::vector<std::uint32_t>> list_;
};

}  // namespace rv::routing
