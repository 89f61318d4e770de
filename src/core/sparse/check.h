// Verifies an index: every page, list, reference and count.
#pragma once

#include <string>
#include <vector>

#include "core/index/page_store.h"
#include "core/sparse/layout.h"

namespace rv::sparse {

struct Finding {
  bool error;  // false: worth knowing, no damage
  Block block;
  std::string message;
};

// Reads the whole index. Damage is a finding, never an exception, but a cancel passes through.
std::vector<Finding> check_index(index::PageStore& store);

}  // namespace rv::sparse
