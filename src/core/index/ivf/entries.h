// Adding and removing entries of an index in use.
#pragma once

#include <functional>

#include "core/index/ivf/index.h"

namespace rv::index::ivf {

// Puts a vector into its list. Any number of backends may do this at the same time.
void insert(PageStore& store, const Description& index, const float* x, RowId row);

struct RemoveResult {
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;
};
// Removes all entries whose row `dead` says is dead, and remembers where there is room. One at a
// time for an index. `poll` is called for every page, with nothing locked.
RemoveResult remove(PageStore& store, const Description& index,
                    const std::function<bool(RowId)>& dead, const std::function<void()>& poll);

}  // namespace rv::index::ivf
