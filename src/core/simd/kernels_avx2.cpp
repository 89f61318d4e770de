#if defined(__x86_64__)
#define RV_ARCH xsimd::fma3<xsimd::avx2>
#define RV_TABLE avx2_kernels
#define RV_NAME "avx2"
#include "core/simd/kernels.inc.h"
#endif
