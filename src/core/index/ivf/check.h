// Verifies an index: every page belongs to one part, every list's chain is whole, every entry can
// be read.
#pragma once

#include <functional>
#include <string>

#include "core/index/ivf/index.h"

namespace rv::index::ivf {

struct Finding {
  Block block;
  int item;  // entry on the page, -1: the page
  std::string message;
  bool warning = false;  // space is wasted, nothing is lost
};
using Report = std::function<void(const Finding&)>;

struct Totals {
  std::uint64_t entries = 0;
  std::uint64_t pages = 0;  // of lists
  std::uint64_t empty_lists = 0;
  std::uint64_t largest_list = 0;
};

// Reports what is wrong and goes on. `row` is called with every entry's row. Runs beside inserts
// and scans; a vacuum at the same time is allowed too.
Totals check(PageStore& store, const Report& report, const std::function<void(RowId)>& row);

}  // namespace rv::index::ivf
