// Random weights for types that need some: Glorot uniform, the same for a seed on every machine.
#pragma once

#include <cstdint>

#include "core/attention/types.h"

namespace rv::attention {

// Adds the weights of the type to `params`. Their sizes come from parameters that are only for this
// and are taken out: dim (required), hidden, head_dim, num_experts, num_seeds, rows, memory.
// 22023 for types that have no weights of a size known beforehand.
void initialise(const TypeInfo& type, Params& params, std::uint64_t seed);

}  // namespace rv::attention
