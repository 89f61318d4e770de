// Links that lead to every node. A node chooses its neighbours, but whether they choose it too is
// theirs to say: one whose neighbours all have better ones is linked from nowhere, and no search
// finds it however near it is. In trees and other data of low dimension that is every twentieth.
#pragma once

#include "core/index/hnsw/graph.h"
#include "core/index/hnsw/level_graph.h"

namespace rv::index::hnsw {

// Gives every live node of level 0 that fewer than `least` links lead to links from the nodes it
// chose, nearest first: in a free place, or instead of one that leads to the node which most others
// lead to. For a graph that nobody else reads or changes, at the end of a build. Deterministic.
// Returns how many links were set.
std::size_t link_unreached(Graph& graph, int least);
// The same for a level that is not written yet; it sets the same links.
std::size_t link_unreached(LevelGraph& graph, int least);

}  // namespace rv::index::hnsw
