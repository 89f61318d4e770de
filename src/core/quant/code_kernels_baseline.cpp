// What every CPU of the architecture has.
#define RV_CODE_TABLE baseline_code_kernels
#include "core/quant/code_kernels.inc.h"
