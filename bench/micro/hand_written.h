// Hand-written intrinsics, to compare our kernels with. Null where the CPU lacks the instructions.
#pragma once

#include <cstddef>

namespace rv::bench {

using FloatKernel = float (*)(const float*, const float*, std::size_t);

struct HandWritten {
  FloatKernel l2_squared;
  FloatKernel inner_product;
};

HandWritten hand_written_avx2();
HandWritten hand_written_avx512();

}  // namespace rv::bench
