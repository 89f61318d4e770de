// What a search has seen after its first effort, as numbers that tell how hard the query is.
#pragma once

#include <array>

#include "core/index/hnsw/search.h"

namespace rv::index::hnsw {

// Distances are those of the batch, nearest first; d(i) is the i-th (the last when there are
// fewer), s the scale |d(10)| + |d(1)|:
//   0 log d(10)         1 d(1)/s            2 d(5)/s        3 d(10)/s          4 mean of ten / s
//   5 deviation of ten/s 6 d(last)/s        7 d(middle)/s   8 frontier/s       9 (frontier -
//   d(last))/s
//  10 log hops         11 log distances    12 distances a hop                 13 log batch size
//  14 (d(10) - d(1)) / (d(last) - d(1))
std::array<float, 15> features(const Search& search);

// How far the nearest node that was not followed lies beyond d(10), in units of s: 8 less 3.
inline float margin(const std::array<float, 15>& f) noexcept { return f[8] - f[3]; }

}  // namespace rv::index::hnsw
