#include "core/graph/block_pool.h"

#include <array>
#include <new>
#include <utility>

namespace rv::graph {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeep = false;
#elif defined(__has_feature)
constexpr bool kKeep = !__has_feature(address_sanitizer);
#else
constexpr bool kKeep = true;
#endif

constexpr std::size_t kStep = 64;
constexpr std::size_t kLargest = 32'768;

struct Free {
  Free* next;
};

struct Pool {
  std::array<Free*, kLargest / kStep> lists;  // by size
  std::size_t bytes;                          // in all of them
  bool watched;                               // they are freed when the thread ends
  bool closed;                                // they were
};
thread_local constinit Pool pool{};

// Apart from the pool, which blocks may still come back to when it has been emptied.
struct AtThreadEnd {
  Pool& of;
  ~AtThreadEnd() {
    of.closed = true;
    of.bytes = 0;
    for (Free*& list : of.lists)
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
  }
};

bool keeps(Pool& p) {
  if (!p.watched) {
    thread_local const AtThreadEnd at_end{p};
    p.watched = true;
  }
  return !p.closed;
}

constexpr std::size_t rounded(std::size_t bytes) {
  return bytes == 0 ? kStep : (bytes + kStep - 1) / kStep * kStep;
}

}  // namespace

const bool keeps_blocks = kKeep;

std::size_t kept_bytes() noexcept { return pool.bytes; }

void* take_block(std::size_t bytes) {
  if (!kKeep || bytes > kLargest) return ::operator new(bytes);
  const std::size_t size = rounded(bytes);
  Pool& p = pool;
  Free*& list = p.lists[size / kStep - 1];
  if (list == nullptr) return ::operator new(size);
  Free* const block = list;
  list = block->next;
  p.bytes -= size;
  return block;
}

void return_block(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  const std::size_t size = rounded(bytes);
  if (!kKeep || bytes > kLargest) return ::operator delete(block);
  Pool& p = pool;
  if (p.bytes + size > kMostKeptBytes || !keeps(p)) return ::operator delete(block);
  Free*& list = p.lists[size / kStep - 1];
  list = new (block) Free{list};
  p.bytes += size;
}

}  // namespace rv::graph
