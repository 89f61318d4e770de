// PostgreSQL memory contexts as C++ memory.
#pragma once

#include <memory_resource>
#include <new>
#include <utility>

#include "pg/base/guard.h"

namespace rv::pg {

// std::pmr over a MemoryContext. Never longjmps: out of memory is std::bad_alloc.
// The context must outlive every container that uses it.
class ContextResource final : public std::pmr::memory_resource {
 public:
  explicit ContextResource(MemoryContext context) noexcept : context_(context) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  MemoryContext context_;
};

// A child context that lives as long as the C++ scope.
class ScopedContext {
 public:
  explicit ScopedContext(const char* name)
      : context_(call([name] {
          return AllocSetContextCreateInternal(CurrentMemoryContext, name, ALLOCSET_DEFAULT_SIZES);
        })) {}
  ~ScopedContext() { MemoryContextDelete(context_); }
  ScopedContext(const ScopedContext&) = delete;
  ScopedContext& operator=(const ScopedContext&) = delete;
  MemoryContext get() const noexcept { return context_; }

 private:
  MemoryContext context_;
};

// Builds a T that PostgreSQL owns: its destructor runs when `context` is reset
// or deleted, also when that happens because of an error. For scan->opaque,
// fn_extra and the like. The destructor must not throw or ereport.
template <class T, class... Args>
T* make_owned_by(MemoryContext context, Args&&... args) {
  struct Cell {
    MemoryContextCallback callback;
    alignas(T) unsigned char storage[sizeof(T)];
  };
  static_assert(alignof(Cell) <= MAXIMUM_ALIGNOF);
  auto* cell =
      static_cast<Cell*>(MemoryContextAllocExtended(context, sizeof(Cell), MCXT_ALLOC_NO_OOM));
  if (cell == nullptr) throw std::bad_alloc();
  T* object;
  try {
    object = new (cell->storage) T(std::forward<Args>(args)...);
  } catch (...) {
    pfree(cell);
    throw;
  }
  cell->callback.func = [](void* p) { static_cast<T*>(p)->~T(); };
  cell->callback.arg = object;
  MemoryContextRegisterResetCallback(context, &cell->callback);  // allocates nothing
  return object;
}

}  // namespace rv::pg
