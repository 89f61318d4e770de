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

// What a search for the nearest centre may cost.
enum class Search : std::uint8_t {
  exact,
  // Products of bytes tell which few centres are compared exactly. What it returns is seldom not
  // the nearest, and then hardly farther; a quarter of the time with many centres of many
  // dimensions. With few of either it is the exact search.
  fast
};

class NearestCentre {
 public:
  // Keeps a rearranged copy of the `count` centres of `dim` floats.
  NearestCentre(const float* centres, std::size_t count, std::size_t dim, Measure measure,
                Search search = Search::exact);

  // For `rows` vectors the index of the nearest centre (the lowest of equal ones) and, when
  // `distance` is not null, the squared distance or 1 - inner product. One thread; thread-safe.
  void find(const float* x, std::size_t rows, std::uint32_t* nearest, float* distance) const;

  static std::size_t bytes(std::size_t count, std::size_t dim) noexcept;

 private:
  void pack_bytes(const float* centres, std::size_t count);
  void find_fast(const float* x, std::size_t rows, std::uint32_t* nearest, float* distance) const;
  float compare(const float* x, std::size_t centre) const noexcept;

  std::size_t dim_;
  Measure measure_;
  // The middle of the centres: distances are taken around it, so that a large common offset does
  // not drown differences. Empty for directions.
  std::vector<float> origin_;
  std::vector<simd::PackedMatrix> blocks_;
  std::vector<float> norms_;  // squared; empty for directions

  // The fast search: distance = offset + norms of the centre - scale * scale * product of bytes.
  struct ByteBlock {
    std::size_t first, columns;  // columns: a multiple of 64
    std::vector<std::int8_t> packed;
    std::vector<std::int32_t> sums;
    std::vector<float> norms, scales;
  };
  std::size_t padded_ = 0;  // dim_, rounded up for vector instructions; 0: no fast search
  std::vector<ByteBlock> bytes_;
  std::vector<float> centres_;
};

}  // namespace rv::cluster
