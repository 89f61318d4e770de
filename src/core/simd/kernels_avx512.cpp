#if defined(__x86_64__)
#define RV_ARCH xsimd::avx512bw
#define RV_TABLE avx512_kernels
#define RV_NAME "avx512"
#include "core/simd/kernels.inc.h"
#endif
