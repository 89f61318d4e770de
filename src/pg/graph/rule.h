// CHECK constraints of a graph's tables that declare properties: types and presence.
#pragma once

#include <string>
#include <vector>

#include "pg/graph/catalog.h"

namespace rv::pg {

struct PropertyRule {
  std::string name;  // of the constraint
  bool on_relationships = false;
  int32 label = 0;  // or relationship type
  struct Key {
    std::string key;
    std::string type;  // as declared, empty for presence alone
  };
  std::vector<Key> keys;
};

// The rules of a graph, in the order of their names; constraints of another form are left out.
std::vector<PropertyRule> property_rules(const GraphTables& tables);

}  // namespace rv::pg
