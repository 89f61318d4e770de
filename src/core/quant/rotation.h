// A random rotation in O(n log n): rounds of random signs, a Hadamard transform of the largest
// power-of-two block (its head in even rounds, its tail in odd ones) and a mixing of the two
// halves. An orthogonal map, so lengths and inner products are kept; after four rounds the
// components of any vector are close to independent Gaussians (Ailon and Chazelle, "The fast
// Johnson-Lindenstrauss transform", 2009), which is what fixed quantisation steps need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rv::quant {

class Rotation {
 public:
  // Vectors of `dim` floats are padded with zeros to padded() components, a multiple of 64.
  Rotation(std::size_t dim, std::uint64_t seed);

  std::size_t dim() const noexcept { return dim_; }
  std::size_t padded() const noexcept { return padded_; }
  std::uint64_t seed() const noexcept { return seed_; }

  // x has padded() floats, the last padded() - dim() of them zero.
  void apply(float* x) const;
  // The transposed map.
  void invert(float* x) const;

 private:
  static constexpr int kRounds = 4;

  std::size_t dim_;
  std::size_t padded_;
  std::size_t block_;  // the power of two
  std::uint64_t seed_;
  std::vector<float> signs_;  // kRounds x padded_, scaled by 1 / sqrt(block_) where the block is
};

}  // namespace rv::quant
