#if defined(__x86_64__)
#include <immintrin.h>
#define RV_ARCH xsimd::fma3<xsimd::avx2>
#define RV_TABLE block_avx2
#include "core/attention/block.inc.h"
#endif
