// Exact softmax attention in blocks (Dao et al. 2022, arXiv:2205.14135): the n x n matrix is never
// held, memory beyond inputs and output is O(n d) for packed copies and O(block) for scores.
#pragma once

#include "core/attention/composition.h"

namespace rv::attention {

struct Blocks {
  std::size_t queries = 64;
  std::size_t keys = 256;
};

// The output of a composition for which blockwise() holds, in float32.
Matrix flash(const Composition& c, Blocks blocks, const Poll& poll);

}  // namespace rv::attention
