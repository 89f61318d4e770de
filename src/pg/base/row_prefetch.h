// Asks the processor for the next row of a sequential scan while the current one is worked on.
#pragma once

#include <cstddef>

#include "pg/base/pg.h"

namespace rv::pg {

// A function that is called for row after row sees only its argument, which mostly lies in a shared
// buffer; PostgreSQL touches the next row when it comes to it, and waits for memory at every one.
// Rows of a page lie one below the other, and a table that was read in order lies in neighbouring
// buffers. Where that has held so far the row at the same place of the next page is asked for, else
// the one below. A wrong guess costs a few loads that nobody waits for; no memory is read.
class RowPrefetch {
 public:
  void expect_next(const void* data, std::size_t bytes) noexcept {
    const auto* at = static_cast<const char*>(data);
    const std::ptrdiff_t step = at - last_;
    last_ = at;
    // Within a page rows go down; up by less than two pages is the top of the next buffer.
    if (step > 0 || step <= -kPage) next_page_follows_ = step > 0 && step < 2 * kPage;
    const auto n = static_cast<std::ptrdiff_t>(bytes < kMostBytes ? bytes : kMostBytes) + kHeader;
    const char* const next = next_page_follows_ ? at + kPage - kHeader : at - n;
    for (std::ptrdiff_t i = 0; i < n; i += kLine) __builtin_prefetch(next + i);
  }

 private:
  static constexpr std::ptrdiff_t kPage = BLCKSZ;
  static constexpr std::ptrdiff_t kLine = 64;
  static constexpr std::ptrdiff_t kHeader = 128;   // of the tuple, and columns before
  static constexpr std::size_t kMostBytes = 2048;  // beyond them values are out of line

  const char* last_ = nullptr;
  bool next_page_follows_ = false;
};

}  // namespace rv::pg
