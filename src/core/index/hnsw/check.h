// Verifies an index: what ruvector_index_check() reports and what tests demand after every sequence
// of operations.
#pragma once

#include <functional>
#include <string>

#include "core/index/hnsw/graph.h"

namespace rv::index::hnsw {

enum class Severity { info, warning, error };

struct Problem {
  Severity severity;
  Block block;
  std::string item;  // "node 17", "record 3", "meta"
  std::string message;
};

// Errors are broken invariants; warnings cost recall or space (nodes that no link leads to, links
// to freed nodes); info is neither.
void check(Graph& graph, const std::function<void(const Problem&)>& report);

}  // namespace rv::index::hnsw
