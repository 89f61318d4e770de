#if defined(__x86_64__)
#define RV_TABLE avx2_kernels
#include "core/sparse/search_loops.inc.h"
#endif
