// The only file that asks the CPU what it can do. Compiled with baseline flags.
#include <atomic>

#include "core/simd/distance.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace rv::simd {
namespace {

constinit std::atomic<const Kernels*> active{nullptr};

#if defined(__x86_64__)
// Not a name __builtin_cpu_supports knows in every compiler we support.
bool has_f16c() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1u << 29)) != 0;
}
#endif

}  // namespace

Level cpu_level() noexcept {
#if defined(__x86_64__)
  // __builtin_cpu_supports also checks that the operating system saves the registers.
  __builtin_cpu_init();
  if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi2") && has_f16c()))
    return Level::baseline;
  if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")))
    return Level::avx2;
  if (!(__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("avx512bitalg")))
    return Level::avx512;
  return Level::avx512vnni;
#else
  return Level::baseline;
#endif
}

const char* level_name(Level level) noexcept { return kernels(level).name; }

const Kernels& kernels(Level level) noexcept {
#if defined(__x86_64__)
  switch (level) {
    case Level::avx512vnni:
      return detail::avx512vnni_kernels;
    case Level::avx512:
      return detail::avx512_kernels;
    case Level::avx2:
      return detail::avx2_kernels;
    case Level::baseline:
      break;
  }
#else
  (void)level;
#endif
  return detail::baseline_kernels;
}

Level active_level() noexcept {
  const Kernels* k = &kernels();
  for (int l = kLevels - 1; l > 0; --l)
    if (k == &kernels(static_cast<Level>(l))) return static_cast<Level>(l);
  return Level::baseline;
}

void select_level(Level level) noexcept {
  if (level > cpu_level()) level = cpu_level();
  active.store(&kernels(level), std::memory_order_relaxed);
}

const Kernels& kernels() noexcept {
  const Kernels* k = active.load(std::memory_order_relaxed);
  if (k == nullptr) {
    select_level(cpu_level());
    k = active.load(std::memory_order_relaxed);
  }
  return *k;
}

}  // namespace rv::simd
