#include "core/index/hnsw/code_table.h"

#include <cstring>

#include "core/base/rng.h"

namespace rv::index::hnsw {

std::uint64_t hash_code(const std::byte* code, std::size_t bytes) noexcept {
  std::uint64_t h = bytes;
  std::size_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, code + i, 8);
    h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 29;
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, code + i, bytes - i);
  return mix64(h ^ rest);
}

std::uint32_t CodeTable::enter(std::uint64_t hash) {
  if ((hashes_.size() + 1) * 2 > table_.size()) grow();
  const std::size_t mask = table_.size() - 1;
  const std::byte* code = codes_[codes_.size() - 1];
  std::size_t i = hash & mask;
  for (; table_[i] != 0; i = (i + 1) & mask) {
    const std::uint32_t other = table_[i] - 1;
    if (hashes_[other] == hash && std::memcmp(codes_[other], code, codes_.code_bytes()) == 0)
      return other;
  }
  hashes_.push_back(hash);
  table_[i] = static_cast<std::uint32_t>(hashes_.size());
  return table_[i] - 1;
}

void CodeTable::grow() {
  table_.assign(table_.size() * 2, 0);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t node = 0; node < hashes_.size(); ++node) {
    std::size_t i = hashes_[node] & mask;
    while (table_[i] != 0) i = (i + 1) & mask;
    table_[i] = static_cast<std::uint32_t>(node + 1);
  }
}

}  // namespace rv::index::hnsw
