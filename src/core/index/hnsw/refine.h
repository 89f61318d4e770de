// Better candidates for a level's links where the partition finds too few of the true neighbours.
#pragma once

#include <memory>
#include <vector>

#include "core/index/hnsw/level_graph.h"
#include "core/index/hnsw/pair_table.h"

namespace rv::index::hnsw {

// The share of the ten nearest of some members that is among their candidates, measured by
// comparing these members with all. 1 for very few members.
double found_share(const quant::Codec& codec, const CodeArray& codes,
                   const std::vector<std::uint32_t>& members, PairTable& candidates,
                   const Work& work);

// For each member the `room` nearest among its neighbours and theirs, as in NN-descent (Dong et
// al., WWW 2011).
std::unique_ptr<PairTable> neighbours_of_neighbours(const quant::Codec& codec,
                                                    const CodeArray& codes,
                                                    const std::vector<std::uint32_t>& members,
                                                    std::size_t room, const Work& work,
                                                    const LevelGraph& graph);

}  // namespace rv::index::hnsw
