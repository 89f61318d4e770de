// The SQL text that makes a graph, its labels and its types; run with run_sql().
#pragma once

#include <string>
#include <string_view>

#include "core/graph/map/property_map.h"

namespace rv::pg {

// `extension`: the quoted schema of cypher_map and the functions.
std::string create_graph_sql(std::string_view graph, const std::string& extension);

// Statements that declare properties (name -> type text) of a label or type and make a view of it:
// a CHECK constraint for each property, named "label.property". `taken`: a relation of the
// schema already has the label's name, so that the view needs another.
std::string declare_sql(std::string_view graph, const std::string& extension, bool is_type,
                        std::string_view name, int id, const graph::MapView& properties,
                        bool taken);

}  // namespace rv::pg
