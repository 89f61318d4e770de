// The graph store over PostgreSQL's tables: index and heap access under one snapshot, no SQL.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/graph/node_set.h"
#include "core/graph/store.h"
#include "pg/graph/edge_lists.h"
#include "pg/graph/key_reader.h"
#include "pg/graph/names.h"
#include "pg/graph/node_lock.h"
#include "pg/graph/page_reader.h"
#include "pg/graph/property_index.h"
#include "pg/graph/row_places.h"
#include "pg/graph/row_values.h"
#include "pg/graph/scan.h"
#include "pg/graph/writer.h"

namespace rv::pg {

// Where an entry of edge_out (source, type, target, id) or edge_in holds the relationship's id.
inline constexpr std::size_t kEdgeEntryId = 24;

// One per query; made and closed inside one call of an SQL function, in the memory context that
// the query lives in. After an error PostgreSQL releases what the store holds.
class PgStore final : public graph::GraphStore {
 public:
  explicit PgStore(std::string_view graph);
  ~PgStore() override = default;
  PgStore(const PgStore&) = delete;
  PgStore& operator=(const PgStore&) = delete;
  // Ends all scans and closes all tables; cursors must be gone. Call it on success.
  void close();
  const GraphTables& tables() const noexcept { return tables_; }

  graph::NameId find_name(graph::NameKind kind, std::string_view name) override;
  graph::NameId intern_name(graph::NameKind kind, std::string_view name) override;
  std::string_view name(graph::NameKind kind, graph::NameId id) override;
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
      std::uint32_t index, const graph::IndexRange& range) override;

  std::unique_ptr<graph::HopCursor> expand(std::span<const graph::NodeId> starts,
                                           graph::Direction direction,
                                           std::span<const graph::NameId> types) override;
  void degrees(std::span<const graph::NodeId> starts, graph::Direction direction,
               std::span<const graph::NameId> types, std::int64_t* out) override;
  bool degrees_to(std::span<const graph::NodeId> starts, graph::Direction direction,
                  std::span<const graph::NameId> types, std::span<const graph::NameId> end_labels,
                  std::int64_t* out) override;
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
  bool has_vector_index(graph::NameId label, graph::NameId key, std::string_view metric) override;

  void create_nodes(std::span<const graph::NewNode> nodes, graph::NodeId* out) override;
  void create_relationships(std::span<const graph::NewRelationship> relationships,
                            graph::RelationshipId* out) override;
  std::optional<graph::NodeId> create_unless_conflicting(const graph::NewNode& node) override;
  bool claim_relationships(std::span<const graph::NewRelationship> relationships) override;
  void change_nodes(std::span<const graph::NodeChange> changes) override;
  void change_relationships(std::span<const graph::RelationshipChange> changes) override;
  void delete_relationships(std::span<const graph::RelationshipId> ids) override;
  void delete_nodes(std::span<const graph::NodeId> ids) override;
  void advance() override;

  void schema_command(const graph::SchemaCommand& command, graph::Arena& arena,
                      graph::RowSink& rows) override;
  const graph::Procedure* find_procedure(std::string_view name) override;

 private:
  friend class ExpandCursor;
  friend class LabelCursor;
  friend class KeyedNodes;
  enum Pool {
    kNodeByKey,
    kEdgeByKey,
    kLabelNodes,
    kOut1,
    kOut2,
    kOut3,
    kIn1,
    kIn2,
    kIn3,
    kNodeLabelForWrite,
    kPools
  };

  // Values made for one row: palloc'd in a context that is emptied at the end of the scope. One at
  // a time.
  class ScratchScope {
   public:
    explicit ScratchScope(PgStore& store);
    ~ScratchScope();
    ScratchScope(const ScratchScope&) = delete;
    ScratchScope& operator=(const ScratchScope&) = delete;
    void reset();

   private:
    MemoryContext context_, outer_;
  };

  // Walks along the pages of an index; what a cursor reads with one, it alone reads.
  enum Walk { kOutWalk, kInWalk, kLabelWalk, kWalks };
  struct WalkPool {
    std::vector<std::unique_ptr<KeyReader>> all;
    std::vector<KeyReader*> free;
    KeyReader* take();  // one that is free; null where it cannot be used
    void close();
  };
  // Null where the index must be read through the access method.
  KeyReader* acquire_walk(Walk which);
  void release_walk(Walk which, KeyReader* reader) noexcept;
  // The same for a property index of one column, by its number.
  KeyReader* acquire_index_walk(std::uint32_t index);
  void release_index_walk(std::uint32_t index, KeyReader* reader) noexcept;

  void init_pools();
  void hold(Oid table);        // locks it for reading, as the nodes' is from the start
  void release_tables();       // ends scans and closes tables; they open again when needed
  ScanPool& pool(Pool which);  // after a check that the caller may read the table
  void need_write(Oid table, AclMode mode);
  enum Writer { kNodeWriter, kNodeLabelWriter, kEdgeWriter, kWriters };
  TableWriter& writer(Writer which);
  Snapshot write_snapshot();               // sees everything written so far
  void refresh_for(std::int64_t touched);  // write_snapshot_ sees what was done to this row

  // The row with this id as `snapshot` sees it, in the pooled scan's slot; inside call().
  static bool fetch_by_id(PooledScan* s, std::int64_t id);
  // A table of rows by id as this query reads it. Opened when first needed, in a state that the
  // caller may read.
  struct RowTable {
    Relation heap = nullptr;
    BlockNumber blocks = InvalidBlockNumber;  // not known yet
    bool telling = false;                     // its visibility map tells what changed
    Buffer map = InvalidBuffer;               // a page of that map
    std::shared_ptr<RowPlaces> places;
    std::shared_ptr<RowValues> values;              // those that this query notes
    std::vector<std::shared_ptr<RowValues>> older;  // what it was given may still point there
    bool no_room = false;
  };
  RowTable& row_table(bool nodes);
  static void renew_values(RowTable& table);
  static void close_row_table(RowTable& table);
  // The same, when it is where the session saw it last.
  static bool fetch_at(PooledScan* s, ItemPointerData place, std::int64_t id);
  template <class Visit, class Repeat, class Others>
  void for_each_row(bool nodes, std::span<const std::int64_t> ids, Visit visit, Repeat repeat,
                    Others&& others);
  static bool values_hold(const RowTable& table);
  struct Unknown;
  template <class Read>
  class OtherRows;
  // Values of keys by rows.
  struct ValueTable {
    const graph::Value* values;
    std::size_t key_stride, row_stride;
    const graph::Value& at(std::size_t key, std::size_t row) const noexcept {
      return values[key * key_stride + row * row_stride];
    }
  };
  void keep_values(RowTable& table, std::span<const std::int64_t> ids,
                   std::span<BlockNumber> blocks, std::span<const graph::NameId> keys,
                   const ValueTable& values);
  static std::size_t known_values(RowTable& table, std::span<const std::int64_t> ids,
                                  std::span<const graph::NameId> keys, graph::Value* out,
                                  bool* found);
  // Lists of neighbours that hold for this query's snapshot; null: there are none. `starts`: how
  // many nodes are to be looked up.
  KnownEdges* edges_for(std::size_t starts);
  const graph::NodeSet* nodes_with(graph::NameId label, std::size_t asked);
  bool test_by_set(std::span<const graph::NodeId> ids, graph::NameId label, std::int8_t* out);
  void test_by_row(std::span<const graph::NodeId> ids, graph::NameId label, std::int8_t* out);
  void read_properties(bool nodes, std::span<const std::int64_t> ids,
                       std::span<const graph::NameId> keys, graph::Arena& arena, graph::Value* out,
                       bool* found);

  void note_place(bool node, std::int64_t id);
  std::int64_t next_id(Oid sequence);
  Datum labels_datum(std::span<const graph::NameId> labels);
  Datum properties_datum(std::span<const graph::Property> properties);
  void insert_node_labels(graph::NodeId id, std::span<const graph::NameId> labels, bool batched);
  void remove_node_label(graph::NodeId id, graph::NameId label);
  std::optional<TM_Result> node_state(graph::NodeId id);
  bool lock_by_table(graph::NodeId id, LOCKMODE mode);
  WriteOutcome lock_by_row(graph::NodeId id, LockTupleMode mode, bool* found);
  void lock_endpoint(graph::NodeId id);
  void lock_for_merge(graph::NodeId id);
  void relationships_between(const graph::NewRelationship& r, Snapshot snapshot,
                             std::vector<graph::RelationshipId>& out);
  std::optional<graph::RelationshipId> relationship_left(graph::NodeId id, Snapshot snapshot);
  void need_no_relationships(graph::NodeId id);
  std::optional<TupleTableSlot*> find_for_write(Pool which, std::int64_t id, PooledScan** scan);
  void change_row(bool node, std::int64_t id, const graph::NodeChange& change);
  bool is_visible(ItemPointer tid);
  static std::int64_t touched_key(bool node, std::int64_t id) noexcept {
    return id * 2 + (node ? 1 : 0);
  }
  bool remove_row(Writer which, PooledScan* scan);
  void check_refused();
  std::string free_name(const graph::SchemaCommand& c, const char* suffix);
  void create_schema_object(const graph::SchemaCommand& c);
  void drop_schema_object(const graph::SchemaCommand& c);
  void show_schema(bool constraints, graph::Arena& arena, graph::RowSink& rows);
  double table_rows(Oid table);
  double rows_with(Oid table, AttrNumber column, graph::NameId value);

  std::string graph_name_;
  GraphTables tables_;
  GraphNames names_;
  MemoryContext context_;
  MemoryContext scratch_ = nullptr;  // of ScratchScope
  Snapshot snapshot_ = nullptr;      // of reads
  Snapshot write_snapshot_ = nullptr;
  std::vector<Snapshot> registered_;
  ScanPool pools_[kPools];
  bool pools_checked_[kPools] = {};
  bool holds_labels_ = false, holds_edges_ = false;  // hold()
  WalkPool walks_[kWalks];
  std::vector<WalkPool> index_walks_;  // by the numbers of property indexes
  std::shared_ptr<KnownEdges> edges_;
  bool edges_checked_ = false;
  // Sets of the session that this query found to hold for its snapshot.
  std::vector<std::pair<graph::NameId, std::shared_ptr<const graph::NodeSet>>> label_sets_;
  RowTable row_tables_[2];  // of nodes and relationships
  MemoryContext row_scratch_ = nullptr;
  // Room that for_each_row() and read_properties() use again.
  std::vector<WantedRow> wanted_rows_;
  std::vector<BlockNumber> row_blocks_;
  std::vector<std::uint32_t> unknown_places_;
  std::vector<std::int64_t> unknown_ids_;
  std::vector<graph::Value> tested_;
  std::unique_ptr<TableWriter> writers_[kWriters];
  EState* write_state_ = nullptr;  // theirs
  std::vector<std::pair<Oid, AclMode>> write_checks_;
  // Rows that a constraint refused when they were written: a statement may complete them later.
  std::vector<std::int64_t> refused_nodes_, refused_edges_;
  graph::MapBuilder builder_;
  std::string encoded_;
  struct IndexPool {
    std::uint32_t index;
    int keys;
    ScanPool pool;
  };
  TableScan* begin_table_scan(Oid table);
  void end_table_scans();
  const std::vector<PropertyIndex>& seekable_indexes();
  ScanPool& index_pool(std::uint32_t index, int keys);

  std::vector<std::unique_ptr<TableScan>> table_scans_;
  std::shared_ptr<const std::vector<PropertyIndex>> property_indexes_;  // those that seek can use
  std::vector<graph::GraphIndex> index_infos_;
  std::vector<std::unique_ptr<IndexPool>> index_pools_;
  bool indexes_loaded_ = false;
  std::vector<std::pair<Oid, double>> row_estimates_;
  std::vector<std::unique_ptr<graph::Procedure>> procedures_;
  std::unordered_set<std::int64_t> locked_;   // nodes that cannot go before this transaction ends
  std::unordered_set<std::int64_t> merging_;  // nodes at which no other transaction merges
  std::unordered_set<std::int64_t> touched_;  // rows changed since the last command id
  bool dirty_ = false;                        // written since write_snapshot_ was taken
  bool refresh_ = false;                      // the next advance() takes a new snapshot
  bool refreshed_ = false;                    // one did
};

}  // namespace rv::pg
