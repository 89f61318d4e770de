// The graph as the query engine sees it. MemoryStore implements it for tests, src/pg/graph over
// PostgreSQL's tables.
//
// Reads see one snapshot plus what this statement wrote before the last advance(). Writes see all
// earlier writes of the statement, advanced or not, so an entity may be written more than once
// between two advances. Work comes in batches: vectors of ids go in, columns come out, so that an
// implementation can sort the ids and walk its indexes once.
//
// Memory handed out (names excepted) is allocated in the Arena of the call. Errors are rv::Error.
// A store is used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/graph/arena.h"
#include "core/graph/procedure.h"
#include "core/graph/schema_command.h"
#include "core/graph/value.h"

namespace rv::graph {

enum class NameKind : std::uint8_t { label, type, key };
enum class Direction : std::uint8_t { out, in, both };

// What is stored of a node or relationship beside its id.
struct NodeRecord {
  bool found = false;                    // false: not in the snapshot, or deleted by this statement
  std::span<const NameId> labels;        // ascending
  std::span<const Property> properties;  // by key, ascending
};
struct RelationshipRecord {
  bool found = false;
  RelationshipRef ref{};
  std::span<const Property> properties;  // by key, ascending
};

// One relationship reached from starts[input]; `other` is its far end.
struct Hop {
  std::uint32_t input;
  RelationshipRef relationship;
  NodeId other;
};

// A stream of ids or hops. next() fills a prefix of `out` and returns its length; 0 is the end. A
// cursor keeps the view it was opened with; it is closed by destruction and must not outlive its
// store.
template <class T>
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual std::size_t next(std::span<T> out) = 0;
};
using NodeCursor = Cursor<NodeId>;
using RelationshipCursor = Cursor<RelationshipRef>;
using HopCursor = Cursor<Hop>;

// A property index of the graph that the planner may use.
struct GraphIndex {
  std::uint32_t id;  // for the seek functions
  NameId label;      // or relationship type
  bool on_relationships;
  bool unique;
  std::vector<NameId> keys;  // in index order
  double distinct_values;    // estimate of distinct full keys, at least 1
};

// What an index seek asks for: equality on a prefix of the keys, then optionally a range on the
// next one. Values are compared as Cypher does: 1 finds 1.0; values of other kinds than the
// bounds' are not found by a range. The engine checks the predicate again, so a seek may return
// more than asked but never less.
struct IndexRange {
  std::span<const Value> equal;
  std::optional<Value> lower, upper;
  bool lower_inclusive = true, upper_inclusive = true;
  std::optional<std::string_view> prefix;  // STARTS WITH, instead of the bounds
};

struct ScoredNode {
  NodeId node;
  double distance;  // by the index's metric, ascending
};

struct NewNode {
  std::span<const NameId> labels;        // ascending, each once
  std::span<const Property> properties;  // by key, ascending
};
inline constexpr NodeId kNewNode = -1;
struct NewRelationship {
  NameId type;
  NodeId source, target;
  std::span<const Property> properties;  // by key, ascending
};

// Changes of one entity, applied in this order. In `set` a null value removes the property.
struct PropertyChange {
  bool replace_all = false;       // first remove every property
  std::span<const Property> set;  // by key, ascending
};
struct NodeChange {
  NodeId node;
  std::span<const NameId> remove_labels;
  std::span<const NameId> add_labels;
  PropertyChange properties;
};
struct RelationshipChange {
  RelationshipId relationship;
  PropertyChange properties;
};

class GraphStore {
 public:
  virtual ~GraphStore() = default;

  // --- names ---
  // kNoName when the graph has no such name.
  virtual NameId find_name(NameKind kind, std::string_view name) = 0;
  // Makes the name when it is missing: a write.
  virtual NameId intern_name(NameKind kind, std::string_view name) = 0;
  // Valid as long as the store.
  virtual std::string_view name(NameKind kind, NameId id) = 0;
  // The names in use, for db.labels() and its kin.
  virtual std::vector<NameId> names(NameKind kind) = 0;

  // --- reading entities; out arrays are as long as ids ---
  virtual void read_nodes(std::span<const NodeId> ids, Arena& arena, NodeRecord* out) = 0;
  virtual void read_node_labels(std::span<const NodeId> ids, Arena& arena,
                                std::span<const NameId>* out, bool* found) = 0;
  // 1 where the node has the label, 0 where not, -1 where there is no such node.
  virtual void test_label(std::span<const NodeId> ids, NameId label, std::int8_t* out) = 0;
  // Some properties, column by column: out[k * ids.size() + i] is keys[k] of ids[i], null when
  // missing. found[i] as in NodeRecord.
  virtual void read_node_properties(std::span<const NodeId> ids, std::span<const NameId> keys,
                                    Arena& arena, Value* out, bool* found) = 0;
  virtual void read_relationships(std::span<const RelationshipId> ids, Arena& arena,
                                  RelationshipRecord* out) = 0;
  virtual void read_relationship_properties(std::span<const RelationshipId> ids,
                                            std::span<const NameId> keys, Arena& arena, Value* out,
                                            bool* found) = 0;

  // --- scans ---
  virtual std::unique_ptr<NodeCursor> scan_nodes() = 0;
  virtual std::unique_ptr<NodeCursor> scan_label(NameId label) = 0;
  // All of these types; every type when empty.
  virtual std::unique_ptr<RelationshipCursor> scan_relationships(std::span<const NameId> types) = 0;

  // --- property indexes ---
  virtual std::span<const GraphIndex> indexes() = 0;
  virtual std::unique_ptr<NodeCursor> seek_nodes(std::uint32_t index, const IndexRange& range) = 0;
  // Does seek_nodes() find only nodes whose values are equal to range.equal, whatever the bounds?
  // That they have the index's label is sure.
  virtual bool seeks_exactly(std::uint32_t /*index*/, const IndexRange& /*range*/) { return false; }
  virtual std::unique_ptr<RelationshipCursor> seek_relationships(std::uint32_t index,
                                                                 const IndexRange& range) = 0;

  // --- expansion ---
  // The relationships at each start, in any order; a start may occur more than once. Types as in
  // scan_relationships. With `both` a self-loop is reported once. A start that does not exist has
  // none. `starts` must stay valid as long as the cursor.
  virtual std::unique_ptr<HopCursor> expand(std::span<const NodeId> starts, Direction direction,
                                            std::span<const NameId> types) = 0;
  // The number of hops that expand() would give for each start.
  virtual void degrees(std::span<const NodeId> starts, Direction direction,
                       std::span<const NameId> types, std::int64_t* out) = 0;
  // The same, but of the hops whose far ends have all of these labels. False where the store would
  // have to read every hop for it, which the caller can do as well; out is then undefined.
  virtual bool degrees_to(std::span<const NodeId> /*starts*/, Direction /*direction*/,
                          std::span<const NameId> /*types*/, std::span<const NameId> /*end_labels*/,
                          std::int64_t* /*out*/) {
    return false;
  }
  // The relationships between starts[i] and ends[i], seen from starts[i]; Hop::other is ends[i].
  virtual std::unique_ptr<HopCursor> expand_into(std::span<const NodeId> starts,
                                                 std::span<const NodeId> ends, Direction direction,
                                                 std::span<const NameId> types) = 0;

  // --- statistics: estimates for the planner, cheap ---
  virtual double node_count() = 0;
  virtual double label_count(NameId label) = 0;
  virtual double relationship_count(NameId type) = 0;  // kNoName: all
  // Average number of hops from a node with this label (kNoName: any node) by one type (kNoName:
  // all).
  virtual double average_degree(NameId label, NameId type, Direction direction) = 0;

  // --- vectors ---
  // The k nodes with `label` whose vector property `key` is nearest; through an index when there
  // is one, else exact. `metric` is "cosine", "l2", "ip" or empty for the index's own.
  virtual std::vector<ScoredNode> nearest_nodes(NameId label, NameId key,
                                                std::span<const float> query, std::size_t k,
                                                std::string_view metric) = 0;

  // Whether nearest_nodes() with this metric goes through an index.
  virtual bool has_vector_index(NameId /*label*/, NameId /*key*/, std::string_view /*metric*/) {
    return false;
  }

  // --- writing ---
  virtual void create_nodes(std::span<const NewNode> nodes, NodeId* out) = 0;
  virtual void create_relationships(std::span<const NewRelationship> relationships,
                                    RelationshipId* out) = 0;
  // For MERGE: as create_nodes() of one node, but nothing is created and nullopt returned when
  // another transaction committed a node that a unique constraint makes this one conflict with;
  // the caller looks for it after advance(). An own conflict is a unique_violation.
  virtual std::optional<NodeId> create_unless_conflicting(const NewNode& node) = 0;
  // For MERGE, before it creates these relationships (an end that is new itself is kNewNode): until
  // this transaction ends no other one merges relationships at the same nodes. False when another
  // one committed such a relationship meanwhile, which the caller finds after advance().
  virtual bool claim_relationships(std::span<const NewRelationship> relationships) = 0;
  virtual void change_nodes(std::span<const NodeChange> changes) = 0;
  virtual void change_relationships(std::span<const RelationshipChange> changes) = 0;
  // Ids that are already deleted are ignored.
  virtual void delete_relationships(std::span<const RelationshipId> ids) = 0;
  // The engine has deleted the relationships it knows of. One that is left, also of a concurrent
  // transaction, is a constraint_violation whose detail names DeleteConnectedNode.
  virtual void delete_nodes(std::span<const NodeId> ids) = 0;
  // Makes what was written so far visible to reads that start from now on.
  virtual void advance() = 0;

  // --- catalogue ---
  // CREATE INDEX, SHOW CONSTRAINTS and the like; rows of SHOW go to `rows`.
  virtual void schema_command(const SchemaCommand& command, Arena& arena, RowSink& rows) = 0;
  // nullptr when there is none. Names are case-sensitive and may hold dots. Valid as long as the
  // store.
  virtual const Procedure* find_procedure(std::string_view name) = 0;
};

}  // namespace rv::graph
