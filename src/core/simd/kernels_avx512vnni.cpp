#if defined(__x86_64__)
#define RV_ARCH xsimd::avx512bw
#define RV_TABLE avx512vnni_kernels
#define RV_NAME "avx512vnni"
#include "core/simd/kernels.inc.h"
#endif
