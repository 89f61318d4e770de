#include "pg/learning/shared_ring.h"

extern "C" {
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/guc.h"
}

namespace rv::pg::learn {
namespace {

constexpr const char* kName = "ruvector capture";

int slots = 16384;
int queries = 128;
LWLock* lock = nullptr;
void* memory = nullptr;
shmem_startup_hook_type previous_startup = nullptr;

std::size_t ring_bytes() {
  return learning::CaptureRing::bytes(static_cast<std::uint32_t>(slots),
                                      static_cast<std::uint32_t>(queries));
}

void request() {
  RequestAddinShmemSpace(ring_bytes());
  RequestNamedLWLockTranche(kName, 1);
}

void startup() {
  if (previous_startup != nullptr) previous_startup();
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  memory = ShmemInitStruct(kName, ring_bytes(), &found);
  if (!found)
    learning::CaptureRing::create(memory, static_cast<std::uint32_t>(slots),
                                  static_cast<std::uint32_t>(queries));
  lock = &GetNamedLWLockTranche(kName)->lock;
  LWLockRelease(AddinShmemInitLock);
}

}  // namespace

bool has_shared_ring() noexcept { return memory != nullptr; }

std::optional<LockedRing> LockedRing::acquire() {
  if (memory == nullptr) return std::nullopt;
  call([] { LWLockAcquire(lock, LW_EXCLUSIVE); });
  return LockedRing(lock, memory);
}

// Raises only where 200 locks are held already, which no scan does when it ends.
std::optional<LockedRing> LockedRing::try_acquire() noexcept {
  if (memory == nullptr || !LWLockConditionalAcquire(lock, LW_EXCLUSIVE)) return std::nullopt;
  return LockedRing(lock, memory);
}

void request_shared_ring() {
  DefineCustomIntVariable("ruvector.trajectory_buffer",
                          "Sampled scans that shared memory holds until they are written.", nullptr,
                          &slots, 16384, 64, 1 << 20, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "ruvector.audit_buffer", "Queries that shared memory holds until they are audited.",
      "Each takes 16 kB.", &queries, 128, 0, 65536, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
  rv_request_shared_memory(request);
  previous_startup = shmem_startup_hook;
  shmem_startup_hook = startup;
}

}  // namespace rv::pg::learn
