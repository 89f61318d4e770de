// The nearest of many centres for many vectors, by matrix products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/simd/matrix.h"

namespace rv::cluster {

enum class Measure : std::uint8_t {
  euclidean,  // smallest squared distance
  direction   // largest inner product; centres and vectors of length one
};

class NearestCentre {
 public:
  // Keeps a rearranged copy of the `count` centres of `dim` floats.
  NearestCentre(const float* centres, std::size_t count, std::size_t dim, Measure measure);

  // For `rows` vectors the index of the nearest centre (the lowest of equal ones) and, when
  // `distance` is not null, the squared distance or 1 - inner product. One thread; thread-safe.
  void find(const float* x, std::size_t rows, std::uint32_t* nearest, float* distance) const;

  static std::size_t bytes(std::size_t count, std::size_t dim) noexcept;

 private:
  std::size_t dim_;
  Measure measure_;
  // The middle of the centres: distances are taken around it, so that a large common offset does
  // not drown differences. Empty for directions.
  std::vector<float> origin_;
  std::vector<simd::PackedMatrix> blocks_;
  std::vector<float> norms_;  // squared; empty for directions
};

}  // namespace rv::cluster
