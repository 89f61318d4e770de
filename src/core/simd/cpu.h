// What the levels of the kernels need of the CPU. Apart from distance.h, which the kernel files
// include.
#pragma once

#include <span>

#include "core/simd/distance.h"

namespace rv::simd {

// An instruction set that a level needs beyond those of the lower levels.
struct CpuFeature {
  Level level;
  const char* name;  // as in /proc/cpuinfo, without underscores
  bool (*found)();
};
std::span<const CpuFeature> cpu_features() noexcept;

}  // namespace rv::simd
