// What every CPU of the architecture has: SSE2 on x86-64, NEON on aarch64.
#if defined(__aarch64__)
#define RV_ARCH xsimd::neon64
#else
#define RV_ARCH xsimd::sse2
#endif
#define RV_TABLE baseline_kernels
#define RV_NAME "baseline"
#include "core/simd/kernels.inc.h"
