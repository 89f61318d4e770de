// Product quantisation: a vector is cut into subspaces, and each part replaced by the number of the
// nearest of 16 or 256 trained centroids (Jegou, Douze, Schmid, PAMI 2011). The plain model, which
// the pq codec and the SQL functions share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/parallel/work.h"
#include "core/quant/codec.h"

namespace rv::quant {

struct Subspace {
  int first;  // dimension
  int size;
};

class ProductModel {
 public:
  // `codebooks` holds for every subspace 2^bits centroids of its size, one subspace after the
  // other: dim * 2^bits floats in all.
  ProductModel(int dim, int subspaces, int bits, std::vector<float> codebooks);

  int dim() const noexcept { return dim_; }
  int subspaces() const noexcept { return subspaces_; }
  int bits() const noexcept { return bits_; }
  int centroids() const noexcept { return 1 << bits_; }
  const std::vector<float>& codebooks() const noexcept { return codebooks_; }
  // Subspaces differ by at most one dimension; the larger ones come first.
  Subspace subspace(int s) const noexcept;
  // Centroid c of subspace s.
  const float* centroid(int s, int c) const noexcept;

  // Numbers, one byte each for 8 bits, two a byte (the lower half first) for 4.
  std::size_t code_bytes() const noexcept;
  void encode(const float* x, std::uint8_t* code) const;
  void decode(const std::uint8_t* code, float* x) const noexcept;
  int number(const std::uint8_t* code, int s) const noexcept;

  // For every byte of a code and every value it may have, its part of the distance to a query:
  // code_bytes() * 256 floats. The sum over a code is the squared distance, the inner product or
  // the L1 distance to the decoded vector.
  enum class Part { squared, product, absolute };
  std::vector<float> table(const float* q, Part part) const;
  void table(const float* q, Part part, std::vector<float>& out) const;
  float sum(const std::vector<float>& table, const std::uint8_t* code) const noexcept;
  // The same for two codes.
  float between(const std::uint8_t* a, const std::uint8_t* b, Part part) const noexcept;

 private:
  // The parts of the distances to all centroids of a subspace; q is the whole vector.
  void parts(const float* q, int s, Part part, float* out) const noexcept;

  int dim_, subspaces_, bits_;
  std::vector<float> codebooks_;
  std::vector<float> columns_;  // each subspace component by component, for vector instructions
};

// Subspaces when none are asked for: 8 dimensions each for 8 bits, 4 for 4 bits.
int default_subspaces(int dim, int bits) noexcept;

// Trains codebooks on `count` vectors; deterministic. With an empty sample the centroids are random
// directions, which is as good as not knowing the data allows.
ProductModel train_product(const float* x, std::size_t count, int dim, int subspaces, int bits,
                           std::uint64_t seed, const Work& work = Work());

}  // namespace rv::quant
