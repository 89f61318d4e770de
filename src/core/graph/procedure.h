// What CALL can call.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/graph/arena.h"
#include "core/graph/value.h"

namespace rv::graph {

class GraphStore;

// Declared types of procedure arguments and results. `any` takes every value.
enum class FieldType : std::uint8_t {
  any,
  boolean,
  integer,
  floating,  // an integer argument is widened
  number,    // integer or floating
  string,
  list,
  map,
  node,
  relationship,
  path,
  temporal,
  point,
  vector,
};

struct Field {
  std::string name;
  FieldType type = FieldType::any;
  bool nullable = true;
  bool optional = false;  // arguments only: may be left out from the end of a call, null then
};

struct Signature {
  std::string name;  // as called, with its namespace: "ruvector.pagerank"
  std::vector<Field> inputs;
  std::vector<Field> outputs;
  bool nothing = false;  // returns no rows and lets the row of the query pass (VOID)
  bool updates = false;  // may write to the graph
};

// Takes rows one by one. The values must live until the Arena given to the producer goes.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void row(std::span<const Value> values) = 0;
};

class Procedure {
 public:
  virtual ~Procedure() = default;
  virtual const Signature& signature() const = 0;
  // One value for each input, already of its declared type, and one sink row for each result row.
  virtual void call(GraphStore& store, std::span<const Value> arguments, Arena& arena,
                    RowSink& rows) const = 0;
};

}  // namespace rv::graph
