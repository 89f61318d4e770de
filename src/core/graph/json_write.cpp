#include <algorithm>
#include <cmath>

#include "core/graph/eval.h"
#include "core/graph/json.h"

namespace rv::graph {

void write_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto is_plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  };
  out += '"';
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();;) {
    const char* const other = std::find_if_not(at, end, is_plain);
    out.append(at, other);
    if (other == end) break;
    const char c = *other;
    at = other + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[c & 15];
    }
  }
  out += '"';
}

std::vector<std::string> json_keys(std::span<const std::string> columns) {
  std::vector<std::string> keys;
  keys.reserve(columns.size());
  for (const std::string& column : columns) {
    std::string& key = keys.emplace_back(keys.empty() ? "{" : ",");
    write_json_string(key, column);
    key += ':';
  }
  return keys;
}

JsonRows::JsonRows(Runtime& runtime) : runtime_(runtime), arena_(runtime.budget()) {}

void JsonRows::mention(const Value& v) {
  switch (v.kind()) {
    case Kind::node:
      node_ids_.push_back(v.as_node());
      break;
    case Kind::relationship:
      relationship_ids_.push_back(v.as_relationship().id);
      break;
    case Kind::path: {
      const PathData& p = v.as_path();
      for (std::uint32_t i = 0; i <= p.length; ++i) node_ids_.push_back(p.nodes[i]);
      for (std::uint32_t i = 0; i < p.length; ++i)
        relationship_ids_.push_back(p.relationships[i]->id);
      break;
    }
    case Kind::list:
      for (const Value& item : v.as_list()) mention(item);
      break;
    case Kind::map:
      for (const MapEntry& e : v.as_map()) mention(e.value);
      break;
    default:
      break;
  }
}

void JsonRows::load(const Batch& batch) {
  node_ids_.clear();
  relationship_ids_.clear();
  for (const int slot : runtime_.plan().column_slots)
    for (std::uint32_t i = 0; i < batch.rows; ++i) mention(batch.at(slot, i));
  const auto distinct = [](auto& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  distinct(node_ids_);
  distinct(relationship_ids_);
  arena_.reset();
  nodes_.assign(node_ids_.size(), {});
  relationships_.assign(relationship_ids_.size(), {});
  if (!nodes_.empty()) runtime_.store().read_nodes(node_ids_, arena_, nodes_.data());
  if (!relationships_.empty())
    runtime_.store().read_relationships(relationship_ids_, arena_, relationships_.data());
}

void JsonRows::write(const Batch& batch, const std::function<void(std::string_view)>& f) {
  load(batch);
  const Plan& plan = runtime_.plan();
  const std::vector<int>& slots = plan.column_slots;
  std::string out;
  for (std::uint32_t i = 0; i < batch.rows; ++i) {
    out.clear();
    for (std::size_t k = 0; k < slots.size(); ++k) {
      out += plan.json_keys[k];
      append(out, batch.at(slots[k], i));
    }
    out += slots.empty() ? "{}" : "}";
    f(out);
  }
}

void JsonRows::append_properties(std::string& out, std::span<const Property> properties) const {
  out += '{';
  bool first = true;
  for (const Property& p : properties) {
    if (!first) out += ',';
    first = false;
    write_json_string(out, runtime_.store().name(NameKind::key, p.key));
    out += ':';
    append(out, p.value);
  }
  out += '}';
}

void JsonRows::append_node(std::string& out, NodeId id) const {
  const auto at = std::lower_bound(node_ids_.begin(), node_ids_.end(), id);
  const NodeRecord& r = nodes_[static_cast<std::size_t>(at - node_ids_.begin())];
  out += "{\"id\":" + std::to_string(id) + ",\"labels\":[";
  for (std::size_t i = 0; i < r.labels.size(); ++i) {
    if (i > 0) out += ',';
    write_json_string(out, runtime_.store().name(NameKind::label, r.labels[i]));
  }
  out += "],\"properties\":";
  append_properties(out, r.properties);
  out += '}';
}

void JsonRows::append_relationship(std::string& out, const RelationshipRef& ref) const {
  const auto at = std::lower_bound(relationship_ids_.begin(), relationship_ids_.end(), ref.id);
  const RelationshipRecord& r =
      relationships_[static_cast<std::size_t>(at - relationship_ids_.begin())];
  out += "{\"id\":" + std::to_string(ref.id) + ",\"type\":";
  write_json_string(out, runtime_.store().name(NameKind::type, ref.type));
  out += ",\"start\":" + std::to_string(ref.source) + ",\"end\":" + std::to_string(ref.target) +
         ",\"properties\":";
  append_properties(out, r.properties);
  out += '}';
}

namespace {

// `entity` writes nodes, relationships and paths.
template <class Entity>
void append_value(std::string& out, const Value& v, const Entity& entity) {
  switch (v.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += v.as_boolean() ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(v.as_integer());
      return;
    case Kind::floating:
      if (std::isfinite(v.as_floating())) {
        out += float_text(v.as_floating());
      } else {
        write_json_string(out, float_text(v.as_floating()));
      }
      return;
    case Kind::string:
      write_json_string(out, v.as_string());
      return;
    case Kind::list: {
      out += '[';
      bool first = true;
      for (const Value& item : v.as_list()) {
        if (!first) out += ',';
        first = false;
        append_value(out, item, entity);
      }
      out += ']';
      return;
    }
    case Kind::map: {
      out += '{';
      bool first = true;
      for (const MapEntry& e : v.as_map()) {
        if (!first) out += ',';
        first = false;
        write_json_string(out, e.key);
        out += ':';
        append_value(out, e.value, entity);
      }
      out += '}';
      return;
    }
    case Kind::vector: {
      out += '[';
      bool first = true;
      for (const float x : v.as_vector()) {
        if (!first) out += ',';
        first = false;
        out += float_text(static_cast<double>(x));
      }
      out += ']';
      return;
    }
    case Kind::node:
    case Kind::relationship:
    case Kind::path:
      return entity(v);
    default:
      write_json_string(out, to_text(v));
  }
}

}  // namespace

void append_json_scalar(std::string& out, const Value& v) {
  append_value(out, v, [](const Value&) {
    throw Error(ErrorCode::internal, "entity written as a plain value");
  });
}

void JsonRows::append(std::string& out, const Value& v) const {
  append_value(out, v, [&](const Value& e) {
    if (e.is(Kind::node)) return append_node(out, e.as_node());
    if (e.is(Kind::relationship)) return append_relationship(out, e.as_relationship());
    const PathData& p = e.as_path();
    out += "{\"nodes\":[";
    for (std::uint32_t i = 0; i <= p.length; ++i) {
      if (i > 0) out += ',';
      append_node(out, p.nodes[i]);
    }
    out += "],\"relationships\":[";
    for (std::uint32_t i = 0; i < p.length; ++i) {
      if (i > 0) out += ',';
      append_relationship(out, *p.relationships[i]);
    }
    out += "]}";
  });
}

}  // namespace rv::graph
