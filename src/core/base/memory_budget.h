// An explicit byte budget. Memory that does not come from PostgreSQL is invisible to work_mem and
// maintenance_work_mem, so whoever allocates much of it charges it here first.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "core/base/error.h"

namespace rv {

class MemoryBudget {
 public:
  // `name` is the setting that gave the limit; it appears in the error.
  MemoryBudget(std::size_t limit, const char* name) noexcept : limit_(limit), name_(name) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Reserves bytes; false (and nothing reserved) when that would pass the limit. Thread-safe.
  bool try_charge(std::size_t bytes) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    std::size_t top = peak_.load(std::memory_order_relaxed);
    while (top < used + bytes &&
           !peak_.compare_exchange_weak(top, used + bytes, std::memory_order_relaxed)) {
    }
    return true;
  }

  // As try_charge, but raises 53200 naming the need, the limit and the setting.
  void charge(std::size_t bytes) {
    if (try_charge(bytes)) return;
    throw Error(ErrorCode::out_of_memory,
                "memory required is " + megabytes(used() + bytes) + " MB, " + name_ + " is " +
                    megabytes(limit_) + " MB",
                {}, std::string("Increase ") + name_ + ".");
  }

  void release(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }
  const char* name() const noexcept { return name_; }

 private:
  static std::string megabytes(std::size_t bytes) { return std::to_string((bytes >> 20) + 1); }

  std::size_t limit_;
  const char* name_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> peak_{0};
};

}  // namespace rv
