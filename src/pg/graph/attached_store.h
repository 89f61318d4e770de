// A graph some of whose labels and types are tables of the user: read through SQL, as the caller,
// beside the graph's own store. Writes to them are refused.
#pragma once

#include <functional>
#include <memory>

#include "pg/graph/attachment.h"
#include "pg/graph/store.h"

namespace rv::pg {

class AttachedStore final : public graph::GraphStore {
 public:
  AttachedStore(PgStore& base, std::vector<Attachment> attached)
      : base_(base), attached_(std::move(attached)) {}

  graph::NameId find_name(graph::NameKind kind, std::string_view name) override {
    return base_.find_name(kind, name);
  }
  graph::NameId intern_name(graph::NameKind kind, std::string_view name) override {
    return base_.intern_name(kind, name);
  }
  std::string_view name(graph::NameKind kind, graph::NameId id) override {
    return base_.name(kind, id);
  }
  std::vector<graph::NameId> names(graph::NameKind kind) override;

  void read_nodes(std::span<const graph::NodeId> ids, graph::Arena& arena,
                  graph::NodeRecord* out) override;
  void read_node_labels(std::span<const graph::NodeId> ids, graph::Arena& arena,
                        std::span<const graph::NameId>* out, bool* found) override;
  void test_label(std::span<const graph::NodeId> ids, graph::NameId label,
                  std::int8_t* out) override;
  void read_node_properties(std::span<const graph::NodeId> ids, std::span<const graph::NameId> keys,
                            graph::Arena& arena, graph::Value* out, bool* found) override;
  void read_relationships(std::span<const graph::RelationshipId> ids, graph::Arena& arena,
                          graph::RelationshipRecord* out) override;
  void read_relationship_properties(std::span<const graph::RelationshipId> ids,
                                    std::span<const graph::NameId> keys, graph::Arena& arena,
                                    graph::Value* out, bool* found) override;

  std::unique_ptr<graph::NodeCursor> scan_nodes() override;
  std::unique_ptr<graph::NodeCursor> scan_label(graph::NameId label) override;
  std::unique_ptr<graph::RelationshipCursor> scan_relationships(
      std::span<const graph::NameId> types) override;
  std::span<const graph::GraphIndex> indexes() override;
  std::unique_ptr<graph::NodeCursor> seek_nodes(std::uint32_t index,
                                                const graph::IndexRange& range) override;
  bool seeks_exactly(std::uint32_t index, const graph::IndexRange& range) override;
  std::unique_ptr<graph::RelationshipCursor> seek_relationships(
      std::uint32_t index, const graph::IndexRange& range) override {
    return base_.seek_relationships(index, range);
  }
  std::unique_ptr<graph::HopCursor> expand(std::span<const graph::NodeId> starts,
                                           graph::Direction direction,
                                           std::span<const graph::NameId> types) override;
  void degrees(std::span<const graph::NodeId> starts, graph::Direction direction,
               std::span<const graph::NameId> types, std::int64_t* out) override;
  std::unique_ptr<graph::HopCursor> expand_into(std::span<const graph::NodeId> starts,
                                                std::span<const graph::NodeId> ends,
                                                graph::Direction direction,
                                                std::span<const graph::NameId> types) override;

  double node_count() override;
  double label_count(graph::NameId label) override;
  double relationship_count(graph::NameId type) override;
  double average_degree(graph::NameId label, graph::NameId type,
                        graph::Direction direction) override;
  std::vector<graph::ScoredNode> nearest_nodes(graph::NameId label, graph::NameId key,
                                               std::span<const float> query, std::size_t k,
                                               std::string_view metric) override;
  bool has_vector_index(graph::NameId label, graph::NameId key, std::string_view metric) override {
    return base_.has_vector_index(label, key, metric);
  }

  void create_nodes(std::span<const graph::NewNode> nodes, graph::NodeId* out) override;
  void create_relationships(std::span<const graph::NewRelationship> relationships,
                            graph::RelationshipId* out) override;
  std::optional<graph::NodeId> create_unless_conflicting(const graph::NewNode& node) override;
  bool claim_relationships(std::span<const graph::NewRelationship> relationships) override;
  void change_nodes(std::span<const graph::NodeChange> changes) override;
  void change_relationships(std::span<const graph::RelationshipChange> changes) override;
  void delete_relationships(std::span<const graph::RelationshipId> ids) override;
  void delete_nodes(std::span<const graph::NodeId> ids) override;
  void advance() override { base_.advance(); }
  void schema_command(const graph::SchemaCommand& command, graph::Arena& arena,
                      graph::RowSink& rows) override;
  const graph::Procedure* find_procedure(std::string_view name) override {
    return base_.find_procedure(name);
  }

 private:
  const Attachment* by_number(std::int64_t number) const;
  const Attachment* by_name(bool is_type, graph::NameId name) const;
  void need_stored(bool is_type, std::int64_t id) const;
  void need_stored_labels(std::span<const graph::NameId> labels) const;

  // Calls base(ids, places) for what is stored and attached(mapping, keys, places) for each table.
  using Places = std::vector<std::uint32_t>;
  void split(std::span<const std::int64_t> ids,
             const std::function<void(std::span<const std::int64_t>, const Places&)>& base,
             const std::function<void(const Attachment&, std::span<const std::int64_t>,
                                      const Places&)>& attached) const;
  void read_properties(bool nodes, std::span<const std::int64_t> ids,
                       std::span<const graph::NameId> keys, graph::Arena& arena, graph::Value* out,
                       bool* found);
  std::vector<graph::Hop> attached_hops(std::span<const graph::NodeId> starts,
                                        graph::Direction direction,
                                        std::span<const graph::NameId> types) const;
  std::vector<graph::RelationshipRef> relationships_of(const Attachment& a,
                                                       std::span<const std::int64_t> keys,
                                                       const char* column) const;

  PgStore& base_;
  std::vector<Attachment> attached_;
  std::vector<graph::GraphIndex> index_infos_;
};

// Null when nothing is attached to the graph.
std::unique_ptr<AttachedStore> attached_store(std::string_view graph, PgStore& base);

}  // namespace rv::pg
