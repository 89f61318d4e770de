#include "pg/base/memory.h"

namespace rv::pg {

// palloc aligns to MAXALIGN (8 bytes). Wider requests (SIMD rows) are
// over-allocated and the original pointer is kept just below the block.
void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  const bool wide = alignment > MAXIMUM_ALIGNOF;
  const std::size_t extra = wide ? alignment + sizeof(void*) : 0;
  // Beyond MaxAllocHugeSize even MCXT_ALLOC_NO_OOM would ereport.
  if (bytes > MaxAllocHugeSize - extra) throw std::bad_alloc();
  void* raw =
      MemoryContextAllocExtended(context_, bytes + extra, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
  if (raw == nullptr) throw std::bad_alloc();
  if (!wide) return raw;
  auto at =
      (reinterpret_cast<std::uintptr_t>(raw) + sizeof(void*) + alignment - 1) & ~(alignment - 1);
  reinterpret_cast<void**>(at)[-1] = raw;
  return reinterpret_cast<void*>(at);
}

void ContextResource::do_deallocate(void* p, std::size_t, std::size_t alignment) {
  pfree(alignment > MAXIMUM_ALIGNOF ? static_cast<void**>(p)[-1] : p);
}

}  // namespace rv::pg
