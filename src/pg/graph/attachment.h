// Tables of the user that a graph reads as nodes of a label or relationships of a type.
//
// The mapping is a table `attached` in the graph's schema; relations are kept by name, so that a
// dump of the graph restores them. Ids carry the number of the mapping in their upper bits and the
// row's integer key in the lower 48, where stored nodes and relationships have zero above.
#pragma once

#include <string>
#include <vector>

#include "core/graph/store.h"
#include "pg/graph/catalog.h"

namespace rv::pg {

inline constexpr int kAttachedShift = 48;

struct AttachedColumn {
  graph::NameId key;   // of the property
  std::string column;  // quoted
  Oid type;
  bool indexed;  // leads an index
};

struct Attachment {
  std::int64_t number = 0;
  bool is_type = false;
  graph::NameId name = graph::kNoName;  // label or type
  std::string text;                     // its name
  std::string relation;                 // qualified and quoted
  std::string key;                      // quoted column, as are the next two
  std::string source, target;
  std::int64_t source_nodes = 0, target_nodes = 0;  // numbers of mappings
  std::vector<AttachedColumn> columns;              // ascending by key
  double rows = 0;                                  // estimate

  std::int64_t id(std::int64_t row_key) const { return number << kAttachedShift | row_key; }
};

inline std::int64_t attachment_of(std::int64_t id) noexcept { return id >> kAttachedShift; }
inline std::int64_t attached_key(std::int64_t id) noexcept {
  return id & ((std::int64_t{1} << kAttachedShift) - 1);
}

// Those of a graph; none when nothing was ever attached. 42P01 when a relation is gone.
std::vector<Attachment> load_attachments(std::string_view graph, const GraphTables& tables);

}  // namespace rv::pg
