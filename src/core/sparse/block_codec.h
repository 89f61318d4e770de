// Blocks of postings: ascending documents of one window with an 8-bit code each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/sparse/kernels.h"
#include "core/sparse/layout.h"

namespace rv::sparse {

// Appends a block of n (1 to 128) postings. `escapes` are the frequencies behind codes of 255 in a
// BM25 index, empty otherwise.
void encode_block(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> codes,
                  std::span<const std::uint32_t> escapes, std::vector<std::uint8_t>& out);

// The same with the values themselves.
void encode_float_block(std::span<const std::uint32_t> docs, std::span<const float> values,
                        std::vector<std::uint8_t>& out);

struct BlockView {
  std::uint32_t first;  // document
  std::uint32_t count;
  std::uint16_t docs[kBlockLength];  // low 16 bits
  const std::uint8_t* codes;         // null: the block has values
  const std::uint8_t* values;        // unaligned floats; null: the block has codes
  const std::uint8_t* escapes;       // unaligned u32s
  std::uint32_t escape_count;
  std::size_t size;  // bytes of the block

  std::uint32_t window() const noexcept { return first / kWindow; }
  std::uint32_t doc(std::size_t i) const noexcept { return (first & ~(kWindow - 1)) | docs[i]; }
};

// Decodes the block at the start of `bytes`; false when there is none that fits in them. With
// `escapes`, codes of 255 have a frequency behind them.
bool decode_block(std::span<const std::uint8_t> bytes, bool escapes, BlockView& out);

// The first document and the count, without decoding.
struct BlockHead {
  std::uint32_t first;
  std::uint32_t count;
};
BlockHead block_head(const std::uint8_t* bytes) noexcept;

}  // namespace rv::sparse
