// Links between distant parts of a level.
//
// A partition links what is near; where the data falls into separate clusters it links nothing
// else, and a search that starts in the wrong one stays there. So a random sample of members, the
// hubs, gets links among itself at every scale: for each power of two one hub of about that rank by
// distance. With such links greedy search finds any place in a logarithmic number of steps
// (Kleinberg, "The small-world phenomenon", STOC 2000).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/index/hnsw/partition.h"

namespace rv::index::hnsw {

// Positions of the hubs among n members, ascending; at most 1000.
std::vector<std::uint32_t> choose_hubs(std::size_t n, std::uint64_t seed);

// For each hub the positions that it is to link to, the farthest first, at most half the degree.
std::vector<std::vector<std::uint32_t>> far_links(const quant::Codec& codec, const CodeArray& codes,
                                                  const std::vector<std::uint32_t>& members,
                                                  const std::vector<std::uint32_t>& hubs,
                                                  int degree, std::uint64_t seed, const Work& work);

// Adds far links to a list with room for `degree`; they replace what is farthest among the near
// ones when it is full. Returns the new count.
std::size_t add_far_links(const std::vector<std::uint32_t>& far, std::uint32_t* links,
                          std::size_t count, std::size_t degree);

}  // namespace rv::index::hnsw
