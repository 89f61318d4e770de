// Commands on the schema of a graph: indexes and constraints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/value.h"

namespace rv::graph {

struct SchemaCommand {
  enum class What : std::uint8_t {
    create_index,
    create_vector_index,
    drop_index,
    show_indexes,
    create_constraint,
    drop_constraint,
    show_constraints,
  };
  enum class Constraint : std::uint8_t {
    unique,    // REQUIRE ... IS UNIQUE
    not_null,  // REQUIRE n.p IS NOT NULL
    node_key,  // REQUIRE (...) IS NODE KEY: unique and not null
    of_type,   // REQUIRE n.p IS :: INTEGER
  };
  What what = What::create_index;
  std::string name;            // empty: the store chooses one
  bool if_not_exists = false;  // create
  bool if_exists = false;      // drop
  bool on_relationships = false;
  std::string label;              // or relationship type
  std::vector<std::string> keys;  // property keys in order
  Constraint constraint = Constraint::unique;
  std::string type;  // of_type: the Cypher type as written, upper case
  Value options;     // a map or null: what stands behind OPTIONS
};

}  // namespace rv::graph
