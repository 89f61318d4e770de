// The only file that asks the CPU what it can do. Compiled with baseline flags.
#include <algorithm>
#include <atomic>

#include "core/simd/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace rv::simd {
namespace {

constinit std::atomic<const Kernels*> active{nullptr};

// Every instruction set that a level is compiled with (flags.cmake, Makefile.pgxs). A level runs
// where its own sets and those of the lower levels are found.
#if defined(__x86_64__)
// Not a name __builtin_cpu_supports knows in every compiler we support.
bool has_f16c() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1u << 29)) != 0;
}

// __builtin_cpu_supports also checks that the operating system saves the registers; it takes
// nothing but literals.
#define RV_CPU(level, set)                                             \
  {                                                                    \
    Level::level, set, [] { return __builtin_cpu_supports(set) != 0; } \
  }
constexpr CpuFeature kFeatures[] = {
    RV_CPU(avx2, "avx2"),
    RV_CPU(avx2, "fma"),
    {Level::avx2, "f16c", has_f16c},
    RV_CPU(avx2, "popcnt"),
    RV_CPU(avx2, "bmi2"),
    RV_CPU(avx512, "avx512f"),
    RV_CPU(avx512, "avx512cd"),
    RV_CPU(avx512, "avx512bw"),
    RV_CPU(avx512, "avx512dq"),
    RV_CPU(avx512, "avx512vl"),
    RV_CPU(avx512vnni, "avx512vnni"),
    RV_CPU(avx512vnni, "avx512vpopcntdq"),
    RV_CPU(avx512vnni, "avx512bitalg"),
};
#undef RV_CPU
#else
constexpr CpuFeature kFeatures[] = {
    {Level::baseline, "neon", [] { return true; }},  // part of every aarch64
};
#endif

}  // namespace

std::span<const CpuFeature> cpu_features() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  return kFeatures;
}

Level cpu_level() noexcept {
#if defined(__x86_64__)
  int best = static_cast<int>(Level::avx512vnni);
  for (const CpuFeature& f : cpu_features())
    if (!f.found()) best = std::min(best, static_cast<int>(f.level) - 1);
  return static_cast<Level>(best);
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
