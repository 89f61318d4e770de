// Quantised vectors and codebooks as values that stand in tables: quantvec and pqcodebook.
//
// Both are kept as they travel, big-endian, so that reading, sending and printing them is copying.
//
//   quantvec    uint8 version = 1, uint8 kind, uint8 bits, uint8 0, int32 dim, then
//     kind 1    (scalar)   float low, float step, dim bytes c:   x = low + step * c
//     kind 4    (product)  int32 subspaces, uint64 codebook, the numbers (ProductModel's code)
//   pqcodebook  uint8 version = 1, uint8 bits, uint16 0, int32 dim, int32 subspaces, uint64 id,
//               dim * 2^bits floats;  id is a hash of all that
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/quant/product.h"

namespace rv::quant {

// The distances that SQL functions name.
enum class VectorDistance { l2, inner_product, cosine, l1 };
// "l2", "inner_product", "cosine", "l1"; 22023 for others.
VectorDistance distance_by_name(std::string_view name);

struct QuantvecView {
  CodecKind kind;
  int bits;
  int dim;
  float low, step;         // scalar
  int subspaces;           // product
  std::uint64_t codebook;  // product
  std::span<const std::uint8_t> code;
};
// Checks everything (22000).
QuantvecView view_quantvec(std::span<const std::byte> value);

// Eight bits a dimension between the smallest and the largest element.
std::vector<std::byte> quantize_scalar(const float* x, int dim);

// A codebook ready for use.
class Codebook {
 public:
  explicit Codebook(ProductModel model);
  static Codebook read(std::span<const std::byte> value);  // 22000
  std::vector<std::byte> write() const;

  const ProductModel& model() const noexcept { return model_; }
  std::uint64_t id() const noexcept { return id_; }
  std::vector<std::byte> quantize(const float* x, int dim) const;  // 22000: other dimensions
  // Raises 22023 when the code was made with another codebook.
  void check(const QuantvecView& code) const;

 private:
  ProductModel model_;
  std::uint64_t id_;
};

// What was quantised, approximately: dim floats. The codebook is for codes of kind pq.
void dequantize(const QuantvecView& value, const Codebook* codebook, float* out);

double vector_distance(VectorDistance distance, const float* a, const float* b, int dim) noexcept;

}  // namespace rv::quant
