// Writes of a clause, gathered over a batch.
#pragma once

#include <string_view>
#include <vector>

#include "core/graph/eval.h"

namespace rv::graph {

// Raises unless the value can be stored as a property.
void check_storable(const Value& v, std::string_view key);

// The properties of a map value, interned and by key; nulls left out unless `keep_nulls`.
std::span<const Property> storable_properties(const Value& map, bool keep_nulls, Runtime& runtime,
                                              Arena& arena);

class Changes {
 public:
  Changes(Runtime& runtime, Arena& arena) : runtime_(runtime), arena_(arena) {}
  // What a SET or REMOVE item does to the entity of this row.
  void add(const SetItem& item, const Value& entity, Evaluator& eval, std::uint32_t row,
           bool remove);
  // Hands the changes to the store.
  void apply();
  bool empty() const { return nodes_.empty() && relationships_.empty(); }

 private:
  PropertyChange property_change(const SetItem& item, Evaluator& eval, std::uint32_t row);
  Runtime& runtime_;
  Arena& arena_;
  std::vector<NodeChange> nodes_;
  std::vector<RelationshipChange> relationships_;
};

// Creates one pattern node or relationship for each row; entries of out are per row.
class PatternCreator {
 public:
  PatternCreator(Runtime& runtime, Arena& arena) : runtime_(runtime), arena_(arena) {}
  void nodes(const NodePattern& n, Evaluator& eval, std::uint32_t rows, Value* out);
  void relationships(const PatternPart& part, std::size_t i, Evaluator& eval, const Batch& batch,
                     Value* out);
  NewNode new_node(const NodePattern& n, Evaluator& eval, std::uint32_t row);

 private:
  Runtime& runtime_;
  Arena& arena_;
};

}  // namespace rv::graph
