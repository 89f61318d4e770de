// A document as it enters the index.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sparse/layout.h"

namespace rv::sparse {

// A value is a float's bits (inner product, cosine) or a term frequency (BM25).
struct Term {
  std::string_view key;
  std::uint32_t value;
};

struct Document {
  Row row{0, 0, RowKind::plain};
  std::uint32_t length = 0;  // BM25: the sum of the term frequencies
  std::vector<Term> terms;   // ascending by key, each once
};

inline float weight_of(std::uint32_t value) noexcept { return std::bit_cast<float>(value); }
inline std::uint32_t value_of(float weight) noexcept {
  return std::bit_cast<std::uint32_t>(weight);
}

// The key of a vector's index: big-endian, so that keys sort as indices do.
struct IndexKey {
  explicit IndexKey(std::uint32_t i) noexcept
      : bytes{static_cast<char>(i >> 24), static_cast<char>(i >> 16), static_cast<char>(i >> 8),
              static_cast<char>(i)} {}
  std::string_view view() const noexcept { return {bytes, 4}; }
  char bytes[4];
};

}  // namespace rv::sparse
