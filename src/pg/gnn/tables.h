// Node and edge tables as graphs. Reading happens with the caller's privileges, inside an open
// SqlSession; everything is copied, so that arithmetic needs no PostgreSQL afterwards.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/gnn/model.h"
#include "pg/base/spi.h"
#include "pg/gnn/ids.h"

namespace rv::pg {

// Where a graph is. Empty column names: not used.
struct GraphSource {
  Oid nodes = InvalidOid, edges = InvalidOid;
  std::string id = "id", source = "src_id", target = "dst_id", weight, feature, label, split;
  bool directed = false;
  bool signed_weights = false;  // negative weights make sense (plain sums)
  bool read_only = true;
};

struct GraphData {
  std::unique_ptr<IdMap> ids;
  gnn::Graph<float> graph;
  gnn::Features<float> features;
  std::vector<std::string> labels;  // empty string_views of NULL are marked in has_label
  std::vector<bool> has_label;
  std::vector<std::string> splits;  // NULL: empty
  gnn::Charge charge;
  std::vector<std::uint64_t> keys() const;
};

// All nodes and edges, numbered by id. Without a node table the nodes are the edges' ends.
GraphData read_graph(SqlSession& session, const GraphSource& tables, MemoryBudget& budget);

// Only nodes and their features (no edges), in order of id.
GraphData read_nodes(SqlSession& session, const GraphSource& tables, MemoryBudget& budget);

// What the outputs of `targets` depend on: their in-edges `hops` deep and the features of
// everything met, the targets first. degrees: also the in-edges of the last nodes met, for their
// degrees. Targets that are not in the node table are an error; `targets` keep their order, without
// duplicates.
GraphData read_neighborhood(SqlSession& session, const GraphSource& tables, Datum targets,
                            Oid target_type, std::size_t hops, bool degrees, MemoryBudget& budget);

// The in-edges of the nodes of ids[from, end), as (source, target) numbers; new sources are added
// to ids. With undirected tables an edge counts both ways.
std::vector<gnn::Edge> read_in_edges(SqlSession& session, const GraphSource& tables, IdMap& ids,
                                     std::uint32_t from, std::uint32_t end, MemoryBudget& budget);

// The error of an end (of edges' `column`) that is not in the node table.
[[noreturn]] void unknown_end(const GraphSource& tables, Datum id, Oid type,
                              const std::string& column);

// The type of a column; 42703 when there is none, naming the argument that chose it.
Oid column_type(Oid relation, const std::string& column, const char* argument);
std::string relation_name(Oid relation);
std::string quoted_name(const std::string& name);
// The type's equality as OPERATOR(schema.=).
std::string equality_of(Oid type);

}  // namespace rv::pg
