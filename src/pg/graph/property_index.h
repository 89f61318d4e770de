// Property and vector indexes of a graph, read from the definitions of the tables' indexes: btree
// over ruvector_graph_sort_key(properties, 'key'), ... or any access method over
// ruvector_property_vector(properties, 'key'), for the rows of one label or type.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/graph/catalog.h"

namespace rv::pg {

struct PropertyIndex {
  Oid index = InvalidOid;
  bool on_relationships = false;
  bool unique = false;
  bool vector = false;
  int32 label = 0;  // or relationship type
  std::vector<std::string> keys;
  std::string name;
  std::string order_operator;  // of a vector index: "<=>" ...
  int dimensions = -1;         // of a vector index
};

// All that can be used now. Remembered for the session until a table's indexes change.
const std::vector<PropertyIndex>& property_indexes(const GraphTables& tables,
                                                   bool on_relationships);
// Those of both tables that keep values in order, nodes' first; the same list as long as there is
// no news of any relation.
std::shared_ptr<const std::vector<PropertyIndex>> ordered_indexes(const GraphTables& tables);

// The label or type of the rows that an index is for, when its predicate is
// ruvector_graph_has_label(labels, 7), by that very function, or type = 7. Inside call().
bool name_of_predicate(List* predicate, int32* name);

// Estimated number of distinct keys, at least 1; from ANALYZE, else from the estimated number of
// nodes or relationships that have the index's label or type.
double distinct_keys(const PropertyIndex& index, double indexed);

}  // namespace rv::pg
