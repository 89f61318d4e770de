// Labels and relationship types of a graph, both ways, and the property keys of this session.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/map/property_codec.h"
#include "pg/graph/catalog.h"

namespace rv::pg {

// The session's property keys. Keys are stored as text, so their numbers need no table.
graph::KeyTable& session_keys();

// The names of one query. Committed names are also remembered for the session: they never change.
class GraphNames {
 public:
  explicit GraphNames(const GraphTables& tables);
  graph::NameId find(bool is_type, std::string_view name);
  graph::NameId intern(bool is_type, std::string_view name);
  std::string_view name(bool is_type, graph::NameId id);
  std::vector<graph::NameId> all(bool is_type);
  std::size_t count(bool is_type);  // of the names known without looking

 private:
  struct Table {
    std::unordered_map<std::string, graph::NameId> by_name[2];
    std::unordered_map<graph::NameId, std::string> by_id;
  };
  friend struct SessionNames;
  void load();  // everything that is committed now or our own

  const GraphTables& tables_;
  Table own_;  // as of the last load(), and what was made since
  bool loaded_ = false;
};

}  // namespace rv::pg
