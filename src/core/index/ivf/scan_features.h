// What a search has seen after its first lists, as numbers that tell how hard the query is.
#pragma once

#include <array>

#include "core/index/ivf/search.h"

namespace rv::index::ivf {

// c(i) is the distance of the i-th nearest centre (the last when there are fewer), s = |c(1)| +
// |c(32)|; d(i) the i-th smallest bound of the candidates seen, t = |d(1)| + |d(10)|:
//   0 log |c(1)|   1 c(1)/s   2 c(2)/s   3 c(4)/s   4 c(8)/s   5 c(16)/s   6 c(32)/s
//   7 d(1)/t       8 d(5)/t   9 d(10)/t  10 deviation of the ten / t
//  11 (c(next) - d(10)) / (|c(next)| + t): how far the next list's centre is beyond them
//  12 log candidates         13 log lists                        14 d(middle)/t
std::array<float, 15> features(const Search& search);

}  // namespace rv::index::ivf
