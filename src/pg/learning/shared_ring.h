// The shared-memory ring of sampled scans and its lock.
#pragma once

#include <optional>

#include "core/learning/capture_ring.h"
#include "pg/base/guard.h"

extern "C" {
#include "storage/lwlock.h"
}

namespace rv::pg::learn {

// The ring while its lock is held. What runs meanwhile must not ereport.
class LockedRing {
 public:
  // Waits for the lock.
  static std::optional<LockedRing> acquire();
  // Does not wait: nothing when another session holds the lock, or there is no shared ring.
  static std::optional<LockedRing> try_acquire() noexcept;

  LockedRing(LockedRing&& o) noexcept : lock_(o.lock_), ring_(o.ring_) { o.lock_ = nullptr; }
  LockedRing& operator=(LockedRing&&) = delete;
  ~LockedRing() {
    if (lock_ != nullptr) LWLockRelease(lock_);
  }
  learning::CaptureRing* operator->() noexcept { return &ring_; }
  learning::CaptureRing& operator*() noexcept { return ring_; }

 private:
  LockedRing(LWLock* lock, void* memory) noexcept : lock_(lock), ring_(memory) {}
  LWLock* lock_;
  learning::CaptureRing ring_;
};

bool has_shared_ring() noexcept;

// Asks the postmaster for the memory and defines the settings of its size; called while
// shared_preload_libraries are loaded.
void request_shared_ring();

}  // namespace rv::pg::learn
