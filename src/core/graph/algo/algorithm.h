// Graph algorithms under one form: a graph in compressed rows, a map of options, rows out. Cypher's
// CALL and the SQL functions both run them through here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/algo/csr.h"
#include "core/graph/arena.h"
#include "core/graph/procedure.h"
#include "core/graph/value.h"
#include "core/parallel/worker_pool.h"

namespace rv::graph {

// What the surroundings give to algorithms. Set once by whoever hosts them.
struct AlgorithmHost {
  Poll poll = [] {};                         // between steps of work; may throw
  WorkerPool* (*pool)() = nullptr;           // nullptr: no threads
  std::size_t (*memory_limit)() = nullptr;   // bytes; nullptr: none
  const char* memory_setting = "the limit";  // for the error
};
AlgorithmHost& algorithm_host();

// Options by name. Raises 22023 for a value of a wrong type, and in check() for unknown names.
class Options {
 public:
  explicit Options(const Value& map);
  double number(std::string_view name, double otherwise);
  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t least,
                       std::int64_t most);
  bool boolean(std::string_view name, bool otherwise);
  std::string_view text(std::string_view name, std::string_view otherwise);
  Value any(std::string_view name);  // null when it is not given
  void check() const;                // every option that was given has been asked for

 private:
  const Value* find(std::string_view name);
  std::span<const MapEntry> entries_;
  std::vector<bool> asked_;
};

enum class Orientation { natural, reverse, undirected };

struct AlgorithmRun {
  const Csr& graph;
  std::vector<Csr::Node> ends;  // the start, or start and end, kNone when not in the graph
  std::vector<std::int64_t> end_ids;
  Options& options;
  // A numeric property of a node, NaN when there is none; for A*. May be empty.
  std::function<double(Csr::Node, std::string_view)> property;
  Arena& arena;
  RowSink& rows;
};

struct Algorithm {
  std::string name;         // as in ruvector.<name>
  int ends;                 // 0: of the whole graph; 1: from a start; 2: from start to end
  Orientation orientation;  // unless the option says otherwise
  bool weights;             // takes weights when there are any
  std::vector<Field> outputs;
  void (*run)(AlgorithmRun&);
};

std::span<const Algorithm> algorithms();
// By name, case and underscores aside; nullptr when there is none.
const Algorithm* find_algorithm(std::string_view name);

// The graph as the algorithm wants it: turned or made undirected as its option `orientation` says.
Csr oriented(Csr graph, Orientation orientation);
Orientation orientation_option(Options& options, Orientation otherwise);
// Raises 53200 when a graph of this size is over the host's limit.
void check_graph_memory(std::size_t nodes, std::size_t edges);

// ruvector.pagerank(labels, types, options) and so on over a store; nullptr when there is none.
const Procedure* find_algorithm_procedure(std::string_view name);

}  // namespace rv::graph
