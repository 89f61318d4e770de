// The links of one part of a large build: united with those that its nodes have from other parts.
#pragma once

#include <vector>

#include "core/index/hnsw/graph.h"
#include "core/index/hnsw/level_graph.h"

namespace rv::index::hnsw {

// `ids` are the nodes that stand at the graph's positions, ascending; `codes` theirs. Their pages
// must not be in use by others.
void write_part_links(PageStore& store, const Geometry& geometry, const quant::Codec& codec,
                      const CodeArray& codes, const std::vector<NodeId>& ids,
                      const LevelGraph& graph, const Work& work);

}  // namespace rv::index::hnsw
