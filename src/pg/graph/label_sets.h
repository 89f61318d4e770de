// The nodes of labels, kept by the session while the graph does not change (quiet_table.h): a label
// is then tested without reading the node's row.
#pragma once

#include <cstdint>
#include <memory>

#include "core/graph/node_set.h"
#include "pg/graph/quiet_table.h"

namespace rv::pg {

struct LabelSet {
  std::shared_ptr<const graph::NodeSet> nodes;  // null until it is made; a query may hold it
  QuietState state;
  std::uint64_t asked = 0;  // tests that a set would have answered, since it was last made
};

// Of a label of a graph, by its table of labels; empty until it is filled. Valid until the next
// message about a changed table.
LabelSet& label_set(Oid node_label_table, std::int32_t label);
// Bytes that the sets of the session may take together: what does not fit is not kept.
inline constexpr std::size_t kLabelSetBytes = std::size_t{64} << 20;
// Makes room for a set of so many bytes by forgetting all others; false: it is too large.
bool make_room_for_label_set(std::size_t bytes);
// Called by PostgreSQL's invalidation: InvalidOid means all tables.
void forget_label_sets(Oid table) noexcept;

}  // namespace rv::pg
