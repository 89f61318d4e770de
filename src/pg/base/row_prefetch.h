// Asks the processor for the next rows of a sequential scan while the current one is worked on.
#pragma once

#include <cstddef>

#include "pg/base/compat.h"

extern "C" {
#include "storage/bufmgr.h"
}

namespace rv::pg {

// A function that is called for row after row sees only its argument, which mostly lies in a shared
// buffer; PostgreSQL touches the next row when it comes to it, and waits for memory at every one.
// Rows of a page lie one below the other, so what is needed next lies below the argument, and after
// the lowest row of the page at the top of the next page. A table that was read in order lies in
// neighbouring buffers; that is taken for granted once it has held. A wrong guess costs a few loads
// that nobody waits for. Rows are needed once: they are not to displace anything in the caches.
class RowPrefetch {
 public:
  void expect_next(const void* data, std::size_t bytes) noexcept {
    const auto* at = static_cast<const char*>(data);
    const char* const pool = BufferBlocks;
    const std::size_t place = static_cast<std::size_t>(at - pool);  // huge when it lies elsewhere
    if (place >= static_cast<std::size_t>(NBuffers) * BLCKSZ) return;
    const char* const page = at - place % BLCKSZ;
    if (page != page_) enter(page, at);
    // The scan has the page pinned; what another session changes on it meanwhile is only a guess.
    const std::ptrdiff_t lowest = reinterpret_cast<const PageHeaderData*>(page)->pd_upper;
    const std::ptrdiff_t here = at - page;
    std::ptrdiff_t wanted =
        here - kAhead - static_cast<std::ptrdiff_t>(bytes < kMost ? bytes : kMost);
    if (wanted < lowest) {
      // What is left of the distance lies on the next page.
      if (follows_ && place / BLCKSZ + 1 < static_cast<std::size_t>(NBuffers)) {
        const std::ptrdiff_t top = BLCKSZ - (lowest - wanted);
        if (next_ == BLCKSZ) {
          rv_prefetch_buffer_descriptor(static_cast<Buffer>(place / BLCKSZ) + 2);
          __builtin_prefetch(page + BLCKSZ);  // header and line pointers
        }
        for (; next_ > top; next_ -= kLine) __builtin_prefetch(page + BLCKSZ + next_ - kLine, 0, 0);
      }
      wanted = lowest;
    }
    if (reach_ > here) reach_ = here;
    for (; reach_ > wanted; reach_ -= kLine) __builtin_prefetch(page + reach_ - kLine, 0, 0);
  }

 private:
  static constexpr std::ptrdiff_t kLine = 64;
  static constexpr std::ptrdiff_t kAhead = 1024;  // and the length of a row
  static constexpr std::size_t kMost = 2048;      // beyond it values are out of line

  void enter(const char* page, const char* at) noexcept {
    follows_ = page_ != nullptr && page == page_ + BLCKSZ;
    reach_ = follows_ && next_ < BLCKSZ ? next_ : at - page;
    next_ = BLCKSZ;
    page_ = page;
  }

  const char* page_ = nullptr;
  std::ptrdiff_t reach_ = 0;      // asked for down to here on this page,
  std::ptrdiff_t next_ = BLCKSZ;  // and on the next one
  bool follows_ = false;
};

}  // namespace rv::pg
