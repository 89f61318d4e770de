// A graph in memory: for unit tests, fuzzing and conformance runs of the engine. Simple, not fast.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/store.h"

namespace rv::graph {

class MemoryStore final : public GraphStore {
 public:
  MemoryStore() = default;
  // A copy for going back to after a failed statement. Procedures are shared.
  MemoryStore(const MemoryStore& other);
  MemoryStore& operator=(const MemoryStore& other);
  ~MemoryStore() override;

  NameId find_name(NameKind kind, std::string_view name) override;
  NameId intern_name(NameKind kind, std::string_view name) override;
  std::string_view name(NameKind kind, NameId id) override;
  std::vector<NameId> names(NameKind kind) override;

  void read_nodes(std::span<const NodeId> ids, Arena& arena, NodeRecord* out) override;
  void read_node_labels(std::span<const NodeId> ids, Arena& arena, std::span<const NameId>* out,
                        bool* found) override;
  void test_label(std::span<const NodeId> ids, NameId label, std::int8_t* out) override;
  void read_node_properties(std::span<const NodeId> ids, std::span<const NameId> keys, Arena& arena,
                            Value* out, bool* found) override;
  void read_relationships(std::span<const RelationshipId> ids, Arena& arena,
                          RelationshipRecord* out) override;
  void read_relationship_properties(std::span<const RelationshipId> ids,
                                    std::span<const NameId> keys, Arena& arena, Value* out,
                                    bool* found) override;

  std::unique_ptr<NodeCursor> scan_nodes() override;
  std::unique_ptr<NodeCursor> scan_label(NameId label) override;
  std::unique_ptr<RelationshipCursor> scan_relationships(std::span<const NameId> types) override;
  std::span<const GraphIndex> indexes() override;
  std::unique_ptr<NodeCursor> seek_nodes(std::uint32_t index, const IndexRange& range) override;
  bool seeks_exactly(std::uint32_t, const IndexRange&) override { return true; }
  std::unique_ptr<RelationshipCursor> seek_relationships(std::uint32_t index,
                                                         const IndexRange& range) override;
  std::unique_ptr<HopCursor> expand(std::span<const NodeId> starts, Direction direction,
                                    std::span<const NameId> types) override;
  void degrees(std::span<const NodeId> starts, Direction direction, std::span<const NameId> types,
               std::int64_t* out) override;
  bool degrees_to(std::span<const NodeId> starts, Direction direction,
                  std::span<const NameId> types, std::span<const NameId> end_labels,
                  std::int64_t* out) override;
  std::unique_ptr<HopCursor> expand_into(std::span<const NodeId> starts,
                                         std::span<const NodeId> ends, Direction direction,
                                         std::span<const NameId> types) override;

  double node_count() override;
  double label_count(NameId label) override;
  double relationship_count(NameId type) override;
  double average_degree(NameId label, NameId type, Direction direction) override;
  std::vector<ScoredNode> nearest_nodes(NameId label, NameId key, std::span<const float> query,
                                        std::size_t k, std::string_view metric) override;

  void create_nodes(std::span<const NewNode> nodes, NodeId* out) override;
  void create_relationships(std::span<const NewRelationship> relationships,
                            RelationshipId* out) override;
  std::optional<NodeId> create_unless_conflicting(const NewNode& node) override;
  bool claim_relationships(std::span<const NewRelationship>) override { return true; }
  void change_nodes(std::span<const NodeChange> changes) override;
  void change_relationships(std::span<const RelationshipChange> changes) override;
  void delete_relationships(std::span<const RelationshipId> ids) override;
  void delete_nodes(std::span<const NodeId> ids) override;
  void advance() override;

  void schema_command(const SchemaCommand& command, Arena& arena, RowSink& rows) override;
  const Procedure* find_procedure(std::string_view name) override;

  void add_procedure(std::shared_ptr<const Procedure> procedure);

 private:
  struct Node {
    bool alive = false;
    std::vector<NameId> labels;
    std::map<NameId, Value> properties;
  };
  struct Relationship {
    bool alive = false;
    RelationshipRef ref{};
    std::map<NameId, Value> properties;
  };
  struct Index {
    std::string name;
    GraphIndex info;
    bool unique = false, required = false;
  };

  const Node* visible(NodeId id) const;
  const Relationship* visible_relationship(RelationshipId id) const;
  std::span<const Property> copy_properties(const std::map<NameId, Value>& from, Arena& arena);
  void set_properties(std::map<NameId, Value>& to, const PropertyChange& change);
  void check_constraints(NodeId id);
  std::vector<Hop> hops(std::span<const NodeId> starts, Direction direction,
                        std::span<const NameId> types) const;

  std::map<std::string, NameId, std::less<>> ids_[3];
  std::vector<std::unique_ptr<std::string>> names_[3];
  // As written, and as reads see them.
  std::vector<Node> nodes_, seen_nodes_;
  std::vector<Relationship> relationships_, seen_relationships_;
  std::vector<std::vector<RelationshipId>> adjacent_;  // of each node, dead ones too
  std::set<NodeId> changed_nodes_;
  std::set<RelationshipId> changed_relationships_;
  std::shared_ptr<Arena> values_ = std::make_shared<Arena>();
  std::vector<Index> indexes_;
  std::vector<GraphIndex> index_infos_;
  std::map<std::string, std::shared_ptr<const Procedure>, std::less<>> procedures_;
};

}  // namespace rv::graph
