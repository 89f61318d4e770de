// What the planner asks of attached tables, and the writes that are refused.
#include <algorithm>

#include "core/graph/vector_cursor.h"
#include "pg/graph/attached_rows.h"
#include "pg/graph/attached_store.h"

extern "C" {
#include "catalog/pg_type.h"
}

namespace rv::pg {

using graph::Direction;
using graph::kNoName;
using graph::NameId;
using graph::NodeId;

namespace {

[[noreturn]] void refuse(const Attachment& a) {
  throw Error(ErrorCode::not_supported,
              std::string(a.is_type ? "relationships of type \"" : "nodes with label \"") + a.text +
                  "\" are rows of table " + a.relation +
                  ", which is attached to the graph for reading",
              {}, "Write to the table with SQL.");
}

}  // namespace

std::unique_ptr<AttachedStore> attached_store(std::string_view graph, PgStore& base) {
  auto attached = load_attachments(graph, base.tables());
  if (attached.empty()) return nullptr;
  return std::make_unique<AttachedStore>(base, std::move(attached));
}

double AttachedStore::node_count() {
  double n = base_.node_count();
  for (const auto& a : attached_)
    if (!a.is_type) n += a.rows;
  return n;
}

double AttachedStore::label_count(NameId label) {
  const Attachment* a = by_name(false, label);
  return a != nullptr ? a->rows : base_.label_count(label);
}

double AttachedStore::relationship_count(NameId type) {
  if (const Attachment* a = type == kNoName ? nullptr : by_name(true, type)) return a->rows;
  double n = base_.relationship_count(type);
  if (type == kNoName)
    for (const auto& a : attached_)
      if (a.is_type) n += a.rows;
  return n;
}

double AttachedStore::average_degree(NameId label, NameId type, Direction direction) {
  const Attachment* of = label == kNoName ? nullptr : by_name(false, label);
  double degree = 0;
  bool attached = of != nullptr;
  for (const auto& a : attached_) {
    if (!a.is_type || (type != kNoName && a.name != type)) continue;
    attached = attached || a.name == type;
    for (const bool outgoing : {true, false}) {
      if (direction == (outgoing ? Direction::in : Direction::out)) continue;
      const Attachment* near = by_number(outgoing ? a.source_nodes : a.target_nodes);
      if (of == nullptr || near == of) degree += a.rows / std::max(1.0, near->rows);
    }
  }
  return attached ? degree : std::max(degree, base_.average_degree(label, type, direction));
}

std::vector<graph::ScoredNode> AttachedStore::nearest_nodes(NameId label, NameId key,
                                                            std::span<const float> query,
                                                            std::size_t k,
                                                            std::string_view metric) {
  if (const Attachment* a = by_name(false, label))
    throw Error(ErrorCode::not_supported,
                "ruvector.knn does not search table " + a->relation + ", which is attached as \"" +
                    a->text + "\"",
                {}, "Order by ruvector.similarity(), or search the table with SQL.");
  return base_.nearest_nodes(label, key, query, k, metric);
}

namespace {

// Indexes of attached tables are numbered by mapping and column, above those of the graph.
constexpr std::uint32_t kAttachedIndex = 0x80000000;

bool is_integer(Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; }
bool is_text(Oid type) { return type == TEXTOID || type == VARCHAROID; }

}  // namespace

// Columns of integers and texts that lead an index of the table can be sought by equality.
std::span<const graph::GraphIndex> AttachedStore::indexes() {
  const auto stored = base_.indexes();
  index_infos_.assign(stored.begin(), stored.end());
  for (std::uint32_t i = 0; i < attached_.size(); ++i) {
    const Attachment& a = attached_[i];
    for (std::uint32_t c = 0; !a.is_type && c < a.columns.size(); ++c) {
      const AttachedColumn& column = a.columns[c];
      if (column.indexed && (is_integer(column.type) || is_text(column.type)))
        index_infos_.push_back({kAttachedIndex | i << 16 | c,
                                a.name,
                                false,
                                false,
                                {column.key},
                                std::max(1.0, a.rows / 2)});
    }
  }
  return index_infos_;
}

std::unique_ptr<graph::NodeCursor> AttachedStore::seek_nodes(std::uint32_t index,
                                                             const graph::IndexRange& range) {
  if ((index & kAttachedIndex) == 0) return base_.seek_nodes(index, range);
  const Attachment& a = attached_[(index & ~kAttachedIndex) >> 16];
  const AttachedColumn& column = a.columns[index & 0xFFFF];
  std::string value;
  if (range.equal.size() == 1) {
    const graph::Value& v = range.equal[0];
    if (is_integer(column.type) && v.is(graph::Kind::integer))
      value = std::to_string(v.as_integer());
    if (is_text(column.type) && v.is(graph::Kind::string)) value = literal(v.as_string());
  }
  // The engine looks at the rows again, so all of them are a right answer to any other question.
  if (value.empty()) return scan_label(a.name);
  std::vector<NodeId> ids;
  each_attached_row("SELECT t." + a.key + "::bigint FROM " + a.relation + " t WHERE t." + a.key +
                        " IS NOT NULL AND t." + column.column + " = " + value,
                    {}, [&](AttachedRow row) { ids.push_back(a.id(row.key(0, a))); });
  return std::make_unique<graph::VectorCursor<NodeId>>(std::move(ids));
}

bool AttachedStore::seeks_exactly(std::uint32_t index, const graph::IndexRange& range) {
  return (index & kAttachedIndex) == 0 && base_.seeks_exactly(index, range);
}

void AttachedStore::need_stored(bool is_type, std::int64_t id) const {
  if (attachment_of(id) == 0) return;
  for (const auto& a : attached_)
    if (a.number == attachment_of(id)) refuse(a);
  throw Error(ErrorCode::internal, std::string("no table for ") +
                                       (is_type ? "relationship " : "node ") + std::to_string(id));
}

void AttachedStore::need_stored_labels(std::span<const NameId> labels) const {
  for (const NameId l : labels)
    if (const Attachment* a = by_name(false, l)) refuse(*a);
}

void AttachedStore::create_nodes(std::span<const graph::NewNode> nodes, NodeId* out) {
  for (const auto& n : nodes) need_stored_labels(n.labels);
  base_.create_nodes(nodes, out);
}

std::optional<NodeId> AttachedStore::create_unless_conflicting(const graph::NewNode& node) {
  need_stored_labels(node.labels);
  return base_.create_unless_conflicting(node);
}

void AttachedStore::create_relationships(std::span<const graph::NewRelationship> relationships,
                                         graph::RelationshipId* out) {
  for (const auto& r : relationships) {
    if (const Attachment* a = by_name(true, r.type)) refuse(*a);
    need_stored(false, r.source);
    need_stored(false, r.target);
  }
  base_.create_relationships(relationships, out);
}

bool AttachedStore::claim_relationships(std::span<const graph::NewRelationship> relationships) {
  for (const auto& r : relationships) {
    if (const Attachment* a = by_name(true, r.type)) refuse(*a);
    for (const NodeId end : {r.source, r.target})
      if (end != graph::kNewNode) need_stored(false, end);
  }
  return base_.claim_relationships(relationships);
}

void AttachedStore::change_nodes(std::span<const graph::NodeChange> changes) {
  for (const auto& c : changes) {
    need_stored(false, c.node);
    need_stored_labels(c.add_labels);
  }
  base_.change_nodes(changes);
}

void AttachedStore::change_relationships(std::span<const graph::RelationshipChange> changes) {
  for (const auto& c : changes) need_stored(true, c.relationship);
  base_.change_relationships(changes);
}

void AttachedStore::delete_relationships(std::span<const graph::RelationshipId> ids) {
  for (const auto id : ids) need_stored(true, id);
  base_.delete_relationships(ids);
}

void AttachedStore::delete_nodes(std::span<const NodeId> ids) {
  for (const auto id : ids) need_stored(false, id);
  base_.delete_nodes(ids);
}

void AttachedStore::schema_command(const graph::SchemaCommand& command, graph::Arena& arena,
                                   graph::RowSink& rows) {
  using What = graph::SchemaCommand::What;
  const bool creates = command.what == What::create_index ||
                       command.what == What::create_constraint ||
                       command.what == What::create_vector_index;
  for (const auto& a : attached_)
    if (creates && a.is_type == command.on_relationships && a.text == command.label) refuse(a);
  base_.schema_command(command, arena, rows);
}

}  // namespace rv::pg
