// Finds equal codes: equal vectors become one node with several rows.
#pragma once

#include <cstdint>
#include <vector>

#include "core/index/hnsw/partition.h"

namespace rv::index::hnsw {

std::uint64_t hash_code(const std::byte* code, std::size_t bytes) noexcept;

class CodeTable {
 public:
  explicit CodeTable(const CodeArray& codes) : codes_(codes), table_(1024) {}
  // Enters the last code of the array, whose hash is given. Returns its number, or that of an equal
  // one that was entered before; then the caller drops the code again.
  std::uint32_t enter(std::uint64_t hash);
  void clear() noexcept {
    table_ = {};
    hashes_ = {};
  }

 private:
  void grow();

  const CodeArray& codes_;
  std::vector<std::uint32_t> table_;  // code + 1
  std::vector<std::uint64_t> hashes_;
};

}  // namespace rv::index::hnsw
