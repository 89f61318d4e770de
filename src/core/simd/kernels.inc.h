// Body of every kernels_<level>.cpp. The including file has defined RV_ARCH (an xsimd
// architecture), RV_TABLE and RV_NAME, and is compiled with the matching -m flags.
//
// Everything is templated on the architecture or in an unnamed namespace: nothing here may become
// a COMDAT shared between levels, or the linker could keep an AVX-512 copy for every CPU. So: no
// standard containers or algorithms, no Eigen, no exceptions.
// test/tools/check_kernel_symbols.sh checks the object files.
#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/simd/distance.h"
// The order matters: half uses float32's loops.
#include "core/simd/bits.inc.h"
#include "core/simd/float32.inc.h"
#include "core/simd/half.inc.h"
#include "core/simd/int8.inc.h"
#include "core/simd/matrix.inc.h"

namespace rv::simd::detail {

extern const Kernels RV_TABLE;
constinit const Kernels RV_TABLE = {RV_NAME,
                                    l2_squared,
                                    inner_product,
                                    l1,
                                    cosine_sums,
                                    half_l2_squared,
                                    half_inner_product,
                                    half_l1,
                                    half_cosine_sums,
                                    mixed_l2_squared,
                                    mixed_inner_product,
                                    int8_l2_squared,
                                    int8_inner_product,
                                    uint8_int8_inner_product,
                                    hamming,
                                    overlap,
                                    half_to_float,
                                    float_to_half,
                                    matrix_kernels};

}  // namespace rv::simd::detail
