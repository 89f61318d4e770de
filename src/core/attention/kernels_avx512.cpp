#if defined(__x86_64__)
#include <immintrin.h>
#define RV_ARCH xsimd::avx512bw
#define RV_TABLE block_avx512
#include "core/attention/block.inc.h"
#endif
