// ruvector_index_check(): one SQL function for every access method of this library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "access/amapi.h"
#include "utils/rel.h"
}

namespace rv::pg {

struct IndexFinding {
  bool error;  // false: worth knowing, no damage
  std::uint32_t block;
  std::string item;  // what is wrong: a page, a list, a row; may be empty
  std::string message;
};

struct IndexCheckResult {
  std::vector<IndexFinding> findings;
  // Rows that the index holds, as row_number(); wanted for heapallindexed only.
  std::vector<std::uint64_t> rows;
};
inline std::uint64_t row_number(std::uint32_t block, std::uint16_t offset) noexcept {
  return std::uint64_t{block} << 16 | offset;
}

// Reads the whole index. Damage is a finding, not an error.
using IndexChecker = void (*)(Relation index, bool want_rows, IndexCheckResult& out);

// Access methods are told apart by their build callback. Called at library load.
void register_index_checker(ambuild_function build, IndexChecker checker);

}  // namespace rv::pg
