#include "core/sparse/block_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rv::sparse {
namespace {

// Layout: see unpack_bits() in search_loops.inc.h.
void pack(const std::uint16_t* gaps, int bits, std::vector<std::uint8_t>& out) {
  const std::size_t start = out.size();
  out.resize(start + 16 * static_cast<std::size_t>(bits));
  for (std::size_t i = 0; i < kBlockLength; ++i) {
    const std::size_t lane = i % 8, bit = i / 8 * static_cast<std::size_t>(bits);
    const std::uint32_t shifted = static_cast<std::uint32_t>(gaps[i]) << (bit % 16);
    for (std::size_t half = 0; half < 2; ++half) {
      const auto part = static_cast<std::uint16_t>(shifted >> (16 * half));
      if (part == 0) continue;
      std::uint8_t* at = out.data() + start + (bit / 16 + half) * 16 + lane * 2;
      std::uint16_t word;
      std::memcpy(&word, at, 2);
      word = static_cast<std::uint16_t>(word | part);
      std::memcpy(at, &word, 2);
    }
  }
}

template <class T>
void append(std::vector<std::uint8_t>& out, const T& x) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(&x);
  out.insert(out.end(), p, p + sizeof x);
}

// Header and gaps.
void encode_docs(std::span<const std::uint32_t> docs, std::uint8_t largest_code, std::uint8_t form,
                 std::vector<std::uint8_t>& out) {
  const std::size_t n = docs.size();
  std::uint16_t gaps[kBlockLength] = {};
  unsigned all = 0;
  for (std::size_t i = 1; i < n; ++i) {
    gaps[i] = static_cast<std::uint16_t>(docs[i] - docs[i - 1] - 1);
    all |= gaps[i];
  }
  const bool packed = n == kBlockLength;
  const auto bits = static_cast<int>(std::bit_width(all));
  append(out, docs[0]);
  out.push_back(static_cast<std::uint8_t>(n - 1));
  out.push_back(packed ? static_cast<std::uint8_t>(bits) : kVarint);
  out.push_back(largest_code);
  out.push_back(form);
  if (packed) {
    pack(gaps, bits, out);
  } else {
    for (std::size_t i = 1; i < n; ++i) {
      unsigned gap = gaps[i];
      for (; gap >= 0x80; gap >>= 7) out.push_back(static_cast<std::uint8_t>(gap | 0x80));
      out.push_back(static_cast<std::uint8_t>(gap));
    }
  }
}

}  // namespace

void encode_block(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> codes,
                  std::span<const std::uint32_t> escapes, std::vector<std::uint8_t>& out) {
  encode_docs(docs, *std::max_element(codes.begin(), codes.end()), kCodeForm, out);
  out.insert(out.end(), codes.begin(), codes.end());
  for (const std::uint32_t tf : escapes) append(out, tf);
}

void encode_float_block(std::span<const std::uint32_t> docs, std::span<const float> values,
                        std::vector<std::uint8_t>& out) {
  encode_docs(docs, 0, kFloatForm, out);
  for (const float v : values) append(out, v);
}

BlockHead block_head(const std::uint8_t* bytes) noexcept {
  BlockHead head;
  std::memcpy(&head.first, bytes, 4);
  head.count = std::uint32_t{bytes[4]} + 1;
  return head;
}

bool decode_block(std::span<const std::uint8_t> bytes, bool escapes, BlockView& out) {
  if (bytes.size() < kBlockHeader) return false;
  const auto [first, count] = block_head(bytes.data());
  if (count > kBlockLength) return false;
  out.first = first;
  out.count = count;
  const std::uint8_t bits = bytes[5];
  const std::uint8_t *p = bytes.data() + kBlockHeader, *const end = bytes.data() + bytes.size();
  const auto low = static_cast<std::uint16_t>(first);
  if (bits != kVarint) {
    const std::size_t packed = 16 * std::size_t{bits};
    if (bits > 16 || count != kBlockLength || static_cast<std::size_t>(end - p) < packed)
      return false;
    kernels().unpack(p, bits, low, out.docs);
    if (out.docs[0] != low) return false;  // the first gap is none
    p += packed;
  } else {
    std::uint16_t doc = low;
    out.docs[0] = doc;
    for (std::uint32_t i = 1; i < count; ++i) {
      unsigned gap = 0, shift = 0;
      for (;;) {
        if (p == end || shift > 14) return false;
        gap |= (*p & 0x7Fu) << shift;
        if (*p++ < 0x80) break;
        shift += 7;
      }
      doc = static_cast<std::uint16_t>(doc + gap + 1);
      out.docs[i] = doc;
    }
  }
  out.codes = out.values = nullptr;
  out.escapes = end;
  out.escape_count = 0;
  if (bytes[7] == kFloatForm) {
    if (escapes || static_cast<std::size_t>(end - p) < std::size_t{4} * count) return false;
    out.values = p;
    p += std::size_t{4} * count;
    out.size = static_cast<std::size_t>(p - bytes.data());
    return true;
  }
  if (bytes[7] != kCodeForm || static_cast<std::size_t>(end - p) < count) return false;
  out.codes = p;
  p += count;
  out.escapes = p;
  if (escapes)
    out.escape_count = static_cast<std::uint32_t>(std::count(out.codes, out.codes + count, 255));
  if (static_cast<std::size_t>(end - p) < std::size_t{4} * out.escape_count) return false;
  p += std::size_t{4} * out.escape_count;
  out.size = static_cast<std::size_t>(p - bytes.data());
  return true;
}

}  // namespace rv::sparse
