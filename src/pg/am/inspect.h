// What ruvector_index_check(), ruvector_index_stats() and their kin ask of an access method. Each
// method registers one Inspector from _PG_init.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "storage/itemptr.h"
#include "utils/rel.h"
}

namespace rv::pg {

class JsonOptions;

struct IndexProblem {
  const char* severity;  // "info", "warning", "error"
  std::uint32_t block;
  std::string item;
  std::string message;
};

struct IndexEstimate {
  double build_bytes;  // memory of a build that holds everything
  double index_bytes;
  // How a build goes on that does not fit into maintenance_work_mem: parts and the memory of one;
  // 0: not in parts.
  double parts = 0;
  double part_bytes = 0;
};

struct Inspector {
  const char* method;  // pg_am.amname
  // Walks the whole index.
  void (*check)(Relation index, const std::function<void(const IndexProblem&)>& report);
  // Every heap row of the index.
  void (*heap_rows)(Relation index, std::vector<ItemPointerData>& out);
  // A JSON object.
  std::string (*stats)(Relation index);
  // For `rows` rows of a column of `dim` dimensions and the type's name; null where not offered.
  IndexEstimate (*estimate)(double rows, int dim, const std::string& type, JsonOptions& options);
};

void register_inspector(const Inspector& inspector);

}  // namespace rv::pg
