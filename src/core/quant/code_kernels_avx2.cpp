#if defined(__x86_64__)
#define RV_CODE_TABLE avx2_code_kernels
#include "core/quant/code_kernels.inc.h"
#endif
