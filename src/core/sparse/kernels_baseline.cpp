// Inverted-index loops for the baseline of the architecture.
#define RV_TABLE baseline_kernels
#include "core/sparse/search_loops.inc.h"
