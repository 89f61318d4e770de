// Functions of nodes, relationships and paths.
#include "core/graph/functions/tables.h"

namespace rv::graph {
namespace {

Value id(Args a, FunctionContext&) {
  return Value::integer(a[0].is(Kind::node) ? a[0].as_node() : a[0].as_relationship().id);
}

Value element_id(Args a, FunctionContext& c) {
  return make_string(c.arena, std::to_string(id(a, c).as_integer()));
}

Value labels(Args a, FunctionContext& c) {
  std::vector<Value> out;
  for (const NameId label : labels_of(a[0].as_node(), c.runtime, c.arena))
    out.push_back(make_string(c.arena, c.runtime.store().name(NameKind::label, label)));
  return make_list(c.arena, out);
}

Value type(Args a, FunctionContext& c) {
  return make_string(c.arena, c.runtime.store().name(NameKind::type, a[0].as_relationship().type));
}

Value start_node(Args a, FunctionContext&) { return Value::node(a[0].as_relationship().source); }
Value end_node(Args a, FunctionContext&) { return Value::node(a[0].as_relationship().target); }

Value properties(Args a, FunctionContext& c) { return properties_of(a[0], c.runtime, c.arena); }

Value keys(Args a, FunctionContext& c) {
  std::vector<Value> out;
  for (const MapEntry& e : properties_of(a[0], c.runtime, c.arena).as_map())
    out.push_back(make_string(c.arena, e.key));
  return make_list(c.arena, out);
}

Value nodes(Args a, FunctionContext& c) {
  const PathData& p = a[0].as_path();
  std::vector<Value> out;
  for (std::uint32_t i = 0; i <= p.length; ++i) out.push_back(Value::node(p.nodes[i]));
  return make_list(c.arena, out);
}

Value relationships(Args a, FunctionContext& c) {
  const PathData& p = a[0].as_path();
  std::vector<Value> out;
  for (std::uint32_t i = 0; i < p.length; ++i)
    out.push_back(Value::relationship(p.relationships[i]));
  return make_list(c.arena, out);
}

Value length(Args a, FunctionContext&) { return Value::integer(a[0].as_path().length); }

Value degree_of(Args a, FunctionContext& c, Direction d) {
  const NodeId node = a[0].as_node();
  std::vector<NameId> types;
  if (a.size() > 1) {
    types.push_back(c.runtime.store().find_name(NameKind::type, a[1].as_string()));
    if (types[0] == kNoName) return Value::integer(0);
  }
  std::int64_t out = 0;
  c.runtime.store().degrees({&node, 1}, d, types, &out);
  return Value::integer(out);
}
Value degree(Args a, FunctionContext& c) { return degree_of(a, c, Direction::both); }
Value out_degree(Args a, FunctionContext& c) { return degree_of(a, c, Direction::out); }
Value in_degree(Args a, FunctionContext& c) { return degree_of(a, c, Direction::in); }

const FunctionInfo kGraphFunctions[] = {
    {"id", 1, 1, kNode | kRelationship, 0, kInteger, id},
    {"elementId", 1, 1, kNode | kRelationship, 0, kString, element_id},
    {"labels", 1, 1, kNode, 0, kList, labels},
    {"type", 1, 1, kRelationship, 0, kString, type},
    {"startNode", 1, 1, kRelationship, 0, kNode, start_node},
    {"endNode", 1, 1, kRelationship, 0, kNode, end_node},
    {"properties", 1, 1, kNode | kRelationship | kMap, 0, kMap, properties},
    {"keys", 1, 1, kNode | kRelationship | kMap, 0, kList, keys},
    {"nodes", 1, 1, kPath, 0, kList, nodes},
    {"relationships", 1, 1, kPath, 0, kList, relationships},
    {"rels", 1, 1, kPath, 0, kList, relationships},
    {"length", 1, 1, kPath, 0, kInteger, length},
    {"degree", 1, 2, kNode, kString, kInteger, degree},
    {"outDegree", 1, 2, kNode, kString, kInteger, out_degree},
    {"inDegree", 1, 2, kNode, kString, kInteger, in_degree},
};

}  // namespace

std::span<const FunctionInfo> graph_functions() { return kGraphFunctions; }

}  // namespace rv::graph
