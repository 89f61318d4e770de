// Values as JSON: results on their way out, parameters on their way in.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/batch.h"
#include "core/graph/runtime.h"

namespace rv::graph {

// Parses JSON text. Numbers with a point or exponent are floats; integers beyond 64 bits are
// floats.
Value parse_json(std::string_view text, Arena& arena);

void write_json_string(std::string& out, std::string_view text);
// What precedes the value of each column in a row as JSON: Plan::json_keys.
std::vector<std::string> json_keys(std::span<const std::string> columns);
// A value that holds no node, relationship or path.
void append_json_scalar(std::string& out, const Value& v);

// Writes rows of a plan's batch as JSON objects with the columns' names as keys, in order.
//   node          {"id":..,"labels":[..],"properties":{..}}
//   relationship  {"id":..,"type":"..","start":..,"end":..,"properties":{..}}
//   path          {"nodes":[..],"relationships":[..]}
// Temporal values and points are their text; NaN and infinities strings; floats keep a point or
// an exponent; vectors are arrays.
class JsonRows {
 public:
  explicit JsonRows(Runtime& runtime);
  // Calls f with each row's text, which is valid during the call.
  void write(const Batch& batch, const std::function<void(std::string_view)>& f);
  // One value of the batch that the last write() or load() looked at.
  void append(std::string& out, const Value& v) const;
  // Reads the entities that the batch's rows mention.
  void load(const Batch& batch);

 private:
  void mention(const Value& v);
  void append_properties(std::string& out, std::span<const Property> properties) const;
  void append_node(std::string& out, NodeId id) const;
  void append_relationship(std::string& out, const RelationshipRef& r) const;

  Runtime& runtime_;
  Arena arena_;
  std::vector<NodeId> node_ids_;
  std::vector<RelationshipId> relationship_ids_;
  std::vector<NodeRecord> nodes_;
  std::vector<RelationshipRecord> relationships_;
};

}  // namespace rv::graph
