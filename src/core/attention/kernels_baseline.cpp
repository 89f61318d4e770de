#if defined(__aarch64__)
#define RV_ARCH xsimd::neon64
#else
#define RV_ARCH xsimd::sse2
#endif
#define RV_TABLE block_baseline
#include "core/attention/block.inc.h"
